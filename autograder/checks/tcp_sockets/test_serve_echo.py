"""Echo every byte to every client, one client after another, and outlive the ones that misbehave."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from random import Random
from threading import Thread

from autograder.checks.fixtures import Likely
from autograder.checks.tcp_sockets.probes import MEBIBYTE, large, left_open, still_serving
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner, Running
from autograder.judge.recipes import Listener
from autograder.loopback import EarlyEnd, NoAnswer, RecordedSocket, reset, waits

SMALL_BUFFER = 65536
"""Bytes of a socket buffer where megabytes must not fit into the kernel."""


@exercise
def serve_echo(listener: socket.socket) -> None: ...


@requirement(
    points=1,
    source="RFC 862; RFC 9293 section 3.9.1",
    hint="accept gives a new socket for the conversation: recv from it, sendall to it.",
)
def test_one_client(learner: Learner, rng: Random) -> None:
    """What a client sends comes back."""
    server = learner.start(Listener())
    message = _text(rng, 40)
    client = server.connect()
    client.send(message)
    _end(client)
    got = client.receive_exactly(len(message))
    assert got == message


@requirement(
    points=1,
    source="RFC 9293 section 3.9.1.3; man 2 recv",
    hint="recv returns as soon as anything has arrived. Echo that, and go round again.",
    needs="test_one_client",
)
def test_conversation(learner: Learner, rng: Random, likely: Likely) -> None:
    """Every message is echoed at once, whatever bytes it is made of, while the client waits for it."""
    server = learner.start(Listener())
    client = server.connect(timeout=1.5)
    for length in (1, 7, 256, 3):
        message = _bytes(rng, length)
        try:
            client.send(message)
            got = client.receive_exactly(length)
        except (EarlyEnd, ConnectionError):
            likely(
                length > 1 and server.still_running,
                "the connection was closed after an earlier echo, while the client went on talking: one "
                "recv is not the whole conversation",
            )
            raise
        except NoAnswer as silence:
            likely(
                silence.partial and silence.partial == message.strip(),
                "only the white space at the end of the message is missing: it is a byte like any other",
            )
            raise
        assert got == message


@requirement(
    points=1,
    source="RFC 9293 section 3.6.1; man 2 recv",
    hint="recv returns b'' when the client has said its last byte. Then leave the loop and close.",
    needs="test_one_client",
)
def test_half_close(learner: Learner, rng: Random, likely: Likely) -> None:
    """When the client has ended its side, the echo is completed and the connection closed."""
    server = learner.start(Listener())
    message = _text(rng, 1000)
    client = server.connect(timeout=1.5)
    client.send(message)
    _end(client)
    busy = learner.cpu_seconds
    try:
        got = client.receive_to_end()
    except NoAnswer as silence:
        spinning = learner.cpu_seconds - busy > 0.3
        likely(
            silence.partial == message and spinning,
            "the echo is complete, and the program goes on computing: recv returns b'' at once, again "
            "and again, until the loop takes it for the end",
        )
        likely(
            silence.partial == message and not spinning,
            "the echo is complete, but the connection was not closed after the client's end",
        )
        raise
    assert got == message


@requirement(
    points=1,
    source="man 2 accept",
    hint="An outer loop accepts, an inner loop echoes.",
    needs="test_one_client",
)
def test_next_client(learner: Learner, rng: Random, likely: Likely) -> None:
    """When one client has gone, the next one is served, as often as one comes."""
    server = learner.start(Listener())
    waiting = [server.connect(title=f"client {number}", timeout=1.5) for number in (1, 2, 3)]
    for client in waiting:
        with still_serving(server, likely):
            _exchange(client, rng)
        client.close()


@requirement(
    points=1,
    source="RFC 9293 section 3.5.3; man 2 recv: ECONNRESET",
    hint="except ConnectionError around the one conversation, inside the loop that accepts.",
    needs="test_next_client",
)
def test_reset(learner: Learner, rng: Random, likely: Likely) -> None:
    """A client that breaks its connection off does not stop the server for the others."""
    server = learner.start(Listener())
    rude = server.connect(title="a client that resets")
    _exchange(rude, rng, end=False)  # the server now waits in recv
    rude.reset()
    with still_serving(server, likely):
        _exchange(server.connect(title="a normal client"), rng)


@requirement(
    points=1,
    source="RFC 9293 section 3.5.3; man 2 send: ECONNRESET, EPIPE",
    hint="sendall can fail as well as recv: the try must cover both.",
    needs="test_reset",
)
def test_vanishing_client(learner: Learner, rng: Random, likely: Likely) -> None:
    """A client that disappears while its echo is on the way does not stop the server either."""
    server = learner.start(Listener())
    _send_until_stuck(server, learner)
    with still_serving(server, likely):
        _exchange(server.connect(title="a normal client"), rng)


@requirement(
    points=1,
    source="RFC 9293 section 3.8.6",
    hint="Echo each piece before you receive the next, and close only when all is sent.",
    needs="test_one_client",
)
def test_large(learner: Learner, rng: Random) -> None:
    """4 MiB come back whole to a client that reads slowly and has long ended its own side."""
    message = large(rng, 4 * MEBIBYTE)
    listener = learner.make(Listener())
    # Small buffers both ways, so that what the server has not sent yet is in its own hands and not in the kernel's.
    listener.call("setsockopt", socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
    server = learner.start(listener)
    client = server.connect(timeout=8.0, receive_buffer=SMALL_BUFFER)
    sender = Thread(target=_send_all_and_end, args=(client, message), daemon=True)
    sender.start()
    sender.join(waits.seconds(0.15))  # a server that takes everything now has it, and the end, before we read
    got = _receive_slowly(client, len(message))
    sender.join(waits.seconds(1.0))
    assert got == message


@requirement(
    points=1,
    source="man 2 send",
    hint="send returns how many bytes it took. sendall calls it until all are gone.",
    needs="test_one_client",
)
def test_sends_everything(learner: Learner, rng: Random, likely: Likely) -> None:
    """Every byte is echoed, even when the system takes only a part of what is sent at a time."""
    learner.instrument(short_send=1000)
    server = learner.start(Listener())
    message = _text(rng, 5000)
    client = server.connect(timeout=1.5)
    client.send(message)
    time.sleep(waits.seconds(0.05))
    _end(client)
    try:
        got = client.receive_exactly(len(message))
    except (EarlyEnd, NoAnswer) as short:
        likely(
            short.partial[:1000] == message[:1000] and short.partial[:1001] != message[:1001],
            f"{len(short.partial)} of {len(message)} bytes came: here each send takes 1000 bytes at "
            "most, as send may, and returns how many it took; the rest is still yours to send",
        )
        raise
    assert got == message


@requirement(
    points=1,
    source="man 2 close; docs.python.org: socket.close",
    hint="with conn: closes it however the block is left.",
    needs="test_half_close",
)
def test_closes(learner: Learner, rng: Random) -> None:
    """After a conversation its socket is closed."""
    # Held sockets stay open when their variable dies, as they may on any Python: only close() closes them.
    learner.instrument(hold_sockets=True)
    server = learner.start(Listener())
    _whole_conversation(server, rng)
    after_one = learner.open_sockets()
    for _ in range(3):
        _whole_conversation(server, rng)
    left = left_open(learner, after_one)
    assert left == 0, (
        f"a finished conversation must leave no socket open; after 3 conversations more, {left} stayed open"
    )


@requirement(
    points=1,
    source="man 2 accept",
    hint="except OSError around accept alone: it means that the listener is closed, so return.",
    needs="test_one_client",
)
def test_returns(learner: Learner, rng: Random) -> None:
    """When its listener is closed, it returns None."""
    server = learner.start(Listener())
    client = server.connect()
    _exchange(client, rng)
    client.close()
    server.stop_listening()
    answer = server.ended()
    assert answer is None, f"serve_echo must return None, it returned {answer!r}"


def _exchange(client: RecordedSocket, rng: Random, *, end: bool = True) -> None:
    """Send 20 bytes, say that this was all, and see that they come back."""
    message = _text(rng, 20)
    client.send(message)
    if end:
        _end(client)
    got = client.receive_exactly(len(message))
    assert got == message


def _end(client: RecordedSocket) -> None:
    """End our direction; where the connection is gone by now, receiving is what says so."""
    with suppress(OSError):
        client.end()


def _whole_conversation(server: Running, rng: Random) -> None:
    client = server.connect(timeout=1.5)
    _exchange(client, rng)
    client.receive_to_end()
    client.close()


def _send_until_stuck(server: Running, learner: Learner) -> None:
    """Fill all buffers on the way and back without ever reading, then reset the connection."""
    limit = 32 * MEBIBYTE  # a server that buffers without end would take anything
    block = bytes(65536)
    sent = 0
    rude = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    rude.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    rude.connect(server.address)
    rude.settimeout(waits.seconds(0.03))
    until = time.monotonic() + waits.seconds(2.0)
    while sent < limit and time.monotonic() < until:
        try:
            sent += rude.send(block)
        except TimeoutError:
            # Stuck, if the server waits as well; on a loaded machine it may only not have had its turn.
            if learner.is_waiting():
                break
        except OSError:
            break
    reset(rude)


def _send_all_and_end(client: RecordedSocket, message: bytes) -> None:
    try:
        client.send(message)
        _end(client)
    except OSError:
        pass  # the receiving half of the check sees the same trouble, and says so


def _receive_slowly(client: RecordedSocket, size: int) -> bytes:
    """Receive in small steps with pauses between them, until all is there or the connection ends."""
    pieces = []
    missing = size
    while missing:
        piece = client.receive(min(missing, 65536))
        if not piece:
            break
        pieces.append(piece)
        missing -= len(piece)
        time.sleep(0.0005)
    return b"".join(pieces)


def _text(rng: Random, length: int) -> bytes:
    """Letters and digits that no program can know beforehand, and no line end among them."""
    return rng.randbytes(length).hex()[:length].encode("ascii")


def _bytes(rng: Random, length: int) -> bytes:
    """Bytes that are no text: they begin with 0xff, end in a space, and hold no line end."""
    middle = bytes(byte for byte in rng.randbytes(length) if byte not in b"\n\r")
    return (b"\xff" + middle.ljust(length, b"\x00"))[: max(length - 1, 1)] + (b" " if length > 1 else b"")
