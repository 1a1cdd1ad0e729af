"""Send a request, say that it is complete, and read the whole answer."""

from __future__ import annotations

import socket
from random import Random

from autograder.checks.fixtures import Likely, Peer
from autograder.checks.tcp_sockets.probes import (
    MEBIBYTE,
    awaiting_the_end,
    large,
    left_open,
    need_bytes,
    need_ipv6,
    stopped_early,
)
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Silent
from autograder.judge.learner import Learner
from autograder.loopback import (
    Pause,
    ReceiveExactly,
    ReceiveSlowly,
    ReceiveToEnd,
    Reset,
    Send,
    SendPaced,
)

STOPPED = (
    "what came back is a true beginning of the answer, and then reading stopped: recv returns what has "
    "arrived so far, however little, and only b'' says that the server has finished"
)


@exercise
def fetch(host: str, port: int, request: bytes) -> bytes: ...


@requirement(
    points=1,
    source="RFC 9293 section 3.9.1",
    hint="Connect, send all, then receive in a loop that ends when recv returns b''.",
)
def test_answer(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """The server's answer is returned, as bytes."""
    request, answer = _text(rng, 20), _text(rng, 30)
    server = peer(ReceiveExactly(len(request)), Pause(0.1), Send(answer))
    idle = learner.cpu_seconds
    try:
        got = learner(*server.address, request)
    except Silent:
        likely(
            server.transcript.all_sent == answer and learner.cpu_seconds - idle > 0.4,
            "the whole answer and its end were there, and the program went on computing: once the server has "
            "finished, recv returns b'' at once, again and again, until the loop takes it for the end",
        )
        raise
    need_bytes(got, "fetch")
    assert got == answer


@requirement(
    points=1,
    source="RFC 9293 section 3.6.1; man 2 shutdown",
    hint="sock.shutdown(socket.SHUT_WR) sends the end of your bytes and leaves the way back open.",
)
def test_half_close(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A server that reads the request to its end before it answers gets that end after the last byte."""
    request, answer = _text(rng, 20), _text(rng, 30)
    server = peer(ReceiveToEnd(), Send(answer))
    with awaiting_the_end(server, request, likely):
        got = learner(*server.address, request)
    need_bytes(got, "fetch")
    likely(
        got == b"" and server.wait(1.0) and server.transcript.all_sent == answer,
        "not one byte of the answer was read: shutdown(socket.SHUT_WR) ends only your sending side, "
        "while SHUT_RDWR and close end your receiving side too",
    )
    assert server.received == request
    assert got == answer


@requirement(
    points=1,
    source="RFC 9293 section 3.9.1.3; man 2 recv",
    hint="How many recv calls an answer takes is up to the network. Go on until b''.",
    needs="test_answer",
)
def test_pieces(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """An answer that arrives byte by byte comes back whole and unchanged."""
    request = _text(rng, 20)
    # Spaces and line ends are part of the answer; the letters of several bytes are cut inside.
    answer = b" \t" + f"café 日本 \N{ROCKET} {rng.randrange(10**9)}".encode() + b"\x00\xff\r\n\n"
    server = peer(ReceiveExactly(len(request)), SendPaced(answer, size=1, gap=0.002))
    got = learner(*server.address, request)
    likely(stopped_early(got, answer), STOPPED)
    assert got == answer


@requirement(
    points=1,
    source="man 2 send",
    hint="send returns how many bytes it took. sendall calls it until all are gone.",
    needs="test_answer",
)
def test_sends_everything(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Every byte of the request is sent, even when the system takes only a part of it at a time."""
    learner.instrument(short_send=1000)
    request, answer = _text(rng, 5000), _text(rng, 30)
    server = peer(ReceiveExactly(len(request)), Send(answer))
    try:
        got = learner(*server.address, request)
    finally:
        arrived = server.received[: len(request)]
        likely(
            server.wait(0.2) and arrived[:1000] == request[:1000] and arrived[:1001] != request[:1001],
            f"the request has {len(request)} bytes and {len(arrived)} arrived: here each send takes "
            "1000 bytes at most, as send may, and returns how many it took; the rest is still yours to send",
        )
    assert arrived == request
    assert got == answer


@requirement(
    points=1,
    source="RFC 9293 section 3.8.6",
    hint="Collect the pieces in a list or a bytearray, with no limit on their number.",
    needs="test_answer",
)
def test_four_mebibytes(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """4 MiB of request reach a server that reads slowly, and 4 MiB of answer come back."""
    request, answer = (b"[" + large(rng, 4 * MEBIBYTE - 2) + b"]" for _ in range(2))
    server = peer(
        ReceiveSlowly(total=len(request), size=65536, gap=0.001),
        Send(answer[:7]),
        Pause(0.02),  # so that the first piece is a short one, each time
        Send(answer[7:]),
    )
    got = learner(*server.address, request, seconds=10.0)
    arrived = server.received[: len(request)]
    assert arrived == request
    likely(stopped_early(got, answer), STOPPED)
    assert got == answer


@requirement(
    points=1,
    source="RFC 3493 section 3; man 3 getaddrinfo",
    hint="socket.create_connection((host, port)) finds the family that fits the host.",
    needs="test_answer",
)
def test_ipv6(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """The host that is asked for is the one that is called, also when it is an IPv6 address."""
    need_ipv6()
    request, answer = _text(rng, 20), _text(rng, 30)
    server = peer(ReceiveExactly(len(request)), Send(answer), family=socket.AF_INET6)
    got = learner(*server.address, request)
    assert got == answer


@requirement(
    points=1,
    source="RFC 9293 section 3.5.3",
    hint="Let the OSError of recv go to the caller: only the caller knows what to do about it.",
    needs="test_answer",
)
def test_reset(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A connection that breaks off is an error (OSError), never half an answer taken for a whole one."""
    request, beginning = _text(rng, 20), _text(rng, 30)
    server = peer(ReceiveExactly(len(request)), Send(beginning), Pause(0.05), Reset())
    learner.must_raise(OSError, *server.address, request)


@requirement(
    points=1,
    source="man 2 close; docs.python.org: socket.close",
    hint="with socket.create_connection(...) as sock: closes it however the block is left.",
    needs="test_answer",
)
def test_closes(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """When fetch has returned, its socket is closed."""
    # Held sockets stay open when their variable dies, as they may on any Python: only close() closes them.
    learner.instrument(hold_sockets=True)
    before = learner.open_sockets()
    for _ in range(3):
        request, answer = _text(rng, 20), _text(rng, 30)
        server = peer(ReceiveExactly(len(request)), Send(answer))
        got = learner(*server.address, request)
        assert got == answer
    left = left_open(learner, before)
    assert left == 0, f"after fetch has returned its socket must be closed; after 3 calls {left} stayed open"


def _text(rng: Random, length: int) -> bytes:
    """Letters and digits that no program can know beforehand."""
    return rng.randbytes(length).hex()[:length].encode("ascii")
