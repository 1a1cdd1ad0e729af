"""Fetch an answer within a number of seconds for the whole conversation, or raise TimeoutError."""

from __future__ import annotations

from random import Random

from autograder.checks.fixtures import Likely, Peer
from autograder.checks.tcp_sockets.probes import (
    MEBIBYTE,
    awaiting_the_end,
    left_open,
    need_bytes,
    stopped_early,
    unanswered_address,
)
from autograder.checks.tcp_sockets.test_fetch import STOPPED
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.loopback import Hold, Pause, ReceiveToEnd, Send, SendPaced, waits


@exercise
def fetch_within(host: str, port: int, request: bytes, seconds: float) -> bytes: ...


@requirement(
    points=1,
    source="RFC 9293 section 3.6.1",
    hint="Begin with your fetch: send all, end your side, read until b''.",
)
def test_answer(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """An answer that is in time is returned whole, as fetch does it."""
    request, answer = _text(rng, 20), _text(rng, 30)
    server = peer(ReceiveToEnd(), SendPaced(answer, size=1, gap=0.002))
    with awaiting_the_end(server, request, likely):
        # Plenty, so that even who counts the time several times stays in it: test_slow_answer asks about that.
        got = learner(*server.address, request, waits.seconds(60.0), seconds=2.5)
    need_bytes(got, "fetch_within")
    likely(stopped_early(got, answer), STOPPED)
    assert got == answer


@requirement(
    points=1,
    source="docs.python.org: time.monotonic",
    hint="Compute the moment of the end once, at the beginning; what is left is that moment minus now.",
    needs="test_answer",
)
def test_slow_answer(learner: Learner, peer: Peer, rng: Random) -> None:
    """An answer that takes its time, but not too much, is not cut off."""
    request, answer = _text(rng, 20), _text(rng, 10)
    server = peer(ReceiveToEnd(), SendPaced(answer, size=1, gap=0.05))
    got = learner(*server.address, request, waits.seconds(2.0), seconds=2.5)
    assert got == answer


@requirement(
    points=1,
    source="docs.python.org: socket.settimeout",
    hint="sock.settimeout(seconds) makes every later call on that socket raise TimeoutError in time.",
)
def test_silence(learner: Learner, peer: Peer, rng: Random) -> None:
    """A server that never answers is given up with TimeoutError when the time is over, and not before."""
    given = waits.seconds(0.4)
    server = peer(ReceiveToEnd(), Hold(6.0))
    learner.must_raise(TimeoutError, *server.address, _text(rng, 20), given, seconds=2.5)
    assert learner.elapsed > 0.9 * given, (
        f"{given:g} s were given; TimeoutError came after {learner.elapsed:.3f} s already"
    )


@requirement(
    points=1,
    source="docs.python.org: socket.settimeout; RFC 9293 section 3.9.1.3",
    hint="Before each recv set the timeout to what is left of the whole; nothing left is a TimeoutError.",
    needs="test_silence",
)
def test_trickle(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A server that sends a byte every now and then is given up when the whole time is over."""
    given = waits.seconds(0.4)
    server = peer(ReceiveToEnd(), SendPaced(_text(rng, 60), size=1, gap=0.1))
    try:
        learner.must_raise(TimeoutError, *server.address, _text(rng, 20), given, seconds=2.5)
    finally:
        arrived = len(server.transcript.all_sent)
        likely(
            arrived >= 8,
            f"{given:g} s were given and meanwhile {arrived} bytes came, one every {waits.seconds(0.1):g} s: "
            "each recv had its byte in time and began to wait anew; the time is for all of them together",
        )


@requirement(
    points=1,
    source="RFC 9293 section 3.8.6; man 2 send",
    hint="sendall waits while the server's buffers are full. It, too, obeys the socket's timeout.",
    needs="test_silence",
)
def test_sending(learner: Learner, peer: Peer, rng: Random) -> None:
    """A server that never reads the request is given up in time, too."""
    request = bytes(12 * MEBIBYTE)  # larger than the buffers of both sides together
    server = peer(Hold(6.0), receive_buffer=65536)
    learner.must_raise(TimeoutError, *server.address, request, waits.seconds(0.4), seconds=2.5)


@requirement(
    points=1,
    source="docs.python.org: time.monotonic",
    hint="One end for all: connecting, sending and receiving share the seconds.",
    needs="test_silence",
)
def test_whole_conversation(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Sending and receiving share the time: slow in both is too slow, even if each alone would be in time."""
    request, answer = bytes(12 * MEBIBYTE), _text(rng, 20)
    # Between the pauses 12 MiB cross; the margin, 0.4 s, is for that, and a mebibyte of buffer makes it quick.
    pause, given = waits.seconds(0.6), waits.seconds(1.0)
    server = peer(Pause(0.6), ReceiveToEnd(), Pause(0.6), Send(answer), receive_buffer=MEBIBYTE)
    try:
        learner.must_raise(TimeoutError, *server.address, request, given, seconds=2.5)
    finally:
        likely(
            server.transcript.all_sent == answer,
            f"the server took {pause:g} s to read and {pause:g} s to answer, together more than the "
            f"{given:g} s given: each part had the whole time for itself",
        )


@requirement(
    points=1,
    source="man 2 connect; docs.python.org: socket.create_connection",
    hint="socket.create_connection((host, port), timeout=...) sets the timeout before it connects.",
    needs="test_silence",
)
def test_connecting(learner: Learner, rng: Random) -> None:
    """A server that does not even take the connection is given up in time."""
    with unanswered_address() as (host, port):
        learner.must_raise(TimeoutError, host, port, _text(rng, 20), waits.seconds(0.4), seconds=2.5)


@requirement(
    points=1,
    source="man 2 close; docs.python.org: socket.close",
    hint="with socket.create_connection(...) as sock: closes it also when an exception passes by.",
    needs="test_silence",
)
def test_closes(learner: Learner, peer: Peer, rng: Random) -> None:
    """After TimeoutError its socket is closed."""
    # Held sockets stay open when their variable dies, as they may on any Python: only close() closes them.
    learner.instrument(hold_sockets=True)
    before = learner.open_sockets()
    server = peer(ReceiveToEnd(), Hold(6.0))
    learner.must_raise(TimeoutError, *server.address, _text(rng, 20), waits.seconds(0.3), seconds=2.5)
    left = left_open(learner, before)
    assert left == 0, f"after TimeoutError no socket of the call may be open; {left} stayed open"


def _text(rng: Random, length: int) -> bytes:
    """Letters and digits that no program can know beforehand."""
    return rng.randbytes(length).hex()[:length].encode("ascii")
