"""Send a message behind its length, so that the other side knows where it ends."""

from __future__ import annotations

import socket
from random import Random

from autograder.checks.fixtures import Likely, Peer
from autograder.checks.framing.probes import framed, text
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.judge.recipes import Connected
from autograder.loopback import ReceiveExactly, ScriptedPeer


@exercise
def send_message(sock: socket.socket, message: bytes) -> None: ...


@requirement(
    points=1,
    source="docs.python.org: struct, byte order; RFC 1700, Data Notations",
    hint="struct.pack('!I', n) and n.to_bytes(4, 'big') make the four bytes.",
)
def test_frame(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """First the length, 4 bytes and the highest first, then the message unchanged."""
    for length in (rng.randrange(5, 20), rng.randrange(259, 500), rng.randrange(70_000, 80_000)):
        message = b"\xff\r\n" + text(rng, length - 4) + b"\x00"
        right = framed(message)
        server = peer(ReceiveExactly(len(right)))
        learner(Connected(server.address), message)
        _agree(server, right, message, likely)


@requirement(
    points=1,
    source="docs.python.org: bytes",
    hint="An empty message is four zero bytes on the wire.",
    needs="test_frame",
)
def test_empty(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """An empty message is sent, too: its length, 0, and nothing else."""
    after = text(rng, 9)
    right = framed(b"") + framed(after)
    server = peer(ReceiveExactly(len(right)))
    sock = learner.make(Connected(server.address))
    learner(sock, b"")
    learner(sock, after)
    server.wait(0.3)
    likely(server.received == framed(after), "nothing was sent for the empty message: a message of 0 bytes is one")
    assert server.received == right


@requirement(
    points=1,
    source="man 2 send",
    hint="send returns how many bytes it took. sendall calls it until all are gone.",
    needs="test_frame",
)
def test_sends_everything(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Every byte is sent, even when the system takes only a part of it at a time."""
    # 3 bytes a send: the length itself does not fit into one.
    for limit, length in ((1000, 5000), (3, 20)):
        message = text(rng, length)
        right = framed(message)
        server = peer(ReceiveExactly(len(right)))
        sock = learner.make(Connected(server.address, send_limit=limit))
        learner(sock, message)
        server.wait(0.5)
        likely(
            len(server.received) < len(right),
            f"the frame has {len(right)} bytes and {len(server.received)} arrived: here each send takes {limit} bytes "
            "at most, as send may, and returns how many it took; the rest is still yours to send",
        )
        assert server.received == right


@requirement(
    points=1,
    source="RFC 9293 section 3.9.1",
    hint="The connection belongs to the caller: neither close nor shutdown.",
    needs="test_frame",
)
def test_in_a_row(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Several messages go over one connection, which stays open; None is returned."""
    messages = [text(rng, rng.randrange(3, 30)) for _ in range(4)]
    right = b"".join(map(framed, messages))
    server = peer(ReceiveExactly(len(right)))
    sock = learner.make(Connected(server.address))
    for message in messages:
        answer = learner(sock, message)
        assert answer is None, f"send_message must return None, it returned {answer!r}"
    server.wait(0.5)
    assert server.received == right


def _agree(server: ScriptedPeer, right: bytes, message: bytes, likely: Likely) -> None:
    """Compare one frame with what arrived; name the slip that the first four bytes prove."""
    server.wait(0.5)
    got, length = server.received, len(message)
    likely(got[:4] == length.to_bytes(4, "little") and got[:4] != right[:4], "the length has its low byte first")
    likely(got[:4] == (length + 4).to_bytes(4, "big"), "the length counts itself: only the message is counted")
    likely(got[:2] == right[2:4] and got[2:5] == message[:3], "the length has 2 bytes: 4 are asked")
    likely(got[:8] == length.to_bytes(8, "big"), "the length has 8 bytes: 4 are asked")
    likely(got.startswith(str(length).encode("ascii")), "the length is written in decimal digits: 4 bytes are asked")
    likely(got[:3] == message[:3], "the message came without a length before it")
    assert got == right
