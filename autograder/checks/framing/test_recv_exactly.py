"""Receive exactly n bytes from a stream: not fewer, and not one more."""

from __future__ import annotations

import socket
from random import Random

from autograder.checks.fixtures import Likely, Peer
from autograder.checks.framing.probes import noticing_a_spin, text
from autograder.checks.tcp_sockets.probes import MEBIBYTE, need_bytes, stopped_early
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.judge.recipes import Connected
from autograder.loopback import Hold, Send

STOPPED = (
    "what came back is a true beginning of the bytes, and then reading stopped: recv(n) returns at most n bytes, "
    "and as few as have arrived"
)


@exercise
def recv_exactly(sock: socket.socket, n: int) -> bytes: ...


@requirement(
    points=1,
    source="man 2 recv",
    hint="recv until n bytes are together, and return them joined.",
)
def test_whole(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """n bytes come back as soon as they are there, while the connection stays open."""
    message = b"\xff\x00" + text(rng, rng.randrange(20, 40)) + b"\r\n "
    server = peer(Send(message), Hold(10.0))
    got = learner(Connected(server.address), len(message))
    need_bytes(got, "recv_exactly")
    likely(got == message.strip() != message, "white space at the end is missing: these are bytes like any other")
    assert got == message


@requirement(
    points=1,
    source="RFC 9293 section 3.9.1.3; man 2 recv",
    hint="Each recv may bring a part. How many bytes are missing then?",
    needs="test_whole",
)
def test_pieces(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """n bytes that arrive one at a time, or are half a megabyte, come back whole and in order."""
    message = text(rng, 40)
    server = peer(Send(message), Hold(10.0))
    got = learner(Connected(server.address, one_byte=True), len(message))
    likely(stopped_early(got, message), STOPPED)
    assert got == message
    message = rng.randbytes(MEBIBYTE // 2)  # small enough for answers that copy all of it with each piece
    server = peer(Send(message), Hold(10.0))
    got = learner(Connected(server.address), len(message))
    likely(stopped_early(got, message), STOPPED)
    assert got == message


@requirement(
    points=1,
    source="man 2 recv",
    hint="Ask recv for as many bytes as are still missing, never for more.",
    needs="test_whole",
)
def test_rest(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Bytes after the n stay in the socket, for the next call."""
    for one_byte in (False, True):
        message, rest = text(rng, 27), b"the rest " + text(rng, 8)
        server = peer(Send(message + rest), Hold(10.0))
        sock = learner.make(Connected(server.address, one_byte=one_byte, timeout=1.0))
        for start, stop in ((0, 5), (5, 25), (25, 27)):
            got = learner(sock, stop - start)
            need_bytes(got, "recv_exactly")
            likely(
                len(got) > stop - start and got == (message + rest)[start : start + len(got)],
                f"{stop - start} bytes were asked for and more were returned: the others belong to the next call",
            )
            assert got == message[start:stop]
        left = b""
        while len(left) < len(rest):
            try:
                piece = sock.call("recv", 100)
            except TimeoutError:
                break
            left += piece
        assert left == rest, f"{len(rest)} bytes followed the last call's and must still be there; {len(left)} are"


@requirement(
    points=1,
    source="man 2 recv: the return value 0",
    hint="When recv returns b'' and bytes are missing, raise EOFError.",
)
def test_early_end(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A stream that ends before the n bytes are together raises EOFError."""
    message = text(rng, 12)
    for came in (5, 11, 0):
        server = peer(Send(message[:came]))
        with noticing_a_spin(learner, likely):
            learner.must_raise(EOFError, Connected(server.address), len(message))


@requirement(
    points=1,
    source="man 2 recv",
    hint="With n = 0 nothing is missing, so there is nothing to wait for.",
)
def test_zero(learner: Learner, peer: Peer) -> None:
    """0 bytes are b'' at once, without waiting for anything and without the end being an error."""
    silent = peer(Hold(10.0))
    got = learner(Connected(silent.address), 0, seconds=1.0)
    need_bytes(got, "recv_exactly")
    assert got == b""
    ended = peer()
    got = learner(Connected(ended.address), 0, seconds=1.0)
    assert got == b""
