"""The steps of a scripted peer: so many bytes, a pause, an end, a reset."""

import threading
from dataclasses import dataclass
from typing import Protocol

from autograder.loopback import waits
from autograder.loopback.recorded import RecordedSocket
from autograder.wire import quote

PATIENCE = 10.0
"""Seconds that a step waits for the other side: longer than that side's own deadline, which comes first."""


class Step(Protocol):
    """One thing that a scripted peer does."""

    @property
    def sentence(self) -> str:
        """The step in plain words, as in "sends 5 bytes b'hello'"."""

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        """Do it. `stopping` is set when the peer is closed: a step that only waits must return then."""


@dataclass(frozen=True)
class Send(Step):
    """Send `data` at once."""

    data: bytes

    @property
    def sentence(self) -> str:
        return f"sends {_bytes(len(self.data))} {quote(self.data)}"

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        conn.send(self.data)


@dataclass(frozen=True)
class SendPaced(Step):
    """Send `data` in pieces of `size` bytes with `gap` seconds between them."""

    data: bytes
    size: int = 1
    gap: float = 0.002

    @property
    def sentence(self) -> str:
        pieces = f"in pieces of {self.size}, {_time(self.gap)} apart"
        return f"sends {_bytes(len(self.data))} {pieces}, {quote(self.data)}"

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        conn.send_paced(self.data, self.size, self.gap)


@dataclass(frozen=True)
class ReceiveExactly(Step):
    """Read `n` bytes, however many pieces they come in."""

    n: int

    @property
    def sentence(self) -> str:
        return f"reads exactly {_bytes(self.n)}"

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        conn.receive_exactly(self.n, timeout=PATIENCE)


@dataclass(frozen=True)
class ReceiveToEnd(Step):
    """Read until the other side ends its direction."""

    @property
    def sentence(self) -> str:
        return "reads until the other side ends"

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        conn.receive_to_end(timeout=PATIENCE)


@dataclass(frozen=True)
class ReceiveSlowly(Step):
    """Read at most `size` bytes, wait `gap` seconds, and so on, until `total` bytes have come or the other
    side ends.

    A script with this step gives its connection a small receive buffer, so that the sender feels how slow it
    is.
    """

    total: int | None = None
    size: int = 65_536
    gap: float = 0.01

    @property
    def sentence(self) -> str:
        end = "until the other side ends" if self.total is None else f"until it has {_bytes(self.total)}"
        return f"reads at most {_bytes(self.size)} every {_time(self.gap)}, {end}"

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        left = self.total
        while left is None or left > 0:
            piece = conn.receive(self.size if left is None else min(self.size, left), timeout=PATIENCE)
            if not piece:
                return
            if left is not None:
                left -= len(piece)
            stopping.wait(waits.seconds(self.gap))


@dataclass(frozen=True)
class Pause(Step):
    """Do nothing for `seconds`."""

    seconds: float

    @property
    def sentence(self) -> str:
        return f"waits {_time(self.seconds)}"

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        stopping.wait(waits.seconds(self.seconds))


@dataclass(frozen=True)
class Hold(Step):
    """Keep the connection open and say nothing for `seconds`. Closing the peer meanwhile is no error."""

    seconds: float

    @property
    def sentence(self) -> str:
        return f"keeps the connection open, silent, for {_time(self.seconds)}"

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        stopping.wait(waits.seconds(self.seconds))


@dataclass(frozen=True)
class End(Step):
    """End our direction and keep reading possible (shutdown SHUT_WR)."""

    @property
    def sentence(self) -> str:
        return "ends its direction (shutdown)"

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        conn.end()


@dataclass(frozen=True)
class Reset(Step):
    """Cut the connection with a reset."""

    @property
    def sentence(self) -> str:
        return "resets the connection"

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        conn.reset()


@dataclass(frozen=True)
class Close(Step):
    """Close the socket at once. If bytes that came are still unread, the kernel sends a reset."""

    @property
    def sentence(self) -> str:
        return "closes the connection"

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        conn.close()


def _bytes(n: int) -> str:
    return "1 byte" if n == 1 else f"{n:,} bytes"


def _time(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"
