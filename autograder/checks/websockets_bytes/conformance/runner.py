"""Plays a case against a server, and judges what came back."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field, replace

from autograder.checks.websockets_bytes.conformance.case import (
    GOOD_HEAD,
    NO_FRAME,
    Await,
    Case,
    End,
    Outcome,
    Send,
    Step,
    matches,
)
from autograder.checks.websockets_bytes.conformance.frames import Event, Frame, ServerFrames
from autograder.checks.websockets_bytes.frames import CLOSE
from autograder.loopback import NoAnswer, RecordedSocket, connect
from autograder.wire import quote

PATIENCE = 2.0
"""Seconds, before scaling, that a server may take for its next answer."""

LONG = 65536
"""Bytes from which on we send and receive at the same time: both sides might wait for room otherwise."""


@dataclass
class Result:
    """What became of a case. `verdict` is "pass", "lenient" or "fail"."""

    case: Case
    verdict: str = "fail"
    outcome: Outcome | None = None
    events: list[Event] = field(default_factory=list)
    status: int = NO_FRAME
    fields: dict[str, str] = field(default_factory=dict)
    wrong_head: str = ""
    early: bool = False
    silent: NoAnswer | None = None
    """The wait that was in vain, if one was."""
    seconds: float = 0.0

    @property
    def ended(self) -> bool:
        """Has the server ended the connection?"""
        return bool(self.events) and self.events[-1].kind in ("end", "reset")

    @property
    def sent(self) -> str:
        """What was sent."""
        return self.case.sent

    @property
    def expected(self) -> str:
        """What should have come."""
        return self.case.expected

    @property
    def got(self) -> str:
        """What came."""
        if self.wrong_head:
            return self.wrong_head
        parts = [] if self.status == 101 else [f"HTTP {self.status}" if self.status > 0 else "no HTTP answer"]
        parts += [str(event) for event in self.events[:6]]
        if len(self.events) > 6:
            parts += [f"… {len(self.events)} in all", str(self.events[-1])]
        if self.silent is not None:
            parts.append(f"then nothing for {self.silent.elapsed:.1f} s")
        return ", ".join(parts) or "nothing"

    def __str__(self) -> str:
        lines = [f"{self.verdict.upper()}  {self.case.name}  (RFC 6455 section {self.case.source})"]
        lines += [f"  sent      {self.sent}", f"  expected  {self.expected}", f"  got       {self.got}"]
        if self.outcome is not None and self.outcome.why:
            lines.append(f"  because   {self.outcome.why}")
        return "\n".join(lines)


def run(case: Case, address: tuple[str, int], *, patience: float = PATIENCE) -> Result:
    """Connect to a server, play a case and judge it.

    Args:
        case: one of `cases.CASES`.
        address: host and port of the server.
        patience: seconds, before scaling, that it may take for its next answer.
    """
    with connect(address, title=case.name, timeout=10.0, remote="server") as client:
        return play(case, client, patience=patience)


def play(case: Case, client: RecordedSocket, *, patience: float = PATIENCE, closing: bool = True) -> Result:
    """Play a case over a connection that has carried nothing yet, and judge it.

    Args:
        case: one of `cases.CASES`.
        client: connected to the server.
        patience: seconds, before scaling, that it may take for its next answer.
        closing: False leaves a closing handshake at the end out, and judges what came before it.
    """
    started = time.monotonic()
    left_out: list[Event] = []
    if not closing and len(case.steps) > 1 and isinstance(case.steps[-2], Await) and is_goodbye(case.steps[-1]):
        case = replace(case, steps=case.steps[:-1])
        left_out = [Event("close", b"", 1000), Event("end")]
    result = Result(case)
    _Play(case, client, result, patience * case.patience, to_the_end=not left_out).go()
    events = result.events + ([] if result.ended or result.silent else left_out)
    for outcome in case.allowed:
        if not result.wrong_head and matches(outcome, events, result.status, result.fields, result.early):
            result.verdict, result.outcome = outcome.rank, outcome
            break
    result.seconds = time.monotonic() - started
    return result


class _Play:
    def __init__(
        self, case: Case, client: RecordedSocket, result: Result, patience: float, *, to_the_end: bool
    ) -> None:
        self._case, self._client, self._result, self._patience = case, client, result, patience
        self._to_the_end = to_the_end
        self._frames = ServerFrames()
        self._replied = False

    def go(self) -> None:
        """The handshake, the steps, the end."""
        rest = self._handshake()
        if rest is None:
            return
        self._take(rest)
        last = max((index for index, step in enumerate(self._case.steps) if isinstance(step, Send)), default=-1)
        for index, step in enumerate(self._case.steps):
            if self._over:
                self._result.early = index <= last
                break
            if not self._step(index, step):
                break
        if self._result.silent is None and (self._to_the_end or self._over):
            self._receive(None, self._patience)
        if self._frames.unfinished and self._result.ended:
            self._result.events.insert(-1, Event("broken", b"it ended within a frame or a message"))

    def _step(self, index: int, step: Step) -> bool:
        """Do a step; False if those after it have no point."""
        if isinstance(step, Await):
            optional = step.seconds is not None
            self._receive(step.count, self._patience if step.seconds is None else step.seconds, optional=optional)
            return self._result.silent is None
        try:
            if isinstance(step, End):
                self._client.end()
            elif step.chop:
                self._client.send_paced(bytes(step), step.chop, step.gap)
            elif len(data := bytes(step)) < LONG:
                self._client.send(data)
            else:
                following = (one.count for one in self._case.steps[index + 1 :] if isinstance(one, Await))
                with self._client.sending(data):
                    self._receive(next(following, 0), self._patience)
        except OSError:
            pass  # the server is through with us; what it said before is still to be read
        if isinstance(step, Send):
            self._replied = self._replied or any(is_close(part) for part in step.parts)
        return True

    def _handshake(self) -> bytes | None:
        """Send the client's head and read the server's; the bytes behind it, or None if it is no 101."""
        head = GOOD_HEAD if self._case.head is None else self._case.head
        try:
            if self._case.head_chop:
                self._client.send_paced(head, self._case.head_chop, 0.001)
            else:
                self._client.send(head)
            if not self._case.steps and self._case.head is not None and b"\r\n\r\n" not in head:
                self._client.end()
        except OSError:
            pass
        got = bytearray()
        try:
            while b"\r\n\r\n" not in got:
                piece = self._client.receive(LONG, timeout=self._patience)
                if not piece:
                    break
                got += piece
        except NoAnswer as silence:
            self._result.silent = silence
            self._result.wrong_head = f"no whole HTTP answer in {silence.elapsed:.1f} s: {quote(bytes(got), limit=80)}"
            return None
        except ConnectionError:
            pass
        if not got:
            return None
        text, _, rest = bytes(got).partition(b"\r\n\r\n")
        line, *fields = text.decode("latin-1").split("\r\n")
        try:
            self._result.status = int(line.split(" ", 2)[1])
        except (IndexError, ValueError):
            self._result.wrong_head = f"no HTTP status line: {quote(text, limit=80)}"
            return None
        for one in fields:
            name, _, value = one.partition(":")
            self._result.fields[name.strip().lower()] = value.strip()
        if self._result.status != 101:
            return None
        self._result.wrong_head = wrong_answer(head, line, self._result.fields)
        return None if self._result.wrong_head else rest

    @property
    def _count(self) -> int:
        return sum(event.kind in ("text", "binary", "pong") for event in self._result.events)

    @property
    def _broken(self) -> bool:
        return any(event.kind == "broken" for event in self._result.events)

    @property
    def _over(self) -> bool:
        return any(event.kind in ("close", "broken", "end", "reset") for event in self._result.events)

    def _take(self, data: bytes) -> None:
        for event in self._frames.feed(data):
            if event.kind == "ping":
                continue  # a server may ask whether we are there; no case here waits long enough to owe an answer
            self._result.events.append(event)
            if event.kind == "close" and not self._replied:
                self._replied = True
                body = b"" if event.code is None else event.code.to_bytes(2, "big")
                try:
                    self._client.send(bytes(Frame(CLOSE, body)))
                except OSError:
                    pass

    def _receive(self, count: int | None, seconds: float, *, optional: bool = False) -> None:
        """Receive until `count` messages and pongs are there, or a close (None: the end), or the time is over."""
        while not self._result.ended and not self._broken:
            if count is not None and (self._over or 0 < count <= self._count):
                return
            try:
                piece = self._client.receive(LONG, timeout=seconds)
            except NoAnswer as silence:
                if not optional:
                    self._result.silent = silence
                return
            except OSError:
                self._result.events.append(Event("reset"))
                return
            if piece:
                self._take(piece)
            else:
                self._result.events.append(Event("end"))


def is_goodbye(step: Step) -> bool:
    """Is it a Close frame and nothing else?"""
    return isinstance(step, Send) and len(step.parts) == 1 and is_close(step.parts[0])


def is_close(part: Frame | bytes) -> bool:
    """Is it a Close frame?"""
    return isinstance(part, Frame) and part.opcode == CLOSE


def wrong_answer(head: bytes, line: str, fields: dict[str, str]) -> str:
    """What is wrong with a 101 (RFC 6455 sections 4.1 and 4.2.2), as a sentence; empty if nothing is."""
    asked = {
        name.strip().lower(): value.strip()
        for name, _, value in (one.partition(":") for one in head.decode("latin-1").split("\r\n")[1:])
    }
    digest = hashlib.sha1(asked.get("sec-websocket-key", "").encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
    accept = base64.b64encode(digest.digest()).decode()
    if not line.startswith("HTTP/1.1 101"):
        return f"the status line is {line!r}"
    if fields.get("upgrade", "").lower() != "websocket":
        return f"the 101 has Upgrade: {fields.get('upgrade')!r}"
    if "upgrade" not in [token.strip().lower() for token in fields.get("connection", "").split(",")]:
        return f"the 101 has Connection: {fields.get('connection')!r}"
    if fields.get("sec-websocket-accept") != accept:
        return f"the 101 has Sec-WebSocket-Accept: {fields.get('sec-websocket-accept')!r}, but {accept!r} is right"
    for name in ("sec-websocket-extensions", "sec-websocket-protocol"):
        if name in fields and name not in asked:
            return f"the 101 has {name}, which the client did not offer"
    return ""
