"""Assignment 04's solutions read back what they write, whatever the pieces and whatever follows."""

from __future__ import annotations

import json
import math
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.loopback import RecordedSocket, connect, one_byte
from tests import bank

SOLUTION: dict[str, Any] = {}
exec(bank.solutions()["serve_calculator"], SOLUTION)  # its notebook's last exercise: all cells

RECORDS = st.tuples(
    st.integers(0, 255),
    st.integers(0, 2**32 - 1),
    st.integers(-(2**15), 2**15 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=63),  # 252 bytes at most
)
LINES = st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=30), max_size=6)


@contextmanager
def pair(in_pieces: bool) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets; the second may receive only one byte at a time."""
    writer, reader = socket.socketpair()
    if in_pieces:
        reader = one_byte(reader)
    with writer, reader:
        reader.settimeout(10)
        yield writer, reader


def rest_of(reader: socket.socket) -> bytes:
    """What is still to be read."""
    rest = b""
    while piece := reader.recv(4096):
        rest += piece
    return rest


@given(st.lists(st.binary(max_size=300), max_size=5), st.binary(max_size=9), st.booleans())
def test_messages_come_back_and_the_rest_stays(messages: list[bytes], rest: bytes, in_pieces: bool) -> None:
    with pair(in_pieces) as (writer, reader):
        for message in messages:
            SOLUTION["send_message"](writer, message)
        writer.sendall(rest)
        writer.shutdown(socket.SHUT_WR)
        assert [SOLUTION["recv_message"](reader, 300) for _ in messages] == messages
        assert rest_of(reader) == rest


@given(st.binary(max_size=30), st.integers(0, 30), st.booleans())
def test_exactly_n_bytes_and_not_one_more(data: bytes, n: int, in_pieces: bool) -> None:
    with pair(in_pieces) as (writer, reader):
        writer.sendall(data)
        writer.shutdown(socket.SHUT_WR)
        if n > len(data):
            with pytest.raises(EOFError):
                SOLUTION["recv_exactly"](reader, n)
        else:
            assert SOLUTION["recv_exactly"](reader, n) == data[:n]
            assert rest_of(reader) == data[n:]


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_lines_come_back(lines: list[str], end: str, in_pieces: bool, cut: bool) -> None:
    with pair(in_pieces) as (writer, sock):
        writer.sendall("".join(line + end for line in lines).encode() + b"half a line" * cut)
        writer.shutdown(socket.SHUT_WR)
        reader = SOLUTION["LineReader"](sock, 120)
        assert [reader.readline() for _ in lines] == lines
        if cut:
            with pytest.raises(EOFError):
                reader.readline()
        else:
            assert reader.readline() is None


@given(RECORDS, st.binary(max_size=40))
def test_records_come_back_once_they_are_whole(reading: tuple[int, int, int, float, str], rest: bytes) -> None:
    record = SOLUTION["pack_reading"](*reading)
    for size in range(len(record)):
        assert SOLUTION["unpack_reading"](record[:size]) is None
    again, left = SOLUTION["unpack_reading"](record + rest)
    assert again == reading and math.copysign(1, again[3]) == math.copysign(1, reading[3])
    assert left == rest


@given(st.binary(max_size=60))
def test_any_bytes_are_a_record_or_too_few_or_refused(data: bytes) -> None:
    try:
        answer = SOLUTION["unpack_reading"](data)
    except UnicodeDecodeError:
        return
    if answer is not None and not math.isnan(answer[0][3]):
        assert SOLUTION["pack_reading"](*answer[0]) + answer[1] == data


@contextmanager
def calculator() -> Iterator[RecordedSocket]:
    """A client of the solution's calculator."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=SOLUTION["serve_calculator"], args=(listener,))
        thread.start()
        with connect(listener.getsockname()) as client:
            yield client
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        (b"[" * 60_000, 1),  # deeper than Python can go
        (b'{"id": 1, "op": "*", "a": 1e308, "b": 10}', 1),  # JSON has no infinity
        (b'{"id": 1, "op": "*", "a": %s, "b": %s}' % (b"9" * 4000, b"9" * 4000), 1),  # more digits than Python prints
        (b'{"id": 1, "op": "+", "a": true, "b": 1}', 1),
        (b'{"id": 1, "op": {}, "a": 1, "b": 1}', 1),
        (b'{"id": 1, "op": "/", "a": %s, "b": 1}' % (b"9" * 400), 2),  # more than a float can hold
    ],
)
def test_the_calculator_answers_strange_lines_and_lives(line: bytes, answers: int) -> None:
    with calculator() as client:
        client.send(line + b"\n")
        client.send(b'{"id": 2, "op": "+", "a": 1, "b": 1}\n' * (answers - 1))
        client.end()
        got = [json.loads(text) for text in client.receive_to_end().splitlines()]
        assert len(got) == answers
        assert "error" in got[0] and "result" not in got[0]
        assert got[1:] == [{"id": 2, "result": 2}] * (answers - 1)
