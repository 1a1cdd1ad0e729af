"""Assignment 14's frames beside two independent libraries: what wsproto and websockets write and read, so do we.

Every frame is read three ways: whole, byte by byte, and with other bytes behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from wsproto.frame_protocol import FrameDecoder, FrameProtocol, ParseFailed
from wsproto.frame_protocol import Opcode as WsprotoOpcode
from wsproto.utilities import generate_accept_token

from autograder.checks.websockets_bytes import frames
from tests import bank

OURS: dict[str, Any] = {}
exec(bank.solutions()["MessageReader"], OURS)  # all cells up to this one, and so all functions of this file's interest

OPCODES = st.sampled_from(frames.OPCODES)
KEYS = st.binary(min_size=4, max_size=4)
SIZES = st.one_of(st.integers(0, 300), st.sampled_from(frames.BORDERS))
PAYLOADS = st.builds(lambda size, seed: (seed * (size // 7 + 1))[:size], SIZES, st.binary(min_size=7, max_size=7))


@st.composite
def legal(draw: st.DrawFn) -> tuple[int, bytes, bool]:
    """Opcode, payload and FIN of a frame that may be sent."""
    opcode, payload, fin = draw(OPCODES), draw(PAYLOADS), draw(st.booleans())
    return (opcode, payload[:125], True) if opcode >= 8 else (opcode, payload, fin)


@given(st.binary(min_size=16, max_size=16))
def test_accept_key_is_that_of_wsproto(nonce: bytes) -> None:
    key = frames.masked(nonce, nonce[:4]).hex()
    assert OURS["accept_key"](key).encode() == generate_accept_token(key.encode())


@given(legal(), st.none() | KEYS)
def test_written_as_websockets_writes(wanted: tuple[int, bytes, bool], key: bytes | None) -> None:
    opcode, payload, fin = wanted
    ours = OURS["encode_frame"](opcode, payload, fin, key)
    assert frames.frame(opcode, payload, fin=fin, key=key) == ours, "the checks write the same"
    plain = Frame(Opcode(opcode), payload, fin).serialize(mask=False)
    if key is None:
        assert ours == plain
    else:
        head = len(plain) - len(payload)
        assert ours[:1] == plain[:1]
        assert ours[1] == plain[1] | 0x80
        assert ours[2:head] == plain[2:head]
        assert ours[head : head + 4] == key
        assert _by_wsproto(ours, from_client=True) == (fin, opcode, payload)


@given(legal(), st.booleans(), st.binary(max_size=9))
def test_read_whole_byte_by_byte_and_with_trailing_bytes(
    wanted: tuple[int, bytes, bool], from_client: bool, trailing: bytes
) -> None:
    opcode, payload, fin = wanted
    data = Frame(Opcode(opcode), payload, fin).serialize(mask=from_client)
    decode = OURS["decode_frame"]
    assert decode(data, from_client) == (fin, opcode, payload, b"")
    assert decode(data + trailing, from_client) == (fin, opcode, payload, trailing)
    cuts = range(len(data)) if len(data) < 400 else (*range(20), *range(len(data) - 20, len(data)))
    assert {decode(data[:cut], from_client) for cut in cuts} == {None}


@given(st.binary(min_size=2, max_size=24), st.booleans())
def test_any_bytes_are_judged_as_wsproto_judges_them(data: bytes, from_client: bool) -> None:
    # Half of all bytes have the mask bit of the wrong direction: set it right in these, so that the rest is looked at.
    mask_bit = 0x80 if from_client else 0
    data = bytes([data[0] & 0x8F, data[1] & 0x7F | mask_bit]) + data[2:]
    _judged_alike(data, from_client)


@given(st.integers(0, 255), st.integers(0, 255), st.sampled_from([0, 1, 125, 126, 65535, 65536, 1 << 62, 1 << 63]))
def test_headers_are_judged_as_wsproto_judges_them(first: int, second: int, length: int) -> None:
    size = {126: 2, 127: 8}.get(second & 0x7F, 0)
    if length < 1 << (8 * size):
        _judged_alike(bytes([first, second]) + length.to_bytes(size, "big"), True)


@pytest.mark.parametrize("limit", [0, 1, 125, 126, 65535, 65536])
def test_a_limit_is_what_is_allowed(limit: int) -> None:
    decode = OURS["decode_frame"]
    assert decode(frames.frame(2, bytes(limit)), False, limit) == (True, 2, bytes(limit), b"")
    with pytest.raises(ValueError, match="1009"):
        decode(frames.frame(2, bytes(limit + 1)), False, limit)


TEXTS = st.text(max_size=6).map(str.encode) | st.binary(max_size=4) | st.sampled_from([b"\xc3", b"\xa9", b"\xed\xa0"])
CLOSES = st.builds(
    lambda code, reason: code.to_bytes(2, "big") + reason,
    st.sampled_from([0, 999, 1000, 1003, 1004, 1005, 1006, 1007, 1011, 1015, 1016, 2999, 3000, 4999]),
    TEXTS,
)
PIECES = st.one_of(
    st.tuples(st.sampled_from([0, 0, 1, 2]), TEXTS, st.booleans()),
    st.tuples(st.sampled_from([9, 10]), TEXTS, st.just(True)),
    st.tuples(st.just(8), st.one_of(CLOSES, st.just(b""), st.just(b"\x03")), st.just(True)),
)


@given(st.lists(PIECES, max_size=8), st.booleans(), st.integers(0, 1 << 32))
def test_messages_are_those_of_wsproto(pieces: list[tuple[int, bytes, bool]], from_client: bool, cuts: int) -> None:
    key = b"\x91\x02\x73\xf4" if from_client else None
    sent = [frames.frame(opcode, payload, fin=fin, key=key) for opcode, payload, fin in pieces]
    expected = list(_events_by_wsproto(sent, from_client))
    whole = b"".join(sent)
    assert _ours([whole], from_client) == expected
    assert _ours([whole[at : at + 1] for at in range(len(whole))], from_client) == expected
    cut = cuts % (len(whole) + 1)
    assert _ours([whole[:cut], whole[cut:]], from_client) == expected


def _ours(chunks: list[bytes], from_client: bool) -> list[tuple[Any, ...]]:
    """The events of our reader, without the reasons of errors."""
    reader = OURS["MessageReader"](from_client)
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    return [event[:2] if event[0] == "error" else event for event in events]


def _events_by_wsproto(sent: list[bytes], from_client: bool) -> Iterator[tuple[Any, ...]]:
    """The same from wsproto: its pieces of messages put together, its exceptions as errors."""
    protocol = FrameProtocol(client=not from_client, extensions=[])
    parts: list[Any] = []
    for data in sent:
        protocol.receive_bytes(data)
        try:
            for frame in protocol.received_frames():
                payload: Any = frame.payload
                match frame.opcode:
                    case WsprotoOpcode.PING:
                        yield ("ping", bytes(payload))
                    case WsprotoOpcode.PONG:
                        yield ("pong", bytes(payload))
                    case WsprotoOpcode.CLOSE:
                        yield ("close", int(payload[0]), payload[1] or "")
                        return
                    case _:
                        parts.append(payload)
                        if frame.message_finished:
                            is_text = frame.opcode is WsprotoOpcode.TEXT
                            yield ("text", "".join(parts)) if is_text else ("binary", b"".join(parts))
                            parts = []
        except ParseFailed as error:
            yield ("error", int(error.code))
            return


def _by_wsproto(data: bytes, *, from_client: bool) -> tuple[bool, int, bytes] | None:
    """The one frame that wsproto reads in some bytes; None if it waits for more.

    Raises:
        ParseFailed: wsproto finds them wrong.
    """
    decoder = FrameDecoder(client=not from_client)
    decoder.receive_bytes(data)
    payload = b""
    while (piece := decoder.process_buffer()) is not None:
        found: Any = piece.payload
        payload += bytes(found)
        if piece.frame_finished:
            return piece.message_finished, int(piece.opcode), payload
    return None


def _judged_alike(data: bytes, from_client: bool) -> None:
    """See that wsproto and our decoder say the same: a frame, not yet, or wrong."""
    try:
        theirs = _by_wsproto(data, from_client=from_client)
    except ParseFailed as error:
        with pytest.raises(ValueError) as ours:
            OURS["decode_frame"](data, from_client)
        assert ours.value.args[0] == int(error.code) == 1002
    else:
        got = OURS["decode_frame"](data, from_client)
        assert (got and got[:3]) == theirs


def test_wsproto_writes_what_we_read() -> None:
    writer = FrameProtocol(client=True, extensions=[])
    stream = writer.send_data("h\u00e9llo", fin=False) + writer.ping(b"?") + writer.send_data("!", fin=True)
    stream += writer.send_data(b"\x00" * 70000) + writer.close(1000, "bye")
    assert _ours([bytes(stream)], True) == [
        ("ping", b"?"),
        ("text", "h\u00e9llo!"),
        ("binary", b"\x00" * 70000),
        ("close", 1000, "bye"),
    ]
