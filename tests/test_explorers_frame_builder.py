"""The frame builder: its bytes are those of two other implementations, and its faults those that RFC 6455 names."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from wsproto.frame_protocol import FrameDecoder

from explorers.frame_builder import OPCODES, build, frame_builder, from_hex, masked, read, to_bytes, to_text, words

KEY = bytes.fromhex("37fa213d")
SVG = {"s": "http://www.w3.org/2000/svg"}


@given(
    opcode=st.sampled_from([0, 1, 2]),
    size=st.sampled_from([0, 1, 5, 125, 126, 127, 65535, 65536]),
    fin=st.booleans(),
)
def test_a_frame_of_a_server_is_that_of_websockets(opcode: int, size: int, fin: bool) -> None:
    payload = bytes(byte % 128 for byte in range(size))
    assert build(opcode, payload, fin) == Frame(Opcode(opcode), payload, fin=fin).serialize(mask=False)


@given(payload=st.binary(max_size=300), key=st.binary(min_size=4, max_size=4), fin=st.booleans())
def test_wsproto_reads_what_is_built_masked(payload: bytes, key: bytes, fin: bool) -> None:
    decoder = FrameDecoder(client=False)
    decoder.receive_bytes(build(2, payload, fin, key))
    frame = decoder.process_buffer()
    assert frame is not None
    assert frame.payload == payload
    assert frame.frame_finished


@given(
    opcode=st.sampled_from(sorted(OPCODES)),
    payload=st.binary(max_size=200),
    fin=st.booleans(),
    key=st.none() | st.binary(min_size=4, max_size=4),
    rest=st.binary(max_size=3),
)
def test_bits_to_bytes_to_bits(opcode: int, payload: bytes, fin: bool, key: bytes | None, rest: bytes) -> None:
    reading = read(build(opcode, payload, fin, key) + rest)
    assert (reading.opcode, reading.payload, reading.fin, reading.key) == (opcode, payload, fin, key)
    assert (reading.missing, reading.left) == (0, len(rest))


@given(payload=st.binary(max_size=200), key=st.none() | st.binary(min_size=4, max_size=4), data=st.data())
def test_a_part_of_a_frame_is_no_fault_and_needs_more(payload: bytes, key: bytes | None, data: st.DataObject) -> None:
    whole = build(2, payload, True, key)
    cut = data.draw(st.integers(0, len(whole) - 1))
    reading = read(whole[:cut])
    assert not reading.faults
    assert 0 < reading.missing <= len(whole) - cut


def test_the_frames_of_the_rfc() -> None:
    # RFC 6455 section 5.7
    assert build(1, b"Hello") == from_hex("81 05 48 65 6c 6c 6f")
    assert build(1, b"Hello", key=KEY) == from_hex("0x81 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58")
    assert build(2, bytes(256))[:4] == from_hex("82 7e 01 00")
    assert build(2, bytes(65536))[:10] == from_hex("82 7f 00 00 00 00 00 01 00 00")
    assert masked(masked(b"Hello", KEY), KEY) == b"Hello"


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        ("c1 00", "5.2: an RSV bit is set"),
        ("83 00", "5.2: opcode 3 is reserved"),
        ("8b 00", "5.2: opcode 11 is reserved"),
        ("09 00", "5.5: a control frame must not be fragmented"),
        ("89 7e 00 7e", "5.5: a control frame has a payload of 125 bytes at most"),
        ("82 7e 00 7d", "5.2: the length 125 has a shorter form"),
        ("82 7f 00 00 00 00 00 00 ff ff", "5.2: the length 65535 has a shorter form"),
        ("82 7f 80 00 00 00 00 00 00 00", "5.2: the most significant bit"),
        ("88 01 03", "5.5.1: a close payload is empty, or begins with a code of 2 bytes"),
        ("88 02 03 ed", "7.4.1: the code 1005"),
        ("88 02 03 e7", "7.4: the close code 999 is not defined"),
        ("88 03 03 e8 ff", "5.5.1: the reason of a close must be UTF-8"),
        ("81 01 ff", "8.1: the payload of a text message must be UTF-8"),
        ("01 01 ff", "8.1: the payload of a text message must be UTF-8"),
        ("81 01 c3", "8.1: the payload of a text message must be UTF-8"),
    ],
)
def test_a_fault_has_its_section(frame: str, fault: str) -> None:
    reading = read(from_hex(frame))
    assert len(reading.faults) == 1
    assert reading.faults[0].startswith(fault)
    assert f"✗ RFC 6455 section {fault}" in words(reading.data)


@pytest.mark.parametrize(
    "frame", ["01 01 c3", "80 01 a9", "88 00", "88 02 03 e8", "8a 00", "02 00", "81 85 37fa213d 7f"]
)
def test_no_fault(frame: str) -> None:
    assert read(from_hex(frame)).faults == ()


def test_choosing_makes_bytes_and_pasting_chooses() -> None:
    explorer = frame_builder()
    explorer.masked = False
    assert explorer.hex == "81 05 48 65 6c 6c 6f"
    explorer.fin = False
    explorer.opcode = 9
    assert "✗ RFC 6455 section 5.5" in explorer.words()
    explorer.hex = "88 85 01020304 02 ea 61 7d 64"
    assert (explorer.fin, explorer.opcode, explorer.masked, explorer.key) == (True, 8, True, "01020304")
    assert explorer.payload == "1000 bye"
    explorer.payload = "4000 é"
    assert explorer.data == build(8, b"\x0f\xa0\xc3\xa9", True, b"\1\2\3\4")
    explorer.hex = "81"
    assert "need more: at least 1 byte" in explorer.svg


def test_many_bytes_are_counted_not_shown() -> None:
    explorer = frame_builder("x", key=None)
    explorer.times = 65536
    assert len(explorer.data) == 10 + 65536
    assert explorer.hex.endswith(" …")
    root = ET.fromstring(explorer.picture())
    assert "… 65,504 more bytes" in explorer.picture()
    assert root.findtext("s:title", namespaces=SVG) == "65546 bytes as a WebSocket frame"
    assert root.findtext("s:desc", namespaces=SVG) == explorer.words()


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("hex", "81 0g", "'g' is no hex digit"),
        ("hex", "81 0", "3 hex digits are not whole bytes"),
        ("key", "37fa21", "a masking key has 4 bytes, this one 3"),
        ("times", 70_000, "a payload of 350,000 bytes; here are 70,000 allowed"),
    ],
)
def test_a_slip_says_why_and_keeps_the_picture(name: str, value: object, problem: str) -> None:
    explorer = frame_builder()
    before = explorer.svg
    explorer.set_trait(name, value)
    assert explorer.problem.startswith(problem)
    assert explorer.svg == before


@given(opcode=st.sampled_from([1, 2, 8]), payload=st.binary(max_size=40))
def test_what_is_to_be_typed_for_a_payload_makes_it(opcode: int, payload: bytes) -> None:
    if b"\\" not in payload and not payload.endswith(b" ") and not payload[:1].isdigit():
        assert to_bytes(opcode, to_text(opcode, payload)) == payload


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"opcode": 16}, "opcode=16: it has 4 bits"), ({"key": b"abc"}, "a masking key has 4 bytes, this one 3")],
)
def test_bad_input_names_the_value(options: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        frame_builder(**options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="70000 does not fit"):
        to_bytes(8, "70000")
