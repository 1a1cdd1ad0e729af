"""Write frames.py: `python -m autograder.checks.osi_model.make_frames`.

scapy builds the packets, so the checks measure answers against an implementation that is not ours; a few
more were recorded (course/captures). They are kept as data because importing scapy takes longer than a
whole check.
"""

from __future__ import annotations

import pprint
import random
from pathlib import Path
from typing import Any

from scapy.fields import FlagValue
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    PadN,
    RouterAlert,
)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Packet, Raw
from scapy.utils import RawPcapReader

TARGET = Path(__file__).with_name("frames.py")
CAPTURES = Path(__file__).resolve().parents[3] / "course" / "captures"
SEED = 1071
HEAD = '''"""Frames, packets and segments, and what is in them. Written by make_frames.py; do not edit.

By theme: pairs of the bytes and of what an answer must say about them.
"""

from typing import Any
'''

FLAGS = {"F": "FIN", "S": "SYN", "R": "RST", "P": "PSH", "A": "ACK", "U": "URG", "E": "ECE", "C": "CWR"}
REQUEST = b"GET /onion HTTP/1.1\r\nHost: onion.example\r\nConnection: close\r\n\r\n"
RECORD = bytes.fromhex("16030100050100000100")  # the head of a TLS record, and five bytes of it


def address4(rng: random.Random) -> str:
    """A random IPv4 address that reads differently from either end."""
    return f"192.0.2.{rng.randrange(3, 250)}" if rng.random() < 0.5 else f"198.51.100.{rng.randrange(3, 250)}"


def address6(rng: random.Random) -> str:
    """A random IPv6 address from the range for documentation (RFC 3849)."""
    return f"2001:db8::{rng.randrange(0x1000, 0xFFFF):x}:{rng.randrange(0x1000, 0xFFFF):x}"


def ethernet(rng: random.Random, **fields: Any) -> Packet:
    """An Ethernet header with locally administered addresses."""
    first, second = (f"02:00:5e:{rng.randrange(256):02x}:{rng.randrange(256):02x}:0{digit}" for digit in "1a")
    return Ether(dst=first, src=second, **fields)


def port(rng: random.Random) -> int:
    """A port of a client."""
    return rng.randrange(0xC000, 0xFF00)


def ipv4_samples(rng: random.Random) -> dict[str, list[tuple[bytes, dict[str, Any]]]]:
    """IPv4 packets by theme, each with its fields as scapy reads them back."""

    def base(**fields: Any) -> Packet:
        return IP(
            src=address4(rng),
            dst=address4(rng),
            ttl=rng.randrange(2, 250),
            proto=rng.choice([1, 6, 17, 89, 132]),
            id=rng.randrange(65536),
            **fields,
        ) / Raw(rng.randbytes(rng.randrange(6, 40)))

    options = [
        [IPOption(b"\x94\x04\x00\x00")],  # router alert, RFC 2113
        [IPOption(b"\x07\x07\x04" + bytes(4))],  # record route, RFC 791: with padding two words
        [IPOption(b"\x44\x0c\x05\x00" + rng.randbytes(8))],  # timestamp, RFC 791
        [IPOption(b"\x07\x27\x04" + bytes(36))],  # record route of 9 addresses: the longest header, 60 bytes
    ]
    fragments = [("DF", 0), ("MF", 0), ("MF", 185), ("", 185), ("MF", 0x1FF0), ("", 0x0123)]
    packets = {
        "plain": [base() for _ in range(8)],
        "options": [base(options=option) for option in options],
        "fragments": [base(flags=flags, frag=offset) for flags, offset in fragments],
    }
    built = {theme: [bytes(packet) for packet in made] for theme, made in packets.items()}
    return {theme: [(data, ipv4_fields(data)) for data in made] for theme, made in built.items()}


def ipv4_fields(packet: bytes) -> dict[str, Any]:
    """What scapy reads in an IPv4 packet, by the keys of the exercise."""
    read = IP(packet)
    length = read.ihl * 4
    return {
        "header_length": length,
        "total_length": read.len,
        "dont_fragment": bool(read.flags.DF),
        "more_fragments": bool(read.flags.MF),
        "fragment_offset": read.frag * 8,
        "ttl": read.ttl,
        "protocol": read.proto,
        "source": read.src,
        "destination": read.dst,
        "options": packet[20:length],
        "payload": packet[length : read.len],
    }


def tcp_samples(rng: random.Random) -> dict[str, list[tuple[bytes, dict[str, Any]]]]:
    """TCP segments by theme, each with its fields as scapy reads them back."""

    def base(**fields: Any) -> bytes:
        segment = TCP(
            sport=port(rng),
            dport=rng.choice([22, 25, 80, 443, 8080]),
            seq=rng.randrange(1 << 24, 1 << 32),
            ack=rng.randrange(1 << 24, 1 << 32),
            window=rng.randrange(0x0101, 0xFFFF),
            **fields,
        ) / Raw(rng.randbytes(rng.randrange(5, 40)))
        # Below IP, so that scapy computes the checksum, which covers the addresses too.
        return bytes(IP(bytes(IP(src="192.0.2.1", dst="192.0.2.2") / segment))[TCP])

    def stamps() -> tuple[str, tuple[int, int]]:
        return "Timestamp", (rng.randrange(1 << 32), rng.randrange(1 << 32))

    syn = [("MSS", 1460), ("SAckOK", b""), stamps(), ("NOP", None), ("WScale", 7)]
    options = [
        syn,
        [("NOP", None), ("NOP", None), stamps()],
        [("MSS", 65495), ("NOP", None), ("WScale", 10), ("NOP", None), ("NOP", None), ("SAckOK", b"")],
        [("NOP", None), ("NOP", None), ("SAck", (rng.randrange(1 << 32), rng.randrange(1 << 32)))],
    ]
    segments = {
        "plain": [base(flags=flags) for flags in ("A", "PA", "FA", "S", "R")],
        "options": [base(flags="PA", options=option) for option in options],
    }
    return {theme: [(data, tcp_fields(data)) for data in made] for theme, made in segments.items()}


def tcp_fields(segment: bytes) -> dict[str, Any]:
    """What scapy reads in a TCP segment, by the keys of the exercise."""
    read = TCP(segment)
    length = read.dataofs * 4
    flags: FlagValue = read.flags
    return {
        "source_port": read.sport,
        "destination_port": read.dport,
        "sequence": read.seq,
        "acknowledgment": read.ack,
        "header_length": length,
        "flags": [FLAGS[letter] for letter in str(flags)],
        "window": read.window,
        "options": tcp_options(read),
        "payload": segment[length:],
    }


def tcp_options(read: Packet) -> list[tuple[int, bytes]]:
    """The options as (kind, data), in order, without NOP and the end of the list."""
    kinds = {"MSS": (2, 2), "WScale": (3, 1), "SAckOK": (4, 0), "SAck": (5, 4), "Timestamp": (8, 4)}
    found = []
    for name, value in read.options:
        if name in ("NOP", "EOL"):
            continue
        kind, size = kinds[name]
        numbers = value if isinstance(value, tuple) else (value,) if size else ()
        found.append((kind, b"".join(number.to_bytes(size, "big") for number in numbers)))
    return found


def peel_samples(rng: random.Random) -> dict[str, list[tuple[bytes, list[str]]]]:
    """Frames by theme, each with the names of its layers; scapy agrees on all but the application's."""
    four = IP(src="192.0.2.1", dst="192.0.2.2")
    six = IPv6(src=address6(rng), dst=address6(rng))
    query = DNS(id=rng.randrange(65536), qd=DNSQR(qname="onion.example"))
    request = TCP(sport=port(rng), dport=80, flags="PA") / Raw(REQUEST)
    answer = TCP(sport=80, dport=port(rng), flags="PA") / Raw(b"HTTP/1.1 204 No Content\r\n\r\n")
    hello = TCP(sport=port(rng), dport=443, flags="PA") / Raw(RECORD)
    asked = UDP(sport=port(rng), dport=53) / query
    prefixed = len(query).to_bytes(2, "big") + bytes(query)  # RFC 1035 section 4.2.2
    asked_by_stream = TCP(sport=port(rng), dport=53, flags="PA") / Raw(prefixed)
    unknown = UDP(sport=port(rng), dport=9999) / Raw(b"a protocol of our own")
    quic = UDP(sport=port(rng), dport=443) / Raw(rng.randbytes(30))
    alert = IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN(optdata=b"\0\0")])
    far = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(12))])
    route = IPv6ExtHdrRouting(addresses=[address6(rng)])
    with_stamps = [("NOP", None), ("NOP", None), ("Timestamp", (rng.randrange(1 << 32), 0))]
    long_request = TCP(sport=port(rng), dport=80, flags="PA", options=with_stamps) / Raw(REQUEST)
    long_empty = TCP(sport=port(rng), dport=80, flags="A", options=with_stamps)
    stamped = IP(src="192.0.2.1", dst="192.0.2.2", options=[IPOption(b"\x44\x0c\x05\x00" + rng.randbytes(8))])
    bare = TCP(sport=port(rng), dport=80, flags="A")
    ack = TCP(sport=443, dport=port(rng), flags="A")
    nothing = UDP(sport=port(rng), dport=53)

    def on_ethernet(*packets: Packet) -> list[tuple[bytes, list[str]]]:
        return [named(bytes(ethernet(rng) / packet).ljust(60, b"\0")) for packet in packets]

    def tagged(packet: Packet) -> Packet:
        return Dot1Q(vlan=rng.randrange(2, 4000), prio=rng.randrange(8)) / packet

    foreign = bytes(ethernet(rng, type=0x88CC)) + rng.randbytes(50)  # LLDP
    return {
        "ipv4": on_ethernet(four / request, four / answer, four / hello, four / asked, four / asked_by_stream,
                            four / ICMP() / Raw(rng.randbytes(32))),
        "ipv6": on_ethernet(six / request, six / answer, six / hello, six / asked, six / asked_by_stream,
                            six / ICMPv6EchoRequest(data=rng.randbytes(32))),
        "tag": on_ethernet(tagged(four / request), tagged(six / asked), tagged(ARP(pdst="192.0.2.2"))),
        "arp": on_ethernet(ARP(op="who-has", psrc="192.0.2.1", pdst="192.0.2.2")),
        "padding": on_ethernet(four / bare, four / ack, four / nothing),
        "options": on_ethernet(stamped / request, stamped / long_request, four / long_request,
                               four / long_empty, stamped / bare),
        "extensions": on_ethernet(six / alert / ICMPv6EchoRequest(data=rng.randbytes(8)), six / far / asked,
                                  six / route / request, six / alert / far / request),
        "unknown": [*on_ethernet(four / unknown, six / unknown, four / quic,
                                 IP(src="192.0.2.1", dst="192.0.2.2", proto=89) / Raw(rng.randbytes(44)),
                                 IPv6(src=six.src, dst=six.dst, nh=89) / Raw(rng.randbytes(36))),
                    (foreign, ["Ethernet"])],
        "recorded": [named(frame) for name in ("http", "dns", "vlan", "arp", "tls")
                     for frame in recorded(name)],
    }  # fmt: skip


def named(frame: bytes) -> tuple[bytes, list[str]]:
    """A frame and the names of its layers: scapy's reading, and the application by the contract's ports."""
    names = {"Ether": "Ethernet", "Dot1Q": "802.1Q", "IP": "IPv4"}
    same = {"ARP", "IPv6", "TCP", "UDP", "ICMP"}
    skipped = {"IPv6ExtHdrHopByHop", "IPv6ExtHdrDestOpt", "IPv6ExtHdrRouting"}
    read, layers = Ether(frame), []
    for layer in read.layers():
        name = layer.__name__
        if name in skipped:
            continue
        if name == "ICMPv6EchoRequest":
            layers.append("ICMPv6")
        elif name in same or name in names:
            layers.append(names.get(name, name))
        if layers[-1] in ("ICMP", "ICMPv6", "TCP", "UDP"):
            break
    for kind, ports in ((TCP, {53: "DNS", 80: "HTTP", 443: "TLS"}), (UDP, {53: "DNS"})):
        if kind in read:
            application = ports.get(read[kind].dport) or ports.get(read[kind].sport)
            if application and bytes_of_payload(read[kind]):
                layers.append(application)
    return frame, layers


def bytes_of_payload(transport: Packet) -> bytes:
    """The transport layer's payload; what scapy calls Padding lies outside it."""
    payload = transport.payload
    return b"" if payload.name in ("NoPayload", "Padding") else bytes(payload)


def recorded(name: str) -> list[bytes]:
    """The frames of one capture of the course."""
    return [frame for frame, _ in RawPcapReader(str(CAPTURES / f"{name}.pcap"))]


def main() -> None:
    """Write the module."""
    rng = random.Random(SEED)
    parts = [HEAD]
    for name, kind, made in (
        ("IPV4", "dict[str, Any]", ipv4_samples(rng)),
        ("TCP", "dict[str, Any]", tcp_samples(rng)),
        ("PEEL", "list[str]", peel_samples(rng)),
    ):
        value = pprint.pformat(made, width=108, sort_dicts=False)
        parts.append(f"{name}: dict[str, list[tuple[bytes, {kind}]]] = (\n{value}\n)\n")
    TARGET.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
