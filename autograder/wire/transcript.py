"""What crossed a connection, in order, with direction and time."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from autograder.wire.quoting import BytesLike, as_bytes, count, printable, quote
from autograder.wire.theme import Printer, escape, framed

Kind = Literal["sent", "received", "note"]

_RUN = 4
"""Fewer pieces than this in a row stay apart: three messages are shown as three."""

_TINY = 8
"""Bytes. A run of pieces no larger than this is somebody sending or reading byte by byte."""

_BULK = 1024
"""Bytes. A run of pieces of at least this size is one large transfer cut up on its way."""

_LEAST_QUOTE = 32
"""Characters of the quoted bytes, however narrow the text must be."""


class Event(NamedTuple):
    """One thing that happened: bytes that crossed, or a note.

    `time` is in seconds since the transcript began. `data` is empty for a note, `text` is empty for bytes.
    """

    time: float
    kind: Kind
    data: bytes = b""
    text: str = ""


class _Entry(NamedTuple):
    """One line: a note, or one or several pieces of bytes in the same direction."""

    time: float
    kind: Kind
    data: bytes
    text: str
    pieces: int
    until: float


class Transcript:
    """A recording of one conversation. Any thread may write to it and read it at any time.

    Args:
        title: what the conversation is about, printed above it.
        local: who holds this end. `sent` means from `local` to `remote`.
        remote: who holds the other end.
        clock: a function that returns seconds; time is counted from the call made here.
    """

    def __init__(
        self,
        title: str = "",
        *,
        local: str = "check",
        remote: str = "your code",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.title = title
        self.local = local
        self.remote = remote
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        self._events: list[Event] = []

    def sent(self, data: BytesLike) -> None:
        """Record bytes that went from `local` to `remote`."""
        self._add("sent", as_bytes(data))

    def received(self, data: BytesLike) -> None:
        """Record bytes that came from `remote` to `local`."""
        self._add("received", as_bytes(data))

    def note(self, text: str) -> None:
        """Record something that is not bytes: a connect, the end of a direction, a reset, a datagram lost."""
        self._add("note", text=text)

    def _add(self, kind: Kind, data: bytes = b"", text: str = "") -> None:
        # The clock is read under the lock, so that times never run backwards.
        with self._lock:
            self._events.append(Event(self._clock() - self._began, kind, data, text))

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything so far, in order."""
        with self._lock:
            return tuple(self._events)

    @property
    def all_sent(self) -> bytes:
        """The bytes sent so far, joined."""
        return b"".join(event.data for event in self.events if event.kind == "sent")

    @property
    def all_received(self) -> bytes:
        """The bytes received so far, joined."""
        return b"".join(event.data for event in self.events if event.kind == "received")

    def text(self, *, limit_lines: int | None = 12, times: bool = True, width: int = 88) -> str:
        r"""Return the conversation as lines of text.

              0.0 ms  -- check connects
              0.1 ms  check -> your code  11 bytes  b'hello world'
              0.4 ms  check <- your code  11 bytes  b'hello world'  (11 pieces over 20.1 ms)

        Four or more tiny pieces in a row are one line, and so is a large transfer that came in pieces.

        Args:
            limit_lines: at most so many lines, the title not counted; the middle is left out and counted.
                None shows all.
            times: begin each line with the milliseconds since the start. Without them, two runs can print
                the same.
            width: length of the lines in characters; long bytes are cut in the middle. Notes are not cut.

        Raises:
            ValueError: `limit_lines` is less than 1.
        """
        head, left_out, tail = _elide(_merge(self.events), limit_lines)
        column = max((len(_size(entry)) for entry in head + tail if entry.kind != "note"), default=0)
        lines = [printable(self.title)] if self.title else []
        lines += [self._line(entry, column, times, width) for entry in head]
        if left_out:
            lines.append(f"... {_left_out(left_out)} ...")
        lines += [self._line(entry, column, times, width) for entry in tail]
        if not head and not left_out:
            lines.append("(nothing crossed)")
        return "\n".join(lines)

    def _line(self, entry: _Entry, column: int, times: bool, width: int) -> str:
        clock = f"{_milliseconds(entry.time):>10}  " if times else ""
        if entry.kind == "note":
            return f"{clock}-- {printable(entry.text)}"
        arrow = "->" if entry.kind == "sent" else "<-"
        start = f"{clock}{self.local} {arrow} {self.remote}  {_size(entry):>{column}}  "
        over = f"  ({_pieces(entry, times)})" if entry.pieces > 1 else ""
        return start + quote(entry.data, max(width - len(start) - len(over), _LEAST_QUOTE)) + over

    def html(self, *, limit_lines: int | None = 12, times: bool = True, width: int = 60) -> str:
        """Return the conversation as an HTML table.

        The arguments are those of `text`, except that `width` is that of the bytes alone.
        """
        head, left_out, tail = _elide(_merge(self.events), limit_lines)
        titles = (["time"] if times else []) + ["direction", "size", "bytes"]
        rows = ["".join(_heading(title) for title in titles)]
        rows += [self._row(entry, times, width) for entry in head]
        if left_out:
            rows.append(_wide(f"... {_left_out(left_out)} ...", len(titles)))
        rows += [self._row(entry, times, width) for entry in tail]
        if not head and not left_out:
            rows.append(_wide("(nothing crossed)", len(titles)))
        caption = f'<caption class="ag-caption">{escape(self.title)}</caption>' if self.title else ""
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        label = f"Transcript of {self.local} and {self.remote}"
        return framed(f'<table class="ag-table">{caption}{body}</table>', label)

    def _row(self, entry: _Entry, times: bool, width: int) -> str:
        clock = f'<td class="ag-cell ag-number">{_milliseconds(entry.time)}</td>' if times else ""
        if entry.kind == "note":
            return clock + _wide(printable(entry.text), 3)
        arrow = "→" if entry.kind == "sent" else "←"
        over = f' <span class="ag-faint">({_pieces(entry, times)})</span>' if entry.pieces > 1 else ""
        return (
            f'{clock}<td class="ag-cell">{escape(self.local)} {arrow} {escape(self.remote)}</td>'
            f'<td class="ag-cell ag-number">{_size(entry)}</td>'
            f'<td class="ag-cell ag-bytes">{escape(quote(entry.data, width))}{over}</td>'
        )

    def to_plain(self) -> list[Any]:
        """Return the transcript as lists, str, bytes and numbers.

        The form is `[title, local, remote, [[time, kind, data, text], ...]]`.
        """
        return [self.title, self.local, self.remote, [list(event) for event in self.events]]

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> "Transcript":
        """Make a transcript again of what `to_plain` returned.

        Raises:
            ValueError: it is something else. The message says which part.
        """
        match plain:
            case [str(title), str(local), str(remote), [*events]]:
                transcript = cls(title, local=local, remote=remote)
            case _:
                raise ValueError("a plain transcript must be [title, local, remote, [event, ...]]")
        for number, event in enumerate(events):
            match event:
                case [
                    float() | int() as moment,
                    "sent" | "received" | "note" as kind,
                    bytes(data),
                    str(text),
                ]:
                    transcript._events.append(Event(float(moment), kind, data, text))
                case _:
                    raise ValueError(f"event {number} of a plain transcript must be [time, kind, data, text]")
        return transcript

    def __str__(self) -> str:
        return self.text(times=False)

    def __repr__(self) -> str:
        return f"<Transcript {self.title!r}: {count(len(self.events), 'event')}>"

    # What a notebook shows without being asked has no times, so that a lesson shows the same in each run.

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        printer.text(self.text(times=False))

    def _repr_html_(self) -> str:
        return self.html(times=False)


def _merge(events: Sequence[Event]) -> list[_Entry]:
    """Make lines of events: one each, except that long runs of tiny or of bulk pieces become one."""
    entries: list[_Entry] = []
    for run in _runs(events):
        if len(run) >= _RUN:
            data = b"".join(event.data for event in run)
            entries.append(_Entry(run[0].time, run[0].kind, data, "", len(run), run[-1].time))
        else:
            entries += [_Entry(*event, pieces=1, until=event.time) for event in run]
    return entries


def _runs(events: Sequence[Event]) -> Iterator[list[Event]]:
    """Split the events into runs that could be shown as one."""
    run: list[Event] = []
    for event in events:
        if run and not _continues(run, event):
            yield run
            run = []
        run.append(event)
    if run:
        yield run


def _continues(run: list[Event], event: Event) -> bool:
    if event.kind == "note" or event.kind != run[0].kind:
        return False
    if all(0 < len(piece.data) <= _TINY for piece in (run[0], event)):
        return True
    # The last piece of a large transfer may be small, so only those before it must be large.
    return len(run[-1].data) >= _BULK and len(event.data) > _TINY


def _elide(entries: list[_Entry], limit_lines: int | None) -> tuple[list[_Entry], list[_Entry], list[_Entry]]:
    """Split the lines into those at the beginning, those left out and those at the end."""
    if limit_lines is not None and limit_lines < 1:
        raise ValueError(f"limit_lines={limit_lines}: must be 1 or more, or None for all lines")
    if limit_lines is None or len(entries) <= limit_lines:
        return entries, [], []
    shown = limit_lines - 1  # One line says how many are left out.
    head = shown // 2  # How it ended says more than how it began.
    tail = len(entries) - (shown - head)
    return entries[:head], entries[head:tail], entries[tail:]


def _left_out(entries: list[_Entry]) -> str:
    """Say what the lines left out contain."""
    said = [f"{count(len(entries), 'line')} left out"]
    for kind in ("sent", "received"):
        total = sum(len(entry.data) for entry in entries if entry.kind == kind)
        if total:
            said.append(f"{count(total, 'byte')} {kind}")
    return ", ".join(said)


def _size(entry: _Entry) -> str:
    return count(len(entry.data), "byte")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def _pieces(entry: _Entry, times: bool) -> str:
    over = f" over {_milliseconds(entry.until - entry.time)}" if times else ""
    return count(entry.pieces, "piece") + over


def _heading(title: str) -> str:
    number = " ag-number" if title in ("time", "size") else ""
    return f'<th class="ag-cell{number}" scope="col">{title}</th>'


def _wide(text: str, columns: int) -> str:
    return f'<td class="ag-cell ag-note" colspan="{columns}">{escape(text)}</td>'
