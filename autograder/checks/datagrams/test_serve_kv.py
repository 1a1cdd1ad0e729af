"""Keep values under keys for whoever asks: a protocol of our own, one datagram a question, one an answer."""

from __future__ import annotations

import socket
from random import Random

from autograder.checks.datagrams.probes import LARGEST, Client, roomy_socket, still_serving
from autograder.checks.fixtures import Likely
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.judge.recipes import Datagram

NAME = "serve_kv"

PUT, GET, STORED, VALUE, NOTHING = b"P", b"G", b"S", b"V", b"N"

CONTRACT = "the table of datagrams in the exercise's text"


@exercise
def serve_kv(sock: socket.socket) -> None: ...


@requirement(
    points=1,
    source=CONTRACT,
    hint="The answer to a put is S and the four bytes of the request id, copied as they came.",
)
def test_put(learner: Learner, rng: Random) -> None:
    """A put is answered with S and the id of the request, nothing else."""
    server = learner.start(Datagram())
    with Client(learner, server.address) as client:
        number = rng.randbytes(4)
        assert _ask(client, PUT, number, _plain(rng, 9), _plain(rng, 20), 5) == STORED + number


@requirement(
    points=1,
    source=CONTRACT,
    hint="A dictionary from key to value, both bytes, made before the loop.",
    needs="test_put",
)
def test_get(learner: Learner, rng: Random, likely: Likely) -> None:
    """What one client has put, another one gets: V, the id of its own request, the value."""
    server = learner.start(Datagram())
    pairs = [(_plain(rng, 8), _plain(rng, 12)) for _ in range(4)]
    with (
        Client(learner, server.address) as writer,
        Client(learner, server.address) as reader,
        still_serving(server, likely, NAME),
    ):
        for key, value in pairs:
            _ask(writer, PUT, rng.randbytes(4), key, value, 5)
        for key, value in reversed(pairs):
            number = rng.randbytes(4)
            got = _ask(reader, GET, number, key, b"", 17)
            likely(got[:5] == NOTHING + number, "another client had put this key: all share one store")
            assert got == VALUE + number + value


@requirement(
    points=1,
    source=CONTRACT,
    hint="A value of no bytes is a value. Does your test for 'is it there?' know the difference?",
    needs="test_put",
)
def test_nothing_there(learner: Learner, rng: Random) -> None:
    """A key that was never put is answered with N; one with an empty value with V and nothing behind the id."""
    server = learner.start(Datagram())
    key, number, other = _plain(rng, 7), rng.randbytes(4), rng.randbytes(4)
    with Client(learner, server.address) as client:
        assert _ask(client, GET, number, key, b"", 5) == NOTHING + number
        _ask(client, PUT, rng.randbytes(4), key, b"", 5)
        assert _ask(client, GET, other, key, b"", 5) == VALUE + other


@requirement(
    points=1,
    source=CONTRACT,
    hint="The newest value counts. A put that comes twice is answered twice: the first answer may be lost.",
    needs="test_put",
)
def test_put_again(learner: Learner, rng: Random) -> None:
    """A second put replaces the value, and a repeated datagram is answered again in the same way."""
    server = learner.start(Datagram())
    key, old, new, number = _plain(rng, 7), _plain(rng, 10), _plain(rng, 6), rng.randbytes(4)
    with Client(learner, server.address) as client:
        _ask(client, PUT, rng.randbytes(4), key, old, 5)
        for _ in range(2):
            assert _ask(client, PUT, number, key, new, 5) == STORED + number
        assert _ask(client, GET, number, key, b"", 11) == VALUE + number + new


@requirement(
    points=1,
    source=CONTRACT,
    hint="Byte 5 says how long the key is, 1 to 255. Cut there and nowhere else; keys and values are bytes, not text.",
    needs="test_put",
)
def test_any_bytes(learner: Learner, rng: Random) -> None:
    """Keys and values may hold any bytes: spaces, line ends, zeros, =; a key up to 255 of them."""
    server = learner.start(Datagram())
    base = rng.randbytes(3)
    pairs = {
        base: b" \x00\n",
        base + b"\x00": b"=\xff",
        base + b" ": b"\r\n" + base,
        b"\n" + base: b"",
        base + b"\xe8": b"\xe9",
        base + b"\xe9": b"\xe8",
        base + b"=" + base: b"=",
        b"\x00": b"\x00\x00",
        base + rng.randbytes(252): b" " + rng.randbytes(40) + b" ",
    }
    with Client(learner, server.address) as client:
        for key, value in pairs.items():
            _ask(client, PUT, rng.randbytes(4), key, value, 5)
        for key, value in pairs.items():
            number = rng.randbytes(4)
            assert _ask(client, GET, number, key, b"", 5 + len(value)) == VALUE + number + value


@requirement(
    points=1,
    source="RFC 768; RFC 791 section 3.1: Total Length",
    hint="The buffer of recvfrom must hold the largest datagram.",
    needs="test_put",
)
def test_large_value(learner: Learner, rng: Random, likely: Likely) -> None:
    """A put that fills the largest datagram, 65,507 bytes, is kept whole."""
    sock = roomy_socket(learner)
    server = learner.start(sock)
    key, number = _plain(rng, 10), rng.randbytes(4)
    value = rng.randbytes(LARGEST - 7 - len(key)) + b"\xff"
    with Client(learner, sock.address) as client, still_serving(server, likely, NAME):
        _ask(client, PUT, rng.randbytes(4), key, value, 5)
        got = _ask(client, GET, number, key, b"", 5 + len(value))
        likely(
            5 < len(got) < len(value) and value.startswith(got[5:]),
            f"{6 + len(key) + len(value):,} bytes were put, the first {len(got) + 1 + len(key):,} were kept: "
            "the rest did not fit into recvfrom's buffer",
        )
        assert got == VALUE + number + value


@requirement(
    points=2,
    source=CONTRACT,
    hint="Check the length before you cut: at least 6 bytes, the key all there, nothing behind the key of a get.",
    needs="test_put",
)
def test_malformed(learner: Learner, rng: Random, likely: Likely) -> None:
    """A malformed datagram is not answered, changes nothing, and the next request is served."""
    server = learner.start(Datagram())
    key, value, number = _plain(rng, 7), _plain(rng, 10), b"\x01\x02" + rng.randbytes(2)
    malformed = {
        "an empty datagram": b"",
        "one byte": PUT,
        "5 bytes, no length of the key": GET + number,
        "a key of no bytes (get)": GET + number + b"\x00",
        "a key of no bytes (put)": PUT + number + b"\x00" + value,
        "a key shorter than its length (get)": GET + number + bytes([len(key) + 1]) + key,
        "a key shorter than its length (put)": PUT + number + bytes([len(key) + 5]) + key,
        "bytes behind the key of a get": _request(GET, number, key, b"!"),
        "an operation that there is not": _request(b"X", number, key, value[::-1]),
        "an operation in small letters": _request(b"p", number, key, value[::-1]),
    }
    with Client(learner, server.address) as client, still_serving(server, likely, NAME):
        _ask(client, PUT, number, key, value, 5)
        for what, datagram in malformed.items():
            client.transcript.note(what)
            client.send(datagram)
            mark = rng.randbytes(4)
            got = _ask(client, GET, mark, key, b"", 5 + len(value))
            assert got[1:5] == mark, f"{what} must not be answered; the answer {got!r} came"
            assert got == VALUE + mark + value
        assert client.more() == [], "nothing malformed may be answered, not later either"


def _request(operation: bytes, number: bytes, key: bytes, value: bytes) -> bytes:
    return operation + number + bytes([len(key)]) + key + value


def _ask(client: Client, operation: bytes, number: bytes, key: bytes, value: bytes, size: int) -> bytes:
    """Send a request and receive the answer, which should have so many bytes."""
    client.send(_request(operation, number, key, value))
    return client.receive(size)


def _plain(rng: Random, size: int) -> bytes:
    """Random bytes from 0xc0 on: no letter, no space, no zero. The traps are in test_any_bytes."""
    return bytes(rng.randrange(0xC0, 0x100) for _ in range(size))
