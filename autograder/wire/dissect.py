"""Cut a captured frame into its layers, and each layer into named fields with their meaning.

    for layer in dissect(frame):
        print(layer.osi, layer.name, layer.end - layer.start)

The layers stand in the order of the bytes, without gaps: each begins where the one before ends, and
the last ends with the frame. Within a layer the fields do the same; only fields given in bits share bytes.

A capture shows single packets, so this reads each for itself. TCP is a stream: a message may go on in
the next segment, and that is said in a meaning and is no error. What the lower layers promise with a
length and do not deliver is an error: ValueError names the layer, the bytes needed and those present.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Field(NamedTuple):
    """One named field.

    start, end: offsets in the frame, end excluded. bits: None, or (first bit, how many) counted from the
    most significant bit of byte `start`, as RFC diagrams count. value: an int (big-endian), the text form
    of an address or a name, or the bytes themselves. meaning: the value in words.
    """

    name: str
    start: int
    end: int
    bits: tuple[int, int] | None
    value: int | str | bytes
    meaning: str


class Layer(NamedTuple):
    """What one layer put into the frame: bytes start to end, cut into fields. osi: its layer, 2 to 7."""

    name: str
    osi: int
    start: int
    end: int
    fields: tuple[Field, ...]

    def value(self, name: str) -> int | str | bytes:
        """The value of the (first) field with this name; KeyError names the fields there are."""
        for field in self.fields:
            if field.name == name:
                return field.value
        names = ", ".join(field.name for field in self.fields)
        raise KeyError(f"{self.name} has no field {name!r}; it has {names}")


def dissect(frame: bytes, link: str = "ethernet", *, application: str | None = None) -> list[Layer]:
    """Cut a frame into layers.

    Args:
        frame: one captured frame, or one packet.
        link: what the bytes begin with: "ethernet" (destination address first), or "ip".
        application: how to read what TCP or UDP carries: "http", "tls", "dns" or "websocket".
            Without it the bytes themselves must look like HTTP or TLS, or the port be 53 for DNS;
            nothing in a WebSocket frame says that it is one.

    Returns:
        The layers, outermost first. Bytes nobody here can read are a layer "Data"; bytes behind the end
        that an inner layer states are a last layer "Padding".

    Raises:
        ValueError: a header, or what a length field promises, is not all there; a field contradicts
            another; link or application is unknown.
    """
    starts = {"ethernet": "Ethernet", "ip": "IP"}
    if link not in starts:
        raise ValueError(f"unknown link {link!r}; known are {', '.join(starts)}")
    if application is not None and application not in _APPLICATIONS:
        raise ValueError(f"unknown application {application!r}; known are {', '.join(_APPLICATIONS)}")
    packet = _Packet(bytes(frame), application)
    following: str | None = starts[link]
    at, end = 0, len(packet.data)
    while following is not None:
        layer, following, end = _READERS[following](packet, at, end)
        packet.layers.append(layer)
        at = layer.end
    if at < end:
        packet.layers.append(_rest(packet.data, "Data", 7, at, end, "not read any further here"))
    if end < len(packet.data):
        padding = _rest(
            packet.data, "Padding", 2, end, len(packet.data), "fills the frame up, part of no packet"
        )
        packet.layers.append(padding)
    return packet.layers


# What follows a layer: (layer, name of the next reader or None, where the payload ends).
_Step = tuple[Layer, str | None, int]


class _Packet:
    """The frame and the layers found so far."""

    def __init__(self, data: bytes, application: str | None) -> None:
        self.data = data
        self.application = application
        self.layers: list[Layer] = []


class _Cutter:
    """Cuts fields from left to right out of the bytes start to end."""

    def __init__(self, data: bytes, name: str, osi: int, start: int, end: int, header: int) -> None:
        self.data, self.name, self.osi, self.start, self.at, self.end = data, name, osi, start, start, end
        self.fields: list[Field] = []
        self.need(header)

    def need(self, size: int) -> None:
        """The layer has at least `size` bytes, or ValueError."""
        if size > self.end - self.start:
            raise ValueError(f"{self.name}: {size} bytes needed, {self.end - self.start} present")

    def number(self, name: str, size: int, meaning: Callable[[int], str] = str) -> int:
        """An unsigned big-endian number."""
        raw = self._take(size)
        value = int.from_bytes(raw, "big")
        self._add(name, size, value, meaning(value))
        return value

    def text(self, name: str, size: int, form: Callable[[bytes], str], meaning: str = "") -> str:
        """Bytes with a usual text form, such as an address."""
        value = form(self._take(size))
        self._add(name, size, value, meaning or value)
        return value

    def said(self, name: str, size: int, value: str) -> None:
        """Bytes whose text form is known already."""
        self._take(size)
        self._add(name, size, value, value)

    def raw(self, name: str, size: int, meaning: str) -> bytes:
        """Bytes as they are."""
        value = self._take(size)
        self._add(name, size, value, meaning)
        return value

    def bits(self, size: int, *parts: tuple[str, int, Callable[[int], str]]) -> list[int]:
        """Fields that share `size` bytes: (name, number of bits, meaning), from the most significant bit."""
        whole = int.from_bytes(self._take(size), "big")
        first, values = 0, []
        for name, width, meaning in parts:
            value = whole >> (size * 8 - first - width) & ((1 << width) - 1)
            # The offsets name the bytes that the bits lie in; the bits are counted from the first of those.
            start, stop = self.at - size + first // 8, self.at - size + (first + width + 7) // 8
            self.fields.append(Field(name, start, stop, (first % 8, width), value, meaning(value)))
            values.append(value)
            first += width
        return values

    def left(self) -> int:
        return self.end - self.at

    def layer(self) -> Layer:
        return Layer(self.name, self.osi, self.start, self.at, tuple(self.fields))

    def _take(self, size: int) -> bytes:
        self.need(self.at - self.start + size)
        self.at += size
        return self.data[self.at - size : self.at]

    def _add(self, name: str, size: int, value: int | str | bytes, meaning: str) -> None:
        self.fields.append(Field(name, self.at - size, self.at, None, value, meaning))


def _rest(data: bytes, name: str, osi: int, start: int, end: int, meaning: str) -> Layer:
    return Layer(name, osi, start, end, (Field("bytes", start, end, None, data[start:end], meaning),))


def _named(names: dict[int, str], unknown: str = "not known here") -> Callable[[int], str]:
    return lambda value: names.get(value, unknown)


def _count(unit: str) -> Callable[[int], str]:
    return lambda value: f"{value} {unit}" if value != 1 else f"1 {unit.removesuffix('s')}"


def _yes_no(yes: str, no: str) -> Callable[[int], str]:
    return lambda value: yes if value else no


def _hexadecimal(value: int) -> str:
    return f"0x{value:04x}"


def _mac(raw: bytes) -> str:
    return raw.hex(":")


def _ip(raw: bytes) -> str:
    return str(ipaddress.ip_address(raw))


# --- Layer 2 -------------------------------------------------------------------------------------------

# IANA, "IEEE 802 Numbers".
_ETHERTYPES = {0x0800: "IPv4", 0x0806: "ARP", 0x8100: "802.1Q", 0x86DD: "IPv6"}


def _ethernet(packet: _Packet, at: int, end: int) -> _Step:
    """IEEE 802.3 clause 3.2: destination (6 bytes), source (6), type or length (2)."""
    cut = _Cutter(packet.data, "Ethernet", 2, at, end, 14)
    destination = packet.data[at : at + 6]
    kind = "broadcast: everybody" if destination == b"\xff" * 6 else "a group" if destination[0] & 1 else ""
    cut.text("destination address", 6, _mac, f"{_mac(destination)}, {kind}" if kind else "")
    cut.text("source address", 6, _mac)
    return _after_type(cut)


def _vlan(packet: _Packet, at: int, end: int) -> _Step:
    """IEEE 802.1Q clause 9.6, after type 0x8100: priority (3 bits), drop eligible (1), VLAN (12); a type."""
    cut = _Cutter(packet.data, "802.1Q", 2, at, end, 4)
    cut.bits(
        2,
        ("priority", 3, _count("of 7")),
        ("drop eligible", 1, _yes_no("may be dropped first", "not to be dropped first")),
        ("VLAN identifier", 12, lambda value: f"VLAN {value}"),
    )
    return _after_type(cut)


def _after_type(cut: _Cutter) -> _Step:
    """From 0x0600 on a type, up to 1500 the number of bytes that follow (IEEE 802.3 clause 3.2.6)."""
    value = cut.number(
        "type",
        2,
        lambda value: (
            _ETHERTYPES.get(value, "not known here") if value >= 0x600 else f"length: {value} bytes"
        ),
    )
    if value > 1500:
        return cut.layer(), _ETHERTYPES.get(value), cut.end
    if value > cut.left():
        raise ValueError(f"{cut.name}: the length field says {value} bytes, {cut.left()} present")
    return cut.layer(), None, cut.at + value


def _arp(packet: _Packet, at: int, end: int) -> _Step:
    """RFC 826, section "Packet format", for IPv4 over Ethernet: 28 bytes."""
    cut = _Cutter(packet.data, "ARP", 2, at, end, 28)
    if packet.data[at : at + 6] != b"\x00\x01\x08\x00\x06\x04":
        raise ValueError(
            f"ARP: only IPv4 over Ethernet is read here; it begins {packet.data[at : at + 6]!r}"
        )
    cut.number("hardware type", 2, _named({1: "Ethernet"}))
    cut.number("protocol type", 2, _named(_ETHERTYPES))
    cut.number("hardware address length", 1, _count("bytes"))
    cut.number("protocol address length", 1, _count("bytes"))
    operations = {1: "request: who has the target protocol address?", 2: "reply: I have it"}
    operation = cut.number("operation", 2, _named(operations))
    cut.text("sender hardware address", 6, _mac)
    cut.text("sender protocol address", 4, _ip)
    cut.text("target hardware address", 6, _mac, "not known: that is the question" if operation == 1 else "")
    cut.text("target protocol address", 4, _ip)
    return cut.layer(), None, cut.at


# --- Layer 3 -------------------------------------------------------------------------------------------

# IANA, "Assigned Internet Protocol Numbers"; the same numbers are IPv6's next headers.
_PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6"}
_ECN = {0: "not ECN-capable", 1: "ECN-capable (1)", 2: "ECN-capable (0)", 3: "congestion met"}


def _ip_version(packet: _Packet, at: int, end: int) -> _Step:
    """A packet without a frame: its first four bits say which version it is."""
    if at == end:
        raise ValueError("IP: 1 byte needed, 0 present")
    return (_ipv6 if packet.data[at] >> 4 == 6 else _ipv4)(packet, at, end)


def _ipv4(packet: _Packet, at: int, end: int) -> _Step:
    """RFC 791 section 3.1; DSCP: RFC 2474, ECN: RFC 3168."""
    cut = _Cutter(packet.data, "IPv4", 3, at, end, 20)
    version, words = cut.bits(
        1,
        ("version", 4, str),
        ("header length", 4, lambda value: f"{value} words of 4 bytes: {value * 4} bytes"),
    )
    if version != 4:
        raise ValueError(f"IPv4: the version field says {version}")
    if words < 5:
        raise ValueError(f"IPv4: a header has at least 5 words of 4 bytes, the header length says {words}")
    cut.need(words * 4)
    cut.bits(1, ("DSCP", 6, _yes_no("a class of service", "best effort")), ("ECN", 2, _named(_ECN)))
    total = cut.number("total length", 2, lambda value: f"{value} bytes with this header")
    if total < words * 4:
        raise ValueError(f"IPv4: total length {total} is less than the header's {words * 4} bytes")
    cut.need(total)
    cut.number("identification", 2, _hexadecimal)
    flags, offset = cut.bits(
        2,
        ("flags", 3, lambda value: _flag_names(value, ("reserved", "do not fragment", "more fragments"))),
        ("fragment offset", 13, lambda value: f"{value * 8} bytes"),
    )
    cut.number("time to live", 1, lambda value: f"{value}; each router on the way takes one off")
    protocol = cut.number("protocol", 1, _named(_PROTOCOLS))
    right = _checksum(packet.data[at : at + 10] + packet.data[at + 12 : at + words * 4])
    cut.number("header checksum", 2, _compared_with(right))
    cut.text("source address", 4, _ip)
    cut.text("destination address", 4, _ip)
    if words > 5:
        cut.raw("options", words * 4 - 20, "options, filled up to whole words")
    fragment = bool(offset or flags & 1)
    return cut.layer(), None if fragment else _transport(protocol), at + total


def _ipv6(packet: _Packet, at: int, end: int) -> _Step:
    """RFC 8200 section 3; extension headers (section 4) are left as data."""
    cut = _Cutter(packet.data, "IPv6", 3, at, end, 40)
    version, *_ = cut.bits(
        4,
        ("version", 4, str),
        ("DSCP", 6, _yes_no("a class of service", "best effort")),
        ("ECN", 2, _named(_ECN)),
        ("flow label", 20, _yes_no("packets with this label belong together", "no flow")),
    )
    if version != 6:
        raise ValueError(f"IPv6: the version field says {version}")
    length = cut.number("payload length", 2, lambda value: f"{value} bytes without this header")
    cut.need(40 + length)
    following = cut.number("next header", 1, _named(_PROTOCOLS))
    cut.number("hop limit", 1, lambda value: f"{value}; each router on the way takes one off")
    cut.text("source address", 16, _ip)
    cut.text("destination address", 16, _ip)
    return cut.layer(), _transport(following), at + 40 + length


def _transport(protocol: int) -> str | None:
    name = _PROTOCOLS.get(protocol)
    return name if name in ("TCP", "UDP") else None


# --- Layer 4 -------------------------------------------------------------------------------------------

# IANA, "Service Name and Transport Protocol Port Number Registry".
_PORTS = {7: "echo", 9: "discard", 53: "domain (DNS)", 80: "http", 443: "https"}
_TCP_OPTIONS = {
    2: "maximum segment size",
    3: "window scale",
    4: "SACK permitted",
    5: "SACK",
    8: "time stamps",
}


def _udp(packet: _Packet, at: int, end: int) -> _Step:
    """RFC 768."""
    cut = _Cutter(packet.data, "UDP", 4, at, end, 8)
    source, destination = (cut.number(f"{side} port", 2, _port) for side in ("source", "destination"))
    length = cut.number("length", 2, lambda value: f"{value} bytes with this header")
    if length < 8:
        raise ValueError(f"UDP: length {length} is less than the header's 8 bytes")
    cut.need(length)
    right = _transport_checksum(packet, 17, at, at + length, 6)
    # A computed 0 is sent as all ones; a sent 0 means "no checksum".
    cut.number(
        "checksum", 2, lambda value: _compared_with(right or 0xFFFF)(value) if value else "not computed"
    )
    if packet.application:
        return cut.layer(), _APPLICATIONS[packet.application][0], at + length
    return cut.layer(), "DNS" if 53 in (source, destination) else None, at + length


def _tcp(packet: _Packet, at: int, end: int) -> _Step:
    """RFC 9293 section 3.1."""
    cut = _Cutter(packet.data, "TCP", 4, at, end, 20)
    for side in ("source", "destination"):
        cut.number(f"{side} port", 2, _port)
    cut.number("sequence number", 4, lambda value: f"the first byte carried is number {value}")
    acknowledges = packet.data[at + 13] & 0x10
    cut.number(
        "acknowledgment number",
        4,
        lambda value: f"everything before {value} has arrived" if acknowledges else "not used",
    )
    words, *_ = cut.bits(
        2,
        ("data offset", 4, lambda value: f"{value} words of 4 bytes: {value * 4} bytes of header"),
        ("reserved", 4, lambda value: "always 0" if not value else "should be 0"),
        (
            "flags",
            8,
            lambda value: _flag_names(value, ("CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN")),
        ),
    )
    if words < 5:
        raise ValueError(f"TCP: a header has at least 5 words of 4 bytes, the data offset says {words}")
    cut.need(words * 4)
    cut.number("window", 2, lambda value: f"room for {value} units (bytes, times the window scale agreed on)")
    cut.number("checksum", 2, _compared_with(_transport_checksum(packet, 6, at, end, 16)))
    cut.number("urgent pointer", 2, lambda value: str(value) if packet.data[at + 13] & 0x20 else "not used")
    _tcp_options(cut, at + words * 4)
    return cut.layer(), _application(packet, cut.at, end), end


def _tcp_options(cut: _Cutter, stop: int) -> None:
    """RFC 9293 section 3.1: kind (1 byte); all but 0 and 1 have a length that counts those two bytes too."""
    while cut.at < stop:
        kind = cut.data[cut.at]
        if kind == 0:
            cut.raw("end of options", stop - cut.at, "the rest fills up the last word")
            return
        if kind == 1:
            cut.raw("option: no operation", 1, "fills up")
            continue
        length = cut.data[cut.at + 1] if cut.at + 1 < stop else 0
        if not 2 <= length <= stop - cut.at:
            raise ValueError(f"TCP: option {kind} says length {length}, {stop - cut.at} bytes of header left")
        value = int.from_bytes(cut.data[cut.at + 2 : cut.at + length], "big")
        meaning = {
            2: f"segments of up to {value} bytes, please",
            3: f"my window counts in units of {2**value} bytes",
        }
        name = _TCP_OPTIONS.get(kind, f"kind {kind}")
        cut.raw(f"option: {name}", length, meaning.get(kind, name))


def _port(value: int) -> str:
    """The registered service, or the range: RFC 6335 section 6."""
    span = "system ports" if value < 1024 else "user ports" if value < 49152 else "dynamic ports"
    return _PORTS.get(value, f"one of the {span}")


def _flag_names(value: int, names: Sequence[str]) -> str:
    """The names of the bits that are set; the first name is the most significant bit."""
    found = [name for index, name in enumerate(names) if value >> (len(names) - 1 - index) & 1]
    return ", ".join(found) or "none"


def _checksum(data: bytes) -> int:
    """RFC 1071: complement of the one's complement sum of 16-bit words; a zero byte fills the last word."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _transport_checksum(packet: _Packet, protocol: int, at: int, end: int, position: int) -> int:
    """Checksum of pseudo-header and segment; the segment's own checksum field, at `position`, counts as 0.

    RFC 9293 section 3.1 and RFC 768 (IPv4), RFC 8200 section 8.1 (IPv6): both addresses, length, protocol.
    Their one's complement sum is the same with numbers of 2 or 4 bytes, so one form serves both.
    """
    network = packet.layers[-1]
    size = 32 if network.name == "IPv6" else 8
    first = network.start + (8 if network.name == "IPv6" else 12)
    pseudo = packet.data[first : first + size] + struct.pack("!II", end - at, protocol)
    segment = packet.data[at : at + position] + b"\0\0" + packet.data[at + position + 2 : end]
    return _checksum(pseudo + segment)


def _compared_with(right: int) -> Callable[[int], str]:
    return lambda value: "right" if value == right else f"wrong: 0x{right:04x} would be right"


# --- Above ---------------------------------------------------------------------------------------------

_HTTP_STARTS = (
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"DELETE ",
    b"CONNECT ",
    b"OPTIONS ",
    b"TRACE ",
    b"PATCH ",
    b"HTTP/",
)
_TLS_CONTENTS = {20: "change cipher spec", 21: "alert", 22: "handshake", 23: "application data"}


def _application(packet: _Packet, at: int, end: int) -> str | None:
    """Which reader understands what TCP carries here; None leaves it as data."""
    start = packet.data[at:end]
    if packet.application:
        name, size = _APPLICATIONS[packet.application]
        return name if len(start) >= size else None
    if start.startswith(_HTTP_STARTS):
        return "HTTP"
    # RFC 8446 section 5.1: content type, then a version that begins with 3.
    if len(start) >= 5 and start[0] in _TLS_CONTENTS and start[1] == 3:
        return "TLS"
    return None


def _dns(packet: _Packet, at: int, end: int) -> _Step:
    """RFC 1035 section 4.1; the bits AD and CD: RFC 4035 section 3."""
    cut = _Cutter(packet.data, "DNS", 7, at, end, 12)
    cut.number("identification", 2, lambda value: f"{_hexadecimal(value)}, an answer repeats it")
    cut.bits(
        2,
        ("QR", 1, _yes_no("response", "query")),
        ("opcode", 4, _named({0: "a standard query"})),
        ("AA", 1, _yes_no("from an authority for the name", "not from an authority")),
        ("TC", 1, _yes_no("cut off", "not cut off")),
        ("RD", 1, _yes_no("recursion desired", "recursion not desired")),
        ("RA", 1, _yes_no("recursion available", "recursion not available")),
        ("Z", 1, lambda value: "always 0" if not value else "should be 0"),
        ("AD", 1, _yes_no("authentic data", "not validated")),
        ("CD", 1, _yes_no("checking disabled", "checking not disabled")),
        ("RCODE", 4, _named({0: "no error", 1: "format error", 2: "server failure", 3: "no such name"})),
    )
    counts = [cut.number(f"{part} count", 2) for part in _DNS_PARTS]
    for _ in range(counts[0]):
        name, size = _domain_name(cut, at)
        cut.said("question name", size, name)
        cut.number("question type", 2, _named(_DNS_TYPES))
        cut.number("question class", 2, _named({1: "IN, the internet"}))
    for part, count in zip(_DNS_PARTS[1:], counts[1:], strict=True):
        for _ in range(count):
            _resource_record(cut, at, part)
    if cut.left():
        cut.raw("more", cut.left(), "behind the last record")
    return cut.layer(), None, end


_DNS_PARTS = ("question", "answer", "authority", "additional")
_DNS_TYPES = {
    1: "A, an IPv4 address",
    2: "NS, a name server",
    5: "CNAME, another name",
    28: "AAAA, an IPv6 address",
}


def _resource_record(cut: _Cutter, message: int, part: str) -> None:
    """One record as one field: name, type (2), class (2), time to live in seconds (4), length (2), data."""
    name, size = _domain_name(cut, message)
    begin = cut.at + size
    cut.need(begin + 10 - cut.start)
    kind, _, seconds, length = struct.unpack("!HHIH", cut.data[begin : begin + 10])
    data = cut.data[begin + 10 : begin + 10 + length]
    shown = _ip(data) if (kind, len(data)) in ((1, 4), (28, 16)) else f"{length} bytes of data"
    kind_name = _DNS_TYPES.get(kind, f"type {kind}").split(",")[0]
    cut.raw(part, size + 10 + length, f"{name} {kind_name} {shown}, good for {seconds} s")


def _domain_name(cut: _Cutter, message: int) -> tuple[str, int]:
    """The name at the cutter's position, and its bytes there.

    RFC 1035 section 4.1.4: labels with a length byte before each, ended by 0; the two top bits of a length
    set mean that the name goes on at that offset in the message, which must lie before it: so a name ends.
    """
    labels: list[str] = []
    at, size, limit = cut.at, 0, cut.at
    while True:
        cut.need(at + 1 - cut.start)
        length = cut.data[at]
        if length >= 0xC0:
            cut.need(at + 2 - cut.start)
            size = size or at + 2 - cut.at
            at = message + ((length & 0x3F) << 8 | cut.data[at + 1])
            if at >= limit:
                raise ValueError(f"DNS: a name goes on at offset {at - message}, which is not before it")
            limit = at
            continue
        cut.need(at + 1 + length - cut.start)
        if length == 0:
            return ".".join(labels) or ".", size or at + 1 - cut.at
        labels.append(cut.data[at + 1 : at + 1 + length].decode("ascii", "backslashreplace"))
        at += 1 + length


def _http(packet: _Packet, at: int, end: int) -> _Step:
    """RFC 9112 section 2.1: a start line, field lines, an empty line, then the body."""
    cut = _Cutter(packet.data, "HTTP", 7, at, end, 1)
    while (line_end := packet.data.find(b"\r\n", cut.at, end)) >= 0:
        line = packet.data[cut.at : line_end].decode("latin-1")
        size = len(line) + 2
        if not cut.fields:
            cut.said("start line", size, line)
        elif line:
            name, colon, value = line.partition(":")
            cut.said(f"field {name}", size, value.strip() or ("no value" if colon else "no colon: not a field line"))
        else:
            cut.raw("empty line", size, "the head ends here")
            if cut.left():
                cut.raw("body", cut.left(), f"{_count('bytes')(cut.left())} of content")
            return cut.layer(), None, end
    if cut.left():
        cut.raw("unfinished line", cut.left(), "the head goes on in the next segment")
    return cut.layer(), None, end


def _tls(packet: _Packet, at: int, end: int) -> _Step:
    """One record, RFC 8446 section 5.1: content type (1 byte), version (2), length (2), the content."""
    cut = _Cutter(packet.data, "TLS", 6, at, end, 5)
    content = cut.number("content type", 1, _named(_TLS_CONTENTS))
    cut.number("record version", 2, _tls_version)
    length = cut.number("record length", 2, _count("bytes"))
    if length > cut.left():
        cut.raw("content", cut.left(), f"{length - cut.left()} more bytes come in later segments")
        return cut.layer(), None, end
    cut.end = cut.at + length
    if content == 22 and length >= 4 and packet.data[cut.at] == 1:
        message = 4 + int.from_bytes(packet.data[cut.at + 1 : cut.at + 4], "big")
        if message <= length:
            cut.end = cut.at + message
            _client_hello(cut)
            cut.end = cut.start + 5 + length
    elif content == 21 and length == 2:
        cut.number("alert level", 1, _named({1: "warning", 2: "fatal"}))
        cut.number("alert description", 1, _named({0: "close notify", 40: "handshake failure"}))
    if cut.left():
        cut.raw("content", cut.left(), "not read any further here")
    return cut.layer(), "TLS" if end - cut.at >= 5 else None, end


def _client_hello(cut: _Cutter) -> None:
    """RFC 8446 section 4.1.2; lengths stand before each list."""
    cut.number("handshake type", 1, _named({1: "ClientHello"}))
    cut.number("handshake length", 3, _count("bytes"))
    cut.number(
        "legacy version", 2, lambda value: f"{_tls_version(value)}; newer versions are in an extension"
    )
    cut.raw("random", 32, "32 random bytes")
    size = cut.number("session id length", 1, _count("bytes"))
    if size:
        cut.raw("session id", size, "of no meaning in TLS 1.3, kept for older devices on the way")
    size = cut.number("cipher suites length", 2, _count("bytes"))
    cut.raw("cipher suites", size, f"{size // 2} suites, the preferred first")
    size = cut.number("compression methods length", 1, _count("bytes"))
    cut.raw(
        "compression methods", size, "none" if cut.data[cut.at : cut.at + size] == b"\0" else "one of these"
    )
    if not cut.left():
        return
    cut.number("extensions length", 2, _count("bytes"))
    while cut.left():
        cut.need(cut.at + 4 - cut.start)
        kind, length = struct.unpack("!HH", cut.data[cut.at : cut.at + 4])
        data = cut.data[cut.at + 4 : cut.at + 4 + length]
        name = _TLS_EXTENSIONS.get(kind, f"{kind}")
        cut.raw(f"extension {name}", 4 + length, _extension_meaning(kind, data))


# IANA, "TLS ExtensionType Values".
_TLS_EXTENSIONS = {
    0: "server_name", 10: "supported_groups", 11: "ec_point_formats", 13: "signature_algorithms", 16: "ALPN",
    21: "padding", 22: "encrypt_then_mac", 23: "extended_main_secret", 35: "session_ticket",
    43: "supported_versions", 45: "psk_key_exchange_modes", 51: "key_share",
}  # fmt: skip


def _extension_meaning(kind: int, data: bytes) -> str:
    if kind == 0 and len(data) > 5:  # RFC 6066 section 3: list length (2), name type (1), length (2), name
        return f"{data[5:].decode('ascii', 'backslashreplace')}, readable by everybody on the way"
    if kind == 43 and data:  # RFC 8446 section 4.2.1: length (1), versions (2 each)
        versions = (
            _tls_version(int.from_bytes(data[at : at + 2], "big")) for at in range(1, len(data) - 1, 2)
        )
        return ", ".join(versions)
    return _count("bytes")(len(data))


def _tls_version(value: int) -> str:
    return {0x301: "TLS 1.0", 0x302: "TLS 1.1", 0x303: "TLS 1.2", 0x304: "TLS 1.3"}.get(
        value, "not known here"
    )


def _websocket(packet: _Packet, at: int, end: int) -> _Step:
    """RFC 6455 section 5.2."""
    masked, short = packet.data[at + 1] >> 7, packet.data[at + 1] & 0x7F
    header = 2 + {126: 2, 127: 8}.get(short, 0) + 4 * masked
    cut = _Cutter(packet.data, "WebSocket", 7, at, end, 2)
    if header > cut.left():
        cut.raw("unfinished header", cut.left(), "goes on in the next segment")
        return cut.layer(), None, end
    opcodes = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
    _, _, _, _, opcode = cut.bits(
        1,
        ("FIN", 1, _yes_no("the last frame of its message", "more frames of the message follow")),
        *((f"RSV{number}", 1, _yes_no("an extension uses it", "no extension")) for number in (1, 2, 3)),
        ("opcode", 4, _named(opcodes)),
    )
    *_, length = cut.bits(
        1,
        ("MASK", 1, _yes_no("masked, as from every client", "not masked, as from every server")),
        (
            "payload length",
            7,
            lambda value: _named({126: "in the next 2 bytes", 127: "in the next 8 bytes"}, f"{value} bytes")(
                value
            ),
        ),
    )
    if length >= 126:
        length = cut.number("extended payload length", 2 if length == 126 else 8, _count("bytes"))
    key = (
        cut.raw("masking key", 4, "each payload byte is combined with one of these by XOR") if masked else b""
    )
    here = min(length, cut.left())
    if here:
        data = bytes(
            byte ^ key[index % 4] if key else byte
            for index, byte in enumerate(packet.data[cut.at : cut.at + here])
        )
        cut.raw(
            "payload",
            here,
            _payload_meaning(opcode, data)
            + (f"; {length - here} more bytes follow" if here < length else ""),
        )
    return cut.layer(), "WebSocket" if end - cut.at >= 2 else None, end


def _payload_meaning(opcode: int, data: bytes) -> str:
    if opcode == 8 and len(data) >= 2:  # RFC 6455 section 5.5.1: a status code, then a reason
        reason = data[2:].decode("utf-8", "backslashreplace")
        return f"close status {int.from_bytes(data[:2], 'big')} {reason}".strip()
    return repr(data.decode("utf-8", "backslashreplace")) if opcode == 1 else _count("bytes")(len(data))


# application -> (its reader, how many bytes that needs to begin)
_APPLICATIONS = {"http": ("HTTP", 1), "tls": ("TLS", 5), "dns": ("DNS", 12), "websocket": ("WebSocket", 2)}

_READERS: dict[str, Callable[[_Packet, int, int], _Step]] = {
    "Ethernet": _ethernet,
    "802.1Q": _vlan,
    "ARP": _arp,
    "IP": _ip_version,
    "IPv4": _ipv4,
    "IPv6": _ipv6,
    "TCP": _tcp,
    "UDP": _udp,
    "DNS": _dns,
    "HTTP": _http,
    "TLS": _tls,
    "WebSocket": _websocket,
}
