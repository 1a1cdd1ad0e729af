"""Receive one message behind its length; tell an end between messages from one inside."""

from __future__ import annotations

import socket
from random import Random

from autograder.checks.fixtures import Likely, Peer
from autograder.checks.framing.probes import framed, noticing_a_spin, text
from autograder.checks.tcp_sockets.probes import need_bytes
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Failure
from autograder.judge.learner import Learner
from autograder.judge.recipes import Connected
from autograder.loopback import Hold, Send

LIMIT = 100_000
"""Bytes that a message may have where the requirement is not about the limit."""


@exercise
def recv_message(sock: socket.socket, limit: int) -> bytes | None: ...


@requirement(
    points=1,
    source="docs.python.org: struct, byte order",
    hint="int.from_bytes(four, 'big') is the length; recv_exactly does the rest.",
)
def test_message(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A message comes back without its length, as soon as it is complete, while the connection stays open."""
    for length in (rng.randrange(5, 20), rng.randrange(259, 500)):
        message = text(rng, length - 2) + b"\n\xff"
        server = peer(Send(framed(message)), Hold(10.0))
        got = learner(Connected(server.address), LIMIT)
        need_bytes(got, "recv_message")
        likely(got == framed(message), "the four bytes of the length are in the answer: the message alone is asked")
        likely(got == message[:-4], "the last 4 bytes are missing: the length does not count itself")
        assert got == message


@requirement(
    points=1,
    source="man 2 recv",
    hint="The length is four bytes of a stream as well: read it as carefully as the message.",
    needs="test_message",
)
def test_pieces(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A message that arrives byte by byte, its length included, comes back whole."""
    for length in (300, 7):
        message = text(rng, length)
        server = peer(Send(framed(message)), Hold(10.0))
        got = learner(Connected(server.address, one_byte=True), LIMIT)
        likely(
            isinstance(got, bytes) and len(got) < length and framed(message).find(got) < 5,
            "here recv returns one byte at a time, as it may: the length came in four pieces, the message in many",
        )
        assert got == message


@requirement(
    points=1,
    source="man 2 recv",
    hint="Never ask recv for more bytes than are missing.",
    needs="test_message",
)
def test_rest(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Messages that arrive together come back one a call; what follows them stays in the socket."""
    for one_byte in (False, True):
        messages = [text(rng, rng.randrange(3, 30)) for _ in range(3)]
        rest = b"!" + text(rng, 6)
        server = peer(Send(b"".join(map(framed, messages)) + rest), Hold(10.0))
        sock = learner.make(Connected(server.address, one_byte=one_byte, timeout=1.0))
        for number, message in enumerate(messages, 1):
            try:
                got = learner(sock, LIMIT)
            except Failure:
                likely(
                    number > 1,
                    "all messages came in one piece, and an earlier call took bytes of this one along: nobody "
                    "gets them now",
                )
                raise
            assert got == message
        left = b""
        while len(left) < len(rest):
            try:
                left += sock.call("recv", 100)
            except TimeoutError:
                break
        assert left == rest, f"{len(rest)} bytes followed the last message and must still be there; {len(left)} are"


@requirement(
    points=1,
    source="the contract; RFC 9293 section 3.6",
    hint="b'' is a message of no bytes. None is the end. `if not message` takes one for the other.",
    needs="test_message",
)
def test_empty(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A message of 0 bytes is b'', and the next one follows it."""
    after = text(rng, 9)
    server = peer(Send(framed(b"") + framed(after)), Hold(10.0))
    sock = learner.make(Connected(server.address))
    got = learner(sock, LIMIT)
    likely(got is None, "None says that the stream has ended; here a message came, and it has no bytes")
    likely(got == after, "the empty message was passed over")
    assert got == b"", f"the message b'' must come back, got {got!r}"
    got = learner(sock, LIMIT)
    assert got == after


@requirement(
    points=1,
    source="man 2 recv: the return value 0",
    hint="Not one byte of a length came: then the end is where it should be.",
    needs="test_message",
)
def test_end_between(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A stream that ends between two messages is None, as often as one asks."""
    message = text(rng, 12)
    server = peer(Send(framed(message)))
    sock = learner.make(Connected(server.address))
    got = learner(sock, LIMIT)
    assert got == message
    for _ in range(2):
        with noticing_a_spin(learner, likely):
            got = learner(sock, LIMIT)
        likely(got == b"", "b'' is a message of no bytes; here no message came")
        assert got is None, f"at the end of the stream None must come back, got {got!r}"


@requirement(
    points=1,
    source="man 2 recv: the return value 0",
    hint="After the first byte of a length the rest is owed. What is missing is an error: EOFError.",
    needs="test_message",
)
def test_end_inside(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A stream that ends inside a message, or inside its length, raises EOFError."""
    # Longer than 255, so that a length cut after 3 bytes is no length of its own.
    message = text(rng, rng.randrange(300, 400))
    frame = framed(message)
    for came in (1, 2, 3, 4, 5, len(frame) - 1):
        server = peer(Send(frame[:came]))
        likely_inside = "its length" if came < 4 else "the message"
        try:
            with noticing_a_spin(learner, likely):
                learner.must_raise(EOFError, Connected(server.address), LIMIT)
        except Failure:
            likely(True, f"the stream ended after {came} of {len(frame)} bytes, inside {likely_inside}")
            raise


@requirement(
    points=1,
    source="the contract; docs.python.org: struct, format characters",
    hint="Compare the length with the limit before you receive the first byte of the message. It is unsigned.",
    needs="test_message",
)
def test_limit(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A length of exactly the limit is allowed; one above it raises ValueError at once, before the message comes."""
    limit = rng.randrange(200, 300)
    message = text(rng, limit)
    server = peer(Send(framed(message)), Hold(10.0))
    got = learner(Connected(server.address), limit)
    assert got == message
    for length in (limit + 1, 2**31 + 5, 2**32 - 1):
        server = peer(Send(length.to_bytes(4, "big")), Hold(10.0))
        try:
            learner.must_raise(ValueError, Connected(server.address), limit, seconds=1.0)
        except Failure:
            likely(
                True,
                f"the length says {length:,} bytes and the limit is {limit}: whoever waits for them, or makes room "
                "for them, has let a stranger decide how much memory to use",
            )
            raise
