"""What a case is: steps to play, and the outcomes that are allowed. All of it is data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from autograder.checks.websockets_bytes.conformance.frames import Event, Frame, Payload, show
from autograder.wire import quote

Rank = Literal["pass", "lenient"]

PROTOCOL_ERROR, UNSUPPORTED, BAD_DATA, POLICY, TOO_BIG = 1002, 1003, 1007, 1008, 1009
"""Status codes with which an endpoint turns something down (RFC 6455 section 7.4.1)."""

OBJECTIONS = frozenset({PROTOCOL_ERROR, UNSUPPORTED, BAD_DATA, POLICY, TOO_BIG})

NO_FRAME = -1
"""In place of a close code: the connection ends without a Close frame."""

GOOD_HEAD = (
    b"GET /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
"""A client's opening handshake, with the key of RFC 6455 section 1.3."""


@dataclass(frozen=True)
class Send:
    """Send frames or raw bytes.

    Args:
        parts: in this order, as one stream.
        chop: bytes per piece; 0 sends all of it at once.
        gap: seconds between two pieces.
    """

    parts: tuple[Frame | bytes, ...]
    chop: int = 0
    gap: float = 0.001

    def __bytes__(self) -> bytes:
        return b"".join(bytes(part) for part in self.parts)

    def __str__(self) -> str:
        first = [quote(part, limit=60) if isinstance(part, bytes) else str(part) for part in self.parts[:4]]
        more = [f"… {len(self.parts)} in all"] if len(self.parts) > 4 else []
        return ", ".join(first + more) + (f" in chops of {self.chop}" if self.chop else "")


@dataclass(frozen=True)
class Await:
    """Wait until so many messages and pongs have come in all.

    Args:
        count: of messages and pongs since the beginning; 0 waits for a close.
        seconds: the longest wait; None: as long as the runner's patience lasts, and if it was in vain, the steps
            after this one are left out.
    """

    count: int
    seconds: float | None = None


@dataclass(frozen=True)
class End:
    """End our direction of the connection (shutdown), as a client does that breaks off."""

    def __str__(self) -> str:
        return "end of the connection"


Step = Send | Await | End


@dataclass(frozen=True)
class Outcome:
    """One allowed way in which the server behaves.

    Args:
        rank: "pass", or "lenient" for what a SHOULD of the RFC advises against.
        messages: exactly these come back, as ("text" or "binary", payload).
        pongs: exactly these pongs, in this order; apart from that they may come between the messages.
        codes: allowed codes of the server's Close frame; None is a Close without a code, NO_FRAME no Close frame.
        early: the close must have come before the last bytes were sent.
        status: allowed HTTP status codes of the answer to the handshake. After any but 101 nothing follows.
        header: a header field (lower-case name, value) that the refusal must have.
        why: what makes it allowed, where that is not plain.
    """

    rank: Rank = "pass"
    messages: tuple[tuple[str, Payload], ...] = ()
    pongs: tuple[bytes, ...] = ()
    codes: frozenset[int | None] = frozenset({1000})
    early: bool = False
    status: frozenset[int] = frozenset({101})
    header: tuple[str, str] | None = None
    why: str = ""

    def __str__(self) -> str:
        if 101 not in self.status:
            ways = [str(code) if code != NO_FRAME else "a closed connection" for code in sorted(self.status)[:3]]
            ways += ["…"] if len(self.status) > 3 else []
            field = f" with {self.header[0]}: {self.header[1]}" if self.header else ""
            return f"HTTP {' or '.join(ways)}{field}"
        parts = [f"{kind} {show(payload)}" for kind, payload in self.messages[:4]]
        parts += [f"… {len(self.messages)} in all"] if len(self.messages) > 4 else []
        parts += [f"pong {show(payload)}" for payload in self.pongs[:4]]
        parts += [f"… {len(self.pongs)} pongs in all"] if len(self.pongs) > 4 else []
        codes = sorted(self.codes, key=lambda code: (code is None, code))
        closes = [
            "a Close without a code" if code is None else "no Close frame" if code == NO_FRAME else f"close {code}"
            for code in codes
        ]
        parts.append(" or ".join(closes) + (" before the rest was sent" if self.early else ""))
        return ", ".join(parts) + ", end of the connection"


@dataclass(frozen=True)
class Case:
    """One case of the suite.

    Args:
        name: section and what is special, e.g. "framing: text of 126 bytes".
        section: the first half of the name.
        source: where the RFC says so.
        steps: what is done, after the handshake.
        allowed: the outcomes, the best one first.
        head: the client's handshake; None takes GOOD_HEAD.
        head_chop: bytes per piece of the handshake; 0 sends it at once.
        patience: how many times longer than usual it may take.
        heavy: does it move megabytes?
    """

    name: str
    source: str
    steps: tuple[Step, ...]
    allowed: tuple[Outcome, ...]
    head: bytes | None = None
    head_chop: int = 0
    patience: float = 1.0
    heavy: bool = False

    @property
    def section(self) -> str:
        """The part of the suite that it belongs to."""
        return self.name.partition(":")[0]

    @property
    def sent(self) -> str:
        """What is sent, in words."""
        head = [quote(self.head, limit=200)] if self.head is not None else []
        return "; ".join(head + [str(step) for step in self.steps if not isinstance(step, Await)])

    @property
    def expected(self) -> str:
        """The best outcome in words, and how many others are allowed."""
        others = len(self.allowed) - 1
        return str(self.allowed[0]) + (f" ({others} more allowed)" if others else "")


def matches(outcome: Outcome, events: Sequence[Event], status: int, fields: dict[str, str], early: bool) -> bool:
    """Is this what happened?"""
    if status not in outcome.status:
        return False
    if status != 101:
        return outcome.header is None or fields.get(outcome.header[0]) == outcome.header[1]
    messages = [event for event in events if event.kind in ("text", "binary")]
    pongs = tuple(event.data for event in events if event.kind == "pong")
    closes = [event.code for event in events if event.kind == "close"]
    return (
        not any(event.kind == "broken" for event in events)
        and bool(events)
        and events[-1].kind in ("end", "reset")
        and len(closes) <= 1
        and (closes[0] if closes else NO_FRAME) in outcome.codes
        and (early or not outcome.early)
        and pongs == outcome.pongs
        and len(messages) == len(outcome.messages)
        and all(
            event.kind == kind and event.data == bytes(payload)
            for event, (kind, payload) in zip(messages, outcome.messages, strict=True)
        )
        and not any(event.kind in ("text", "binary", "pong") for event in after_close(events))
    )


def after_close(events: Sequence[Event]) -> list[Event]:
    """What came after the server's Close frame; nothing may (RFC 6455 section 5.5.1)."""
    kinds = [event.kind for event in events]
    return list(events[kinds.index("close") + 1 :]) if "close" in kinds else []
