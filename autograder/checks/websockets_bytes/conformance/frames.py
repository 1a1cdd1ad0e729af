"""Frames as raw as a conformance test needs them: the client's, wrong ones included, and the server's, read strictly.

A frame (RFC 6455 section 5.2): FIN 1 bit, RSV1 to RSV3 1 bit each, opcode 4 bits; MASK 1 bit, length 7 bits; then
0, 2 or 8 more bytes of length, 4 bytes of masking key if MASK is set, the payload.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from autograder.checks.websockets_bytes.frames import CLOSE, CONTINUATION, NAMES, PING, PONG, frame
from autograder.wire import quote

KEY = b"\x37\xfa\x21\x3d"
"""The masking key of the RFC's own examples (section 5.7)."""


@dataclass(frozen=True)
class Fill:
    """A long payload, described by its size: `unit` again and again, cut off at `size` bytes."""

    unit: bytes
    size: int

    def __bytes__(self) -> bytes:
        return (self.unit * (self.size // len(self.unit) + 1))[: self.size]


Payload = bytes | Fill


@dataclass(frozen=True)
class Frame:
    """One frame from the client.

    Args:
        opcode: 0 to 15.
        payload: its bytes, before masking.
        fin: is this the last fragment of its message?
        reserved: RSV1, RSV2 and RSV3 as a number from 0 to 7; RSV1 counts 4.
        key: the masking key; None sends the frame without a mask, which a client must not (section 5.1).
        extended: bytes of extended length, 0, 2 or 8; None takes the fewest that do, as section 5.2 demands.
        announced: the length that the header says, where it is not the payload's.
    """

    opcode: int
    payload: Payload = b""
    fin: bool = True
    reserved: int = 0
    key: bytes | None = KEY
    extended: int | None = None
    announced: int | None = None

    def __bytes__(self) -> bytes:
        return frame(
            self.opcode,
            bytes(self.payload),
            fin=self.fin,
            key=self.key,
            rsv=self.reserved,
            form=self.extended,
            length=self.announced,
        )

    def __str__(self) -> str:
        odd = []
        if not self.fin:
            odd.append("FIN 0")
        if self.reserved:
            odd.append(f"RSV {self.reserved:03b}")
        if self.key is None:
            odd.append("not masked")
        if self.extended is not None:
            odd.append(f"{self.extended}-byte length")
        if self.announced is not None:
            odd.append(f"length says {self.announced:,}")
        name = NAMES.get(self.opcode, f"opcode 0x{self.opcode:x}")
        return f"{name}{f' ({chr(44).join(odd)})' if odd else ''} {show(self.payload)}"


def show(payload: Payload) -> str:
    """A payload in a few characters."""
    if isinstance(payload, Fill):
        return f"{payload.size:,} bytes"
    return quote(payload, limit=40)


class Event(NamedTuple):
    """One thing that the server did.

    kind: "text", "binary" (whole messages), "ping", "pong", "close", "broken" (a frame that no server may send;
        `data` says why), "end" (it ended the connection), "reset".
    data: the payload; of a close, the reason.
    code: of a close, its status code, None where the frame had none.
    """

    kind: str
    data: bytes = b""
    code: int | None = None

    def __str__(self) -> str:
        match self.kind:
            case "close":
                return f"close {'without a code' if self.code is None else self.code}" + (
                    f" {quote(self.data, limit=40)}" if self.data else ""
                )
            case "broken":
                return f"a wrong frame: {self.data.decode()}"
            case "end":
                return "end of the connection"
            case "reset":
                return "reset of the connection"
        return f"{self.kind} {show(self.data)}"


class ServerFrames:
    """Puts the server's bytes together to events, as strictly as the RFC lets a client be.

    `feed` yields the events that are complete. After "broken" nothing more is read: what follows has no meaning.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._message: bytearray | None = None
        self._kind = ""
        self._broken = False

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take the next bytes and yield what they complete."""
        self._buffer += data
        while not self._broken:
            try:
                frame = self._next_frame()
                if frame is None:
                    return
                event = self._event(*frame)
            except ValueError as error:
                self._broken = True
                event = Event("broken", str(error).encode())
            if event is not None:
                yield event

    @property
    def unfinished(self) -> bool:
        """Did the bytes stop within a frame or a message?"""
        return not self._broken and (bool(self._buffer) or self._message is not None)

    def _next_frame(self) -> tuple[int, bool, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        opcode, short = buffer[0] & 15, buffer[1] & 127
        if buffer[0] & 0x70:
            raise ValueError("a reserved bit is set, and no extension was agreed on (section 5.2)")
        if opcode not in NAMES:
            raise ValueError(f"opcode 0x{opcode:x} is reserved (section 5.2)")
        if buffer[1] & 0x80:
            raise ValueError("a server must not mask (section 5.1)")
        if opcode >= CLOSE and (short > 125 or not buffer[0] & 0x80):
            raise ValueError("a control frame has at most 125 bytes and is never fragmented (section 5.5)")
        start = {126: 4, 127: 10}.get(short, 2)
        if len(buffer) < start:
            return None
        length = int.from_bytes(buffer[2:start], "big") if start > 2 else short
        if (start == 4 and length < 126) or (start == 10 and not 65535 < length < 2**63):
            raise ValueError(f"the length {length} is not written in the fewest bytes (section 5.2)")
        if len(buffer) < start + length:
            return None
        payload = bytes(memoryview(buffer)[start : start + length])
        fin = bool(buffer[0] & 0x80)
        del buffer[: start + length]
        return opcode, fin, payload

    def _event(self, opcode: int, fin: bool, payload: bytes) -> Event | None:
        if opcode == CLOSE:
            if len(payload) == 1:
                raise ValueError("the body of a close has 0 bytes, or 2 and more (section 5.5.1)")
            _utf8(payload[2:])
            return Event("close", payload[2:], int.from_bytes(payload[:2], "big") if payload else None)
        if opcode in (PING, PONG):
            return Event(NAMES[opcode], payload)
        if (opcode == CONTINUATION) != (self._message is not None):
            raise ValueError("a continuation without a beginning, or a beginning within a message (section 5.4)")
        if opcode != CONTINUATION:
            self._kind, self._message = NAMES[opcode], bytearray()
        assert self._message is not None
        if fin and not self._message:
            whole = payload
        else:
            self._message += payload
            whole = bytes(self._message) if fin else b""
        if not fin:
            return None
        self._message = None
        if self._kind == "text":
            _utf8(whole)
        return Event(self._kind, whole)


def _utf8(data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"text that is not UTF-8: {error.reason} at byte {error.start} (section 8.1)") from None
