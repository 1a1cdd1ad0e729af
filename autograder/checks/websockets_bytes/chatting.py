"""A client of the chat, written from frames, so that neither side of a check is the learner's library alone."""

from __future__ import annotations

import json

from autograder.checks.websockets_bytes.conformance.case import GOOD_HEAD
from autograder.checks.websockets_bytes.conformance.cases import closing
from autograder.checks.websockets_bytes.conformance.frames import Event, Frame, ServerFrames
from autograder.checks.websockets_bytes.frames import TEXT
from autograder.judge.learner import Running
from autograder.loopback import EarlyEnd, NoAnswer, RecordedSocket


class Chatter:
    """Somebody who chats: `says` sends, `hears` wants the next event to be this one."""

    def __init__(self, server: Running, name: str = "", *, receive_buffer: int | None = None) -> None:
        title = f"a client named {name}" if name else "a client"
        self.name = name
        self.client: RecordedSocket = server.connect(title=title, receive_buffer=receive_buffer)
        self._frames = ServerFrames()
        self._waiting: list[Event] = []
        self._skipped: list[dict[str, object]] = []
        self.client.send(GOOD_HEAD)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.client.receive_exactly(1)
        assert head.startswith(b"HTTP/1.1 101 "), f"the handshake must be answered with 101; {head[:40]!r} came"

    def says(self, text: str) -> None:
        """Send a text message."""
        self.sends(Frame(TEXT, text.encode()))

    def sends(self, frame: Frame) -> None:
        """Send a frame."""
        self.client.send(bytes(frame))

    def joins(self, *others: Chatter) -> None:
        """Send the name, and see that everybody is told."""
        self.says(self.name)
        self.hears(event="welcome", names=sorted([self.name, *(one.name for one in others)]))
        for one in others:
            one.hears(event="join", name=self.name)

    def hears(self, **wanted: object) -> None:
        """See that the next message is this JSON object."""
        try:
            got = self.takes()
        except NoAnswer:
            self.client.transcript.note(f"{self._who} waited for {json.dumps(wanted)[:80]}")
            raise
        assert got == wanted, f"{self._who} must be sent {json.dumps(wanted)}; {json.dumps(got)} came"

    def may_hear(self, **event: object) -> None:
        """From now on skip this object where it comes."""
        self._skipped.append(event)

    def takes(self) -> dict[str, object]:
        """The next message, which must be a JSON object."""
        got = self._takes_any()
        while got in self._skipped:
            got = self._takes_any()
        return got

    def _takes_any(self) -> dict[str, object]:
        event = self._next()
        told = f"{self._who} must be sent a text with a JSON object"
        assert event.kind == "text", f"{told}; {self._told(event)} came"
        try:
            got = json.loads(event.data)
        except ValueError:
            raise AssertionError(f"{told}; {self._told(event)} came, which is no JSON") from None
        assert isinstance(got, dict), f"{told}; {self._told(event)} came, which is another type of JSON"
        return got

    def is_closed(self, code: int) -> None:
        """See that nothing but a Close with this code comes."""
        event = self._next()
        told = f"a close with the code {code} must come"
        assert event.kind == "close" and event.code == code, f"{told}; {self._told(event)} came"
        # A polite client answers and closes, too: close() of the library waits for both.
        self.sends(closing(code))
        self.client.close()

    def leaves(self) -> None:
        """Close, and see that the Close is answered."""
        self.sends(closing(1000))
        while self._next().kind != "close":
            pass
        self.client.close()

    def _next(self) -> Event:
        while True:
            while not self._waiting:
                try:
                    piece = self.client.receive(65536)
                except NoAnswer as silence:  # nobody asked for exactly so many bytes
                    raise NoAnswer(silence.partial, None, silence.elapsed) from None
                if not piece:
                    raise EarlyEnd(b"", 2)
                self._waiting = list(self._frames.feed(piece))
            event = self._waiting.pop(0)
            if event.kind != "ping":  # the library's question whether we are there
                return event

    @property
    def _who(self) -> str:
        return self.name or "the client"

    @staticmethod
    def _told(event: Event) -> str:
        return f"a close {event.code}" if event.kind == "close" else str(event)
