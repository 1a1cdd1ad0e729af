"""The dissection against independent readers of the same captured frames, and on bytes that are not whole.

Oracles: scapy for everything up to DNS and for the TLS record, http.client for HTTP, websockets for frames.
"""

from __future__ import annotations

import http.client
import io
import ssl
from collections.abc import Callable
from typing import Any

import captures
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scapy.layers.dns import DNS
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Padding
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from autograder.wire.dissect import Layer, dissect

WHOLE = [name for name in captures.names() if name != "sizes"]
FRAMES = [(name, index) for name in WHOLE for index in range(len(captures.frames(name)))]

HTTP_SYN, VLAN = captures.frames("http")[0], captures.frames("vlan")[0]

# Our field -> scapy's attribute, per layer. Every field of a layer stands here, options and records apart.
SCAPY: dict[str, tuple[type, dict[str, str | Callable[[Any], Any]]]] = {
    "Ethernet": (Ether, {"destination address": "dst", "source address": "src", "type": "type"}),
    "802.1Q": (
        Dot1Q,
        {"priority": "prio", "drop eligible": "dei", "VLAN identifier": "vlan", "type": "type"},
    ),
    "ARP": (
        ARP,
        {
            "hardware type": "hwtype",
            "protocol type": "ptype",
            "hardware address length": "hwlen",
            "protocol address length": "plen",
            "operation": "op",
            "sender hardware address": "hwsrc",
            "sender protocol address": "psrc",
            "target hardware address": "hwdst",
            "target protocol address": "pdst",
        },
    ),
    "IPv4": (
        IP,
        {
            "version": "version",
            "header length": "ihl",
            "DSCP": lambda ip: ip.tos >> 2,
            "ECN": lambda ip: ip.tos & 3,
            "total length": "len",
            "identification": "id",
            "flags": lambda ip: int(ip.flags),
            "fragment offset": "frag",
            "time to live": "ttl",
            "protocol": "proto",
            "header checksum": "chksum",
            "source address": "src",
            "destination address": "dst",
        },
    ),
    "IPv6": (
        IPv6,
        {
            "version": "version",
            "DSCP": lambda ip: ip.tc >> 2,
            "ECN": lambda ip: ip.tc & 3,
            "flow label": "fl",
            "payload length": "plen",
            "next header": "nh",
            "hop limit": "hlim",
            "source address": "src",
            "destination address": "dst",
        },
    ),
    "TCP": (
        TCP,
        {
            "source port": "sport",
            "destination port": "dport",
            "sequence number": "seq",
            "acknowledgment number": "ack",
            "data offset": "dataofs",
            "reserved": lambda tcp: tcp.reserved << 1 | int(tcp.flags) >> 8,
            "flags": lambda tcp: int(tcp.flags) & 0xFF,
            "window": "window",
            "checksum": "chksum",
            "urgent pointer": "urgptr",
        },
    ),
    "UDP": (
        UDP,
        {"source port": "sport", "destination port": "dport", "length": "len", "checksum": "chksum"},
    ),
    "DNS": (
        DNS,
        {
            "identification": "id",
            "QR": "qr",
            "opcode": "opcode",
            "AA": "aa",
            "TC": "tc",
            "RD": "rd",
            "RA": "ra",
            "Z": "z",
            "AD": "ad",
            "CD": "cd",
            "RCODE": "rcode",
            "question count": "qdcount",
            "answer count": "ancount",
            "authority count": "nscount",
            "additional count": "arcount",
            "question name": lambda dns: dns.qd[0].qname.decode().rstrip("."),
            "question type": lambda dns: dns.qd[0].qtype,
            "question class": lambda dns: dns.qd[0].qclass,
        },
    ),
}


def find(layers: list[Layer], name: str) -> Layer:
    return next(layer for layer in layers if layer.name == name)


@pytest.mark.parametrize(("name", "index"), FRAMES)
def test_every_field_agrees_with_scapy(name: str, index: int) -> None:
    frame = captures.frames(name)[index]
    layers = dissect(frame)
    theirs = Ether(frame)
    compared = 0
    for layer in layers:
        if layer.name not in SCAPY:
            continue
        kind, names = SCAPY[layer.name]
        for field in layer.fields:
            if field.name.startswith(("option", "answer")):
                continue
            how = names[field.name]
            expected = getattr(theirs[kind], how) if isinstance(how, str) else how(theirs[kind])
            assert field.value == expected, f"{layer.name}, {field.name}"
            compared += 1
    assert compared >= 12
    padding = theirs[Padding].load if Padding in theirs else b""
    assert b"".join(frame[layer.start : layer.end] for layer in layers if layer.name == "Padding") == padding


@pytest.mark.parametrize(("name", "index"), FRAMES)
def test_checksums_are_called_right_exactly_where_scapy_computes_the_same(name: str, index: int) -> None:
    frame = captures.frames(name)[index]
    again = Ether(frame)
    for kind in (IP, TCP, UDP):
        if kind in again:
            del again[kind].chksum
    again = Ether(bytes(again))
    for layer in dissect(frame):
        for field in layer.fields:
            if field.name.endswith("checksum"):
                assert field.value == again[SCAPY[layer.name][0]].chksum
                assert field.meaning == "right"


def test_a_changed_byte_makes_both_checksums_wrong_and_they_say_so() -> None:
    frame = bytearray(captures.frames("http")[3])
    frame[30] ^= 1  # the destination address is under both checksums
    layers = dissect(bytes(frame))
    for name, field in (("IPv4", "header checksum"), ("TCP", "checksum")):
        meaning = next(part.meaning for part in find(layers, name).fields if part.name == field)
        assert meaning.startswith("wrong: 0x")


def test_tcp_options_agree_with_scapy() -> None:
    frame = captures.frames("http")[0]
    options = [field for field in find(dissect(frame), "TCP").fields if field.name.startswith("option")]
    ours = [
        (field.name.removeprefix("option: "), field.value[2:])
        for field in options
        if isinstance(field.value, bytes)
    ]
    names = {
        "MSS": "maximum segment size",
        "NOP": "no operation",
        "SAckOK": "SACK permitted",
        "WScale": "window scale",
    }
    sizes = {"MSS": 2, "NOP": 0, "SAckOK": 0, "WScale": 1}
    theirs = [
        (names[kind], value.to_bytes(sizes[kind], "big") if isinstance(value, int) else b"")
        for kind, value in Ether(frame)[TCP].options
    ]
    assert ours == theirs


def test_the_dns_answer_agrees_with_scapy() -> None:
    frame = captures.frames("dns")[1]
    field = find(dissect(frame), "DNS").fields[-1]
    record = Ether(frame)[DNS].an[0]
    assert (
        field.meaning == f"{record.rrname.decode().rstrip('.')} AAAA {record.rdata}, good for {record.ttl} s"
    )


@pytest.mark.parametrize(("name", "index"), [("http", 5), ("websocket", 5)])
def test_an_http_response_agrees_with_http_client(name: str, index: int) -> None:
    frame = captures.frames(name)[index]
    layer = find(dissect(frame), "HTTP")

    class Plug:
        def makefile(self, _: str) -> io.BytesIO:
            return io.BytesIO(frame[layer.start : layer.end])

    response = http.client.HTTPResponse(Plug())  # type: ignore[arg-type]
    response.begin()
    status = str(layer.value("start line")).split(" ", 2)
    assert (int(status[1]), status[2]) == (response.status, response.reason)
    fields = [(field.name[6:], field.value) for field in layer.fields if field.name.startswith("field ")]
    assert fields == response.getheaders()
    if name == "http":
        assert layer.value("body") == response.read() == b"Hello from layer 7.\n"


def test_a_client_hello_agrees_with_scapy(monkeypatch: pytest.MonkeyPatch) -> None:
    # Imported here, where they are needed: scapy's TLS is slow to load.
    from scapy.layers.tls import session
    from scapy.layers.tls.handshake import TLSClientHello
    from scapy.layers.tls.record import TLS

    # A hello is not encrypted; without this scapy wants a cryptography library to make keys from nothing.
    monkeypatch.setattr(session.connState, "derive_keys", lambda *_, **__: None)
    frame = captures.frames("tls")[3]
    layer = find(dissect(frame), "TLS")
    record = TLS(frame[layer.start : layer.end])
    hello = record.msg[0]
    assert isinstance(hello, TLSClientHello)
    assert (layer.value("content type"), layer.value("record version")) == (record.type, record.version)
    assert layer.value("record length") == record.len
    assert layer.value("handshake length") == hello.msglen
    assert layer.value("legacy version") == hello.version
    assert layer.value("random") == hello.gmt_unix_time.to_bytes(4, "big") + hello.random_bytes
    assert layer.value("session id") == hello.sid
    assert layer.value("cipher suites") == b"".join(suite.to_bytes(2, "big") for suite in hello.ciphers)
    assert layer.value("extensions length") == hello.extlen
    ours = [
        field.value[:2]
        for field in layer.fields
        if field.name.startswith("extension ") and isinstance(field.value, bytes)
    ]
    assert ours == [extension.type.to_bytes(2, "big") for extension in hello.ext]
    name = next(field for field in layer.fields if field.name == "extension server_name")
    assert name.meaning.startswith(hello.ext[0].servernames[0].servername.decode() + ",")


def test_a_client_hello_of_this_machine_is_cut_into_fields_without_gaps() -> None:
    """Whatever library this Python has, and however long its hello is."""
    outgoing = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="onion.example")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    packet = bytes(IP(src="192.0.2.1", dst="192.0.2.2") / TCP(sport=40000, dport=443) / outgoing.read())
    layer = find(dissect(packet, "ip"), "TLS")
    assert "onion.example" in next(
        field.meaning for field in layer.fields if field.name == "extension server_name"
    )
    assert_tiled(packet, dissect(packet, "ip"))


@pytest.mark.parametrize("index", [7, 8, 9, 10])
def test_websocket_frames_agree_with_the_websockets_library(index: int) -> None:
    frame = captures.frames("websocket")[index]
    layer = find(dissect(frame, application="websocket"), "WebSocket")
    data = frame[layer.start : layer.end]
    theirs = read_frame(data, masked=bool(data[1] & 0x80))
    assert layer.value("opcode") == theirs.opcode
    assert layer.value("FIN") == theirs.fin
    assert layer.value("payload length") == len(theirs.data)
    if theirs.opcode == 1:
        assert layer.fields[-1].meaning == repr(bytes(theirs.data).decode())


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
@pytest.mark.parametrize("mask", [False, True])
def test_websocket_lengths_at_their_borders(size: int, mask: bool) -> None:
    payload = bytes(index % 251 for index in range(size))
    # The longest do not fit into one packet; the header says their length all the same.
    packet = in_tcp(Frame(Opcode.BINARY, payload).serialize(mask=mask)[:60000])
    layer = find(dissect(packet, "ip", application="websocket"), "WebSocket")
    names = [field.name for field in layer.fields]
    assert layer.value("payload length" if size < 126 else "extended payload length") == size
    assert ("payload" in names) == bool(size)
    assert ("masking key" in names) == mask


def read_frame(data: bytes, *, masked: bool) -> Frame:
    """The library's reading of one whole frame."""
    reader = StreamReader()
    reader.feed_data(data)
    parser = Frame.parse(reader.read_exact, mask=masked)
    try:
        next(parser)
    except StopIteration as stop:
        assert isinstance(stop.value, Frame)
        return stop.value
    raise AssertionError("the frame is not whole")


def in_tcp(payload: bytes) -> bytes:
    """A packet, IPv4 and TCP, around a payload."""
    return bytes(IP(src="192.0.2.1", dst="192.0.2.2") / TCP(sport=40000, dport=80) / payload)


# --- what holds for every frame ---


def assert_tiled(frame: bytes, layers: list[Layer]) -> None:
    """Layers fill the frame, fields fill each layer, values are what the bytes say."""
    at = 0
    for layer in layers:
        assert layer.start == at and layer.end > at
        at = layer.end
        bit = layer.start * 8
        for field in layer.fields:
            first = field.start * 8 + (field.bits[0] if field.bits else 0)
            assert first == bit, f"{layer.name}, {field.name}"
            bit = first + field.bits[1] if field.bits else field.end * 8
            assert field.start < field.end and (field.end - 1) * 8 < bit <= field.end * 8
            assert field.meaning
            if isinstance(field.value, bytes):
                assert field.value == frame[field.start : field.end]
        assert bit == layer.end * 8
    assert at == len(frame)


@pytest.mark.parametrize(("name", "index"), FRAMES)
def test_layers_and_fields_leave_no_gap(name: str, index: int) -> None:
    frame = captures.frames(name)[index]
    for application in (None, "websocket", "dns", "http", "tls"):
        try:
            layers = dissect(frame, application=application)
        except ValueError:
            assert application is not None
        else:
            assert_tiled(frame, layers)


@pytest.mark.parametrize(("name", "index"), FRAMES)
def test_a_frame_cut_anywhere_names_the_layer_the_bytes_needed_and_those_present(
    name: str, index: int
) -> None:
    frame = captures.frames(name)[index]
    inner = [layer for layer in dissect(frame) if layer.name != "Padding"]
    headers = [layer for layer in inner if layer.osi <= 4]
    for size in range(inner[-1].end):
        with pytest.raises(ValueError) as caught:
            dissect(frame[:size])
        layer = next((layer for layer in headers if layer.end > size), headers[-1])
        message = str(caught.value)
        needed, present = (int(word) for word in message.split() if word.isdigit())
        assert message == f"{message.split(':')[0]}: {needed} bytes needed, {present} present"
        assert present < needed
        start = next(part.start for part in headers if part.name == message.split(":")[0])
        assert present == size - start
        assert start <= layer.start


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(FRAMES),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4),
    st.integers(0, 600),
)
@example(("http", 5), [(127, 0)], 158)  # a header line without a colon
def test_damaged_frames_are_read_without_gaps_or_refused(
    which: tuple[str, int], changes: list[tuple[int, int]], size: int
) -> None:
    frame = bytearray(captures.frames(which[0])[which[1]][:size])
    for offset, value in changes:
        if offset < len(frame):
            frame[offset] = value
    for application in (None, "websocket", "dns", "http", "tls"):
        try:
            layers = dissect(bytes(frame), application=application)
        except ValueError as error:
            assert len(str(error).splitlines()) == 1
        else:
            assert_tiled(bytes(frame), layers)


def changed(offset: int, value: int) -> bytes:
    """The captured request with one byte changed."""
    frame = bytearray(captures.frames("http")[3])
    frame[offset] = value
    return bytes(frame)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (b"", "Ethernet: 14 bytes needed, 0 present"),
        (changed(14, 0x65), "IPv4: the version field says 6"),
        (changed(14, 0x44), "IPv4: a header has at least 5 words of 4 bytes, the header length says 4"),
        (changed(14, 0x4F) [:40], "IPv4: 60 bytes needed, 26 present"),
        (changed(17, 8), "IPv4: total length 8 is less than the header's 20 bytes"),
        (changed(17, 200), "IPv4: 200 bytes needed, 103 present"),
        (changed(46, 0x40), "TCP: a header has at least 5 words of 4 bytes, the data offset says 4"),
        (HTTP_SYN[:55] + b"\0" + HTTP_SYN[56:], "TCP: option 2 says length 0, 12 bytes"),
        (captures.frames("vlan")[0][:16], "802.1Q: 4 bytes needed, 2 present"),
        (captures.frames("arp")[0][:41], "ARP: 28 bytes needed, 27 present"),
        (captures.frames("dns")[0][:14 + 39], "IPv6: 40 bytes needed, 39 present"),
        (VLAN[:43] + b"\x07" + VLAN[44:], "UDP: length 7 is less than"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_named(frame: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dissect(frame)


def test_a_dns_name_that_points_to_itself_ends() -> None:
    frame = bytearray(captures.frames("dns")[1])
    start = find(dissect(bytes(frame)), "DNS").start
    frame[start + 12 : start + 14] = b"\xc0\x0c"
    with pytest.raises(ValueError, match="DNS: a name goes on at offset 12, which is not before it"):
        dissect(bytes(frame))


def test_unknown_things_are_data_and_not_errors() -> None:
    unknown = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=0x88B5) / b"experiment"
    assert [layer.name for layer in dissect(bytes(unknown))] == ["Ethernet", "Data"]
    fragment = bytes(IP(src="192.0.2.1", dst="192.0.2.2", frag=10, proto=17) / b"the middle of a datagram")
    assert [layer.name for layer in dissect(fragment, "ip")] == ["IPv4", "Data"]
    text = in_tcp(b"hello")
    assert [layer.name for layer in dissect(text, "ip")] == ["IPv4", "TCP", "Data"]


def test_a_length_in_the_type_field_trims_the_frame() -> None:
    frame = bytes(12) + b"\x00\x03" + b"abc" + bytes(43)
    layers = dissect(frame)
    assert [(layer.name, layer.end - layer.start) for layer in layers] == [
        ("Ethernet", 14),
        ("Data", 3),
        ("Padding", 43),
    ]
    with pytest.raises(ValueError, match="Ethernet: the length field says 100 bytes, 3 present"):
        dissect(bytes(12) + b"\x00\x64abc")


def test_options_in_an_ipv4_header_move_what_follows() -> None:
    from scapy.layers.inet import IPOption_Router_Alert

    packet = bytes(
        IP(src="192.0.2.1", dst="192.0.2.2", options=[IPOption_Router_Alert()])
        / UDP(sport=40000, dport=9)
        / b"hi"
    )
    layers = dissect(packet, "ip")
    assert [(layer.name, layer.start) for layer in layers] == [("IPv4", 0), ("UDP", 24), ("Data", 32)]
    assert layers[0].value("options") == packet[20:24]


def test_messages_that_go_on_in_the_next_segment_are_no_errors() -> None:
    hello = captures.frames("tls")[3][54:]
    begun = find(dissect(in_tcp(hello[:100]), "ip"), "TLS")
    assert begun.fields[-1].meaning == "417 more bytes come in later segments"
    head = find(dissect(in_tcp(b"GET / HTTP/1.1\r\nHost: onion.ex"), "ip"), "HTTP")
    assert head.fields[-1].meaning == "the head goes on in the next segment"
    part = find(dissect(in_tcp(b"\x81\x7e\x01"), "ip", application="websocket"), "WebSocket")
    assert part.fields[-1].name == "unfinished header"


def test_two_messages_in_one_segment_are_two_layers() -> None:
    alert = bytes([21, 3, 3, 0, 2, 2, 40])
    assert [layer.name for layer in dissect(in_tcp(alert * 2), "ip")] == ["IPv4", "TCP", "TLS", "TLS"]
    ping = b"\x89\x00"
    names = [layer.name for layer in dissect(in_tcp(ping * 2), "ip", application="websocket")]
    assert names == ["IPv4", "TCP", "WebSocket", "WebSocket"]


def test_unknown_choices_name_the_known_ones() -> None:
    with pytest.raises(ValueError, match="unknown link 'wifi'; known are ethernet, ip"):
        dissect(b"", "wifi")
    with pytest.raises(ValueError, match="unknown application 'smtp'; known are http, tls, dns, websocket"):
        dissect(b"", application="smtp")
    with pytest.raises(KeyError, match="TCP has no field 'port'; it has source port"):
        find(dissect(captures.frames("http")[0]), "TCP").value("port")
