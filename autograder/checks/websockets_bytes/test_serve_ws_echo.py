"""Echo WebSocket messages to many clients at once, and answer every frame as RFC 6455 says."""

from __future__ import annotations

import socket
import time
from random import Random

from autograder.checks.fixtures import Likely
from autograder.checks.tcp_sockets.probes import left_open
from autograder.checks.websockets_bytes.conformance.case import GOOD_HEAD
from autograder.checks.websockets_bytes.conformance.cases import works
from autograder.checks.websockets_bytes.conformance.frames import Event, Frame, ServerFrames
from autograder.checks.websockets_bytes.frames import BINARY, PING, TEXT
from autograder.checks.websockets_bytes.suite import named, passes
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner, Running
from autograder.judge.recipes import Listener
from autograder.loopback import EarlyEnd, NoAnswer, RecordedSocket, waits


@exercise
def serve_ws_echo(listener: socket.socket) -> None: ...


@requirement(
    points=1,
    source="RFC 6455 sections 4.2 and 5.2",
    hint="handshake, then feed what recv gives to a MessageReader, and send a frame for each event.",
)
def test_echo(learner: Learner, rng: Random) -> None:
    """Text comes back as text and binary as binary, whatever its length and however it was cut on its way."""
    server = learner.start(Listener())
    text = rng.randbytes(8).hex().encode()
    data = rng.randbytes(9)
    key = rng.randbytes(4)
    own = works("echo: a text and a binary message", "5.6", [Frame(TEXT, text, key=key), Frame(BINARY, data)],
                [("text", text), ("binary", data)])  # fmt: skip
    sizes = [case for case in named("framing") if "chops" not in case.name]
    cut = named("framing", "text of 128 bytes in chops", "binary of 65537 bytes in chops", "cut across", "byte by byte")
    passes(learner, server, [own, *sizes, *cut, *named("masking", "a new key in each frame", "131 bytes")])
    passes(learner, server, [*named("performance", "binary of 1 MiB"), *named("handshake", "keep-alive", "extension")])


@requirement(
    points=1,
    source="RFC 6455 sections 5.5.2 and 5.5.3",
    hint="A pong has opcode 10 and carries the payload of its ping. A pong that comes is no reason to send anything.",
    needs="test_echo",
)
def test_pings(learner: Learner, rng: Random) -> None:
    """A ping is answered with a pong of the same payload, also within a message; a pong is answered with nothing."""
    server = learner.start(Listener())
    token = rng.randbytes(12)
    own = works("control: a ping nobody could foresee", "5.5.2", [Frame(PING, token)], pongs=[token])
    others = named("control", "a ping ", "a pong, and then", "an empty pong", "ten pings", "pings between")
    good = [case for case in others if case.allowed[0].codes == frozenset({1000})]
    passes(learner, server, [own, *good])
    passes(learner, server, named("fragments", "a ping between two", "the pong comes before", "a ping after each"))


@requirement(
    points=0.5,
    source="RFC 6455 section 5.4",
    hint="MessageReader puts fragments together. Echo its events, not the frames.",
    needs="test_echo",
)
def test_fragments(learner: Learner) -> None:
    """A message in fragments comes back as one message."""
    server = learner.start(Listener())
    passes(learner, server, named("fragments", ": two", ": three", " one", "letter by letter", "of every form"))


@requirement(
    points=1,
    source="RFC 6455 sections 5.6 and 8.1",
    hint="The error event of MessageReader has the code 1007. It goes into a close frame, as two bytes.",
    needs="test_echo",
)
def test_utf8(learner: Learner) -> None:
    """Text that is UTF-8 comes back, cut anywhere; text that is not is answered with a close 1007 and never echoed."""
    server = learner.start(Listener())
    passes(learner, server, named("utf8", "all sizes mixed", "U+10FFFF", "cut at byte", "a fragment for each byte",
                                  "in a binary message", "in chops"))  # fmt: skip
    passes(learner, server, named("utf8", "continuation byte", "missing", "wrong", "overlong", "surrogate", "U+110000",
                                  "Latin-1", "ends within"))  # fmt: skip


@requirement(
    points=1,
    source="RFC 6455 sections 5.5.1 and 7.1",
    hint="Answer a close with one of the same code, then close the socket. A close without a code gets one without.",
    needs="test_echo",
)
def test_close(learner: Learner, likely: Likely) -> None:
    """A close is answered with a close of the same code, nothing comes after it, and the connection is closed."""
    # Held sockets stay open when their variable dies, as they may on any Python: only close() closes them.
    learner.instrument(hold_sockets=True)
    server = learner.start(Listener())
    try:
        passes(learner, server, named("close", "code 1000"), closing=True)
        before = learner.open_sockets()
        passes(learner, server, named("close", "without a code", "a reason", "code 1001", "code 3000", "code 4999",
                                      "ignored", "behind a message", "in chops"), closing=True)  # fmt: skip
    except AssertionError as wrong:
        got = str(wrong).rpartition("got: ")[2]
        likely(
            "close 1005" in got,
            "1005 is the name for a close without a code; it is never sent (section 7.4.1)",
        )
        likely(
            "end of the connection" in got and "close" not in got,
            "the connection was closed without a close frame before it",
        )
        raise
    left = left_open(learner, before)
    assert left <= 0, f"a finished conversation must leave no socket open; {left} stayed open"


@requirement(
    points=1,
    source="RFC 6455 sections 5.1 to 5.5, 7.1.7 and 10.4",
    hint="decode_frame and MessageReader know what is wrong, and its code: send it in a close frame, then close.",
    needs="test_echo",
)
def test_errors(learner: Learner) -> None:
    """A frame that breaks a rule is answered with a close 1002, and a message above 16 MiB with 1009."""
    server = learner.start(Listener())
    passes(learner, server, named("masking", "without a mask"))
    passes(learner, server, named("reserved", "100", "010", "001"))
    passes(learner, server, named("opcodes", "3", "7", "11", "15"))
    passes(learner, server, named("lengths", "125 written", "65535 written", "uppermost"))
    passes(learner, server, named("control", "126 bytes", "fragmented"))
    passes(learner, server, named("fragments", "of nothing", "inside an unfinished"))
    passes(learner, server, named("close", "one byte", "code 999", "code 1005", "code 1006", "not UTF-8"))
    passes(learner, server, named("limits", "a byte announced", "tebibyte"))


@requirement(
    points=0.5,
    source="RFC 6455 section 4.2.2",
    hint="A thread for each connection, and the handshake is done in that thread.",
    needs="test_echo",
)
def test_clients_at_once(learner: Learner, rng: Random, likely: Likely) -> None:
    """Several clients are served at once; one that says nothing, not even its handshake, holds nobody up."""
    server = learner.start(Listener())
    silent = server.connect(title="a client that says nothing")
    talkers = [_Talker(server, title) for title in ("client 1", "client 2", "client 3")]
    # The last one first: a server that takes one client after the other is found out.
    try:
        for talker in reversed(talkers):
            talker.open()
            talker.exchange(rng)
    except NoAnswer as silence:
        likely(not silence.partial, "nobody was served while another connection was open and silent")
        raise
    for talker in (talkers[1], talkers[0], talkers[2]):
        talker.exchange(rng)
    silent.close()


@requirement(
    points=0.5,
    source="RFC 6455 sections 4.2.1 and 7.1.4; RFC 9293 section 3.5.3",
    hint="except OSError around one conversation, and a handshake that returns None ends it.",
    needs="test_echo",
)
def test_broken_clients(learner: Learner, rng: Random, likely: Likely) -> None:
    """A client that breaks off, or that is refused, ends its own conversation, and the others go on."""
    server = learner.start(Listener())
    witness = _Talker(server, "a client that stays")
    witness.open()
    witness.exchange(rng)
    rude = _Talker(server, "a client that resets")
    rude.open()
    rude.exchange(rng)
    rude.client.reset()
    half = _Talker(server, "a client that resets within a frame")
    half.open()
    half.client.send(bytes(Frame(TEXT, b"never whole"))[:5])
    half.client.reset()
    server.connect(title="a client that is gone at once").reset()
    passes(learner, server, named("close", "ends without", "ends within a frame"))
    passes(learner, server, named("handshake", "no key", "version 12", "no Upgrade"))
    time.sleep(waits.seconds(0.02))
    witness.exchange(rng)
    late = _Talker(server, "a client that comes later")
    try:
        late.open()
        late.exchange(rng)
    except (OSError, EOFError):
        likely(not server.still_running, "serve_ws_echo has ended, so nobody is there for the next client")
        raise


@requirement(
    points=0.5,
    source="man 2 accept",
    hint="except OSError around accept alone: it means that the listener is closed, so return.",
    needs="test_echo",
)
def test_returns(learner: Learner, rng: Random) -> None:
    """When its listener is closed, it returns None, also while a client is connected."""
    server = learner.start(Listener())
    talker = _Talker(server, "a client that stays")
    talker.open()
    talker.exchange(rng)
    server.stop_listening()
    answer = server.ended()
    assert answer is None, f"serve_ws_echo must return None, it returned {answer!r}"


class _Talker:
    """A client that opens when it is told to, and exchanges messages one at a time."""

    def __init__(self, server: Running, title: str) -> None:
        self.client: RecordedSocket = server.connect(title=title)
        self._frames = ServerFrames()

    def open(self) -> None:
        """The opening handshake."""
        self.client.send(GOOD_HEAD)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.client.receive_exactly(1)

    def exchange(self, rng: Random) -> None:
        """A text goes and comes back."""
        text = rng.randbytes(6).hex().encode()
        self.client.send(bytes(Frame(TEXT, text)))
        events: list[Event] = []
        while not events:
            piece = self.client.receive(4096)
            if not piece:
                raise EarlyEnd(b"", len(text) + 2)
            events = list(self._frames.feed(piece))
        assert events == [Event("text", text)], f"text {text!r} must come back; {', '.join(map(str, events))} came"
