"""What the onion explorer can show, and what each field is for: words only."""

from __future__ import annotations

from typing import NamedTuple


class Message(NamedTuple):
    """One captured frame: where it is kept, and its story.

    number: which frame of the recording, from 0.
    application: what `dissect` must be told because the bytes do not say it.
    """

    key: str
    title: str
    capture: str
    number: int
    story: str
    application: str | None = None


MESSAGES = (
    Message(
        "http",
        "HTTP request over TCP over IPv4",
        "http",
        3,
        "A client asks a web server for /onion: four layers, each with its own header.",
    ),
    Message(
        "http-response",
        "HTTP response over TCP over IPv4",
        "http",
        5,
        "The server's answer. All addresses and ports have changed places.",
    ),
    Message(
        "syn",
        "TCP: the first segment of a connection (SYN)",
        "http",
        0,
        "No payload at all, and 12 bytes of options: the TCP header is 32 bytes long here.",
    ),
    Message(
        "ack",
        "TCP: an acknowledgment without data",
        "http",
        2,
        "Too short for Ethernet, so the card filled it up. The last 6 bytes belong to no packet.",
    ),
    Message(
        "dns",
        "DNS query over UDP over IPv6",
        "dns",
        0,
        "Where is onion.example? Other protocols at layers 3, 4 and 7, and the same Ethernet below.",
    ),
    Message(
        "dns-answer",
        "DNS answer over UDP over IPv6",
        "dns",
        1,
        "The answer repeats the question and adds one record.",
    ),
    Message(
        "arp",
        "ARP: who has 192.0.2.2?",
        "arp",
        0,
        "Sent to everybody, before the first IPv4 packet could be. There is no IP header in here.",
    ),
    Message(
        "vlan",
        "A datagram with a VLAN tag",
        "vlan",
        0,
        "Between two switches: four more bytes say that the frame belongs to VLAN 10.",
    ),
    Message(
        "tls",
        "TLS ClientHello over TCP over IPv4",
        "tls",
        3,
        "The first message of a connection that will be encrypted. It is not encrypted yet: read the name.",
    ),
    Message(
        "websocket",
        "WebSocket message over TCP over IPv4",
        "websocket",
        7,
        "A WebSocket frame rides in TCP as HTTP does. The explorer was told so: no byte of it says WebSocket.",
        "websocket",
    ),
)

# What a layer's header and all that it carries are called together.
UNITS = {
    "Ethernet": "Ethernet frame",
    "802.1Q": "tag and what it stands before",
    "ARP": "ARP message",
    "IPv4": "IPv4 packet",
    "IPv6": "IPv6 packet",
    "TCP": "TCP segment",
    "UDP": "UDP datagram",
    "DNS": "DNS message",
    "HTTP": "HTTP message",
    "TLS": "TLS record",
    "WebSocket": "WebSocket frame",
    "Data": "bytes of the application",
}

# The field in which a layer says who reads what it carries.
SELECTORS = {
    "Ethernet": "type",
    "802.1Q": "type",
    "IPv4": "protocol",
    "IPv6": "next header",
    "TCP": "destination port",
    "UDP": "destination port",
}

_PORTS = {
    "source port": "Which endpoint on the sending host this comes from; an answer goes back to it.",
    "destination port": "Which endpoint on the receiving host this is for. The system hands the payload to "
    "the program "
    "that has a socket there.",
}
_ADDRESSES = {
    "source address": "Which interface sent the packet: where answers go to. It stays the same over every "
    "link "
    "on the way, unless something translates addresses.",
    "destination address": "Which interface the packet is for. Every router on the way looks at it and "
    "picks the next link.",
}
_CLASS = {
    "DSCP": "Which treatment the packet asks of routers. 0 is the usual one.",
    "ECN": "Lets a router say 'I am getting full' by a mark, before it has to drop packets.",
}

# layer -> field -> what the field is for. A name also stands for the longer names that begin with it.
ABOUT: dict[str, dict[str, str]] = {
    "Ethernet": {
        "destination address": "Which card on this link the frame is for. It changes on every link; the IP "
        "address does not.",
        "source address": "Which card sent the frame on this link. A switch learns from it behind which of "
        "its "
        "plugs that card is.",
        "type": "Who reads the payload. From 1536 on it is a protocol's number; up to 1500 it would be a length.",
    },
    "802.1Q": {
        "priority": "The frame's class of traffic; a switch may let higher classes go first.",
        "drop eligible": "If set, a switch that is too busy may drop this frame before others.",
        "VLAN identifier": "Which virtual LAN the frame belongs to. Switches keep frames of different "
        "VLANs apart, "
        "as if they ran on different cables.",
        "type": "Who reads what follows the tag: the frame's own type, moved back by four bytes.",
    },
    "ARP": {
        "hardware type": "What kind of link this is.",
        "protocol type": "Whose addresses are looked for; the number is IPv4's Ethernet type.",
        "hardware address length": "How long the link's addresses are.",
        "protocol address length": "How long the protocol's addresses are.",
        "operation": "Question or answer.",
        "sender hardware address": "The MAC address of the one who speaks. Everybody who hears it may remember it.",
        "sender protocol address": "The IPv4 address of the one who speaks.",
        "target hardware address": "In a question nobody reads it: it is what the question is about.",
        "target protocol address": "The IPv4 address whose owner should answer.",
    },
    "IPv4": {
        "version": "Which version of IP; a receiver looks here first.",
        "header length": "In words of 4 bytes, so that 4 bits are enough. Taken as bytes, a reader would "
        "find "
        "the next header in the middle of this one.",
        **_CLASS,
        "total length": "Header and payload together, in bytes. It is how a receiver finds out where the "
        "packet ends "
        "and Ethernet's padding begins.",
        "identification": "Pieces of one packet that was split have the same number.",
        "flags": "May a router split the packet, and do more pieces follow?",
        "fragment offset": "Where this piece belongs in the packet that was split, in units of 8 bytes.",
        "time to live": "Each router takes one off; at 0 the packet is dropped. So none circles for ever.",
        "protocol": "Who reads the payload.",
        "header checksum": "Over this header alone (RFC 1071). Each router computes it anew, because the "
        "time to "
        "live has changed.",
        **_ADDRESSES,
    },
    "IPv6": {
        "version": "Which version of IP; a receiver looks here first.",
        **_CLASS,
        "flow label": "Packets of one conversation share a label, so that a router can keep them on one path.",
        "payload length": "What follows this header, in bytes; IPv4's length counts its header too.",
        "next header": "Who reads what follows.",
        "hop limit": "Each router takes one off; at 0 the packet is dropped. IPv4 calls it time to live.",
        **_ADDRESSES,
    },
    "TCP": {
        **_PORTS,
        "sequence number": "Where in the stream the first byte of this segment belongs. It starts at a "
        "number that is hard to guess.",
        "acknowledgment number": "The next byte that the sender of this segment waits for: all before has arrived.",
        "data offset": "The length of this header in words of 4 bytes. The payload begins behind it.",
        "reserved": "Kept for later.",
        "flags": "SYN opens, FIN ends one direction, RST breaks off, ACK makes the acknowledgment number "
        "count, "
        "PSH asks to hand the data on now.",
        "window": "How much more the sender of this segment is ready to receive: TCP's brake.",
        "checksum": "Over this header, the payload, and the two IP addresses.",
        "urgent pointer": "A leftover that new programs should not use.",
        "option: ": "Something the two sides agree on, mostly when a connection opens.",
    },
    "UDP": {
        **_PORTS,
        "length": "This header and the payload, in bytes: a datagram has an end, a stream has none.",
        "checksum": "Over this header, the payload, and the two IP addresses. IPv6 demands it, IPv4 allows "
        "to leave it out.",
    },
    "DNS": {
        "identification": "The answer repeats it, so that the client knows which question it belongs to.",
        "QR": "Question or answer.",
        "opcode": "What kind of question.",
        "AA": "The answer comes from a server that is responsible for the name.",
        "TC": "The answer did not fit into the datagram; ask again over TCP.",
        "RD": "Please ask others for me, if you do not know.",
        "RA": "I do ask others.",
        "Z": "Kept for later.",
        "AD": "The server has checked signatures (DNSSEC).",
        "CD": "Please do not check signatures.",
        "RCODE": "How it went.",
        "question count": "How many questions follow.",
        "answer count": "How many answers follow.",
        "authority count": "How many records about responsible servers follow.",
        "additional count": "How many more records follow that may help.",
        "question name": "The name in pieces, each behind a byte with its length; a 0 ends it. There are no dots.",
        "question type": "What one wants to know about the name.",
        "question class": "Which kind of network; it is always the internet.",
        "answer": "Name, type, class, seconds it may be kept, length, and the data. The name is only a "
        "pointer back to the question.",
    },
    "HTTP": {
        "start line": "What is wanted, or how it went.",
        "field ": "A name and a value: something about this message.",
        "empty line": "The head ends where a line is empty.",
        "body": "The content. Content-Length said how long it is.",
    },
    "TLS": {
        "content type": "What kind of record.",
        "record version": "A version that no longer means anything; it is kept so that old devices let the "
        "record through.",
        "record length": "How many bytes follow in this record.",
        "handshake type": "Which message of the handshake.",
        "handshake length": "How long that message is.",
        "legacy version": "Says TLS 1.2 for ever; real versions are negotiated in the extension supported_versions.",
        "random": "Makes every handshake different.",
        "session id": "A leftover of older versions.",
        "cipher suites": "Which ways of encrypting the client can use.",
        "compression methods": "A leftover: compression turned out to leak secrets.",
        "extensions length": "How many bytes of extensions follow.",
        "extension ": "Something the client can do, or wants.",
        "alert ": "What went wrong.",
    },
    "WebSocket": {
        "FIN": "Is this the last frame of its message?",
        "RSV": "Free for extensions, such as compression.",
        "opcode": "What kind of frame: text, binary, close, ping, pong, or more of the message before.",
        "MASK": "A client must mask what it sends, a server must not.",
        "payload length": "Up to 125 in these 7 bits; 126 and 127 announce a longer number.",
        "masking key": "Four random bytes. Masking hides nothing, since the key is right here; it keeps "
        "scripts from sending bytes of their choice through proxies.",
        "payload": "The application's own bytes.",
    },
    "Data": {"bytes": "What the two programs said to each other; only they know what it means."},
    "Padding": {
        "bytes": "A frame has at least 64 bytes, 4 of them a check sequence that captures do not show. So a "
        "shorter one is filled up. Nothing in these bytes says that they are padding: IP's or ARP's own "
        "length does."
    },
}


def about(layer: str, field: str) -> str:
    """What a field is for; "" if there is nothing to say."""
    names = ABOUT.get(layer, {})
    if field in names:
        return names[field]
    return next((text for name, text in names.items() if field.startswith(name)), "")
