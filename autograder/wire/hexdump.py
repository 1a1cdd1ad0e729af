"""Bytes in hexadecimal, in rows, with named stretches underlined."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from autograder.wire.quoting import BytesLike, as_bytes, count, printable
from autograder.wire.theme import TONES, Line, Printer, Span, framed, pre_of, text_of

_GROUP = 8
"""A wider gap after so many bytes helps the eye to count."""

_WIDEST = 96
"""Columns within which a label goes to the right of its underline; else it goes to the left."""


class Mark(NamedTuple):
    """A stretch of bytes with a name.

    `start` and `end` are offsets as printed at the left of the rows, `end` not included, as in
    `Mark(12, 14, "EtherType")`. An empty stretch (start equal to end) is drawn as `|` where it would begin.
    """

    start: int
    end: int
    label: str


@dataclass(frozen=True, repr=False)
class HexView:
    """A hexadecimal view. Made by `hexview`, which explains the arguments."""

    data: bytes
    start: int
    width: int
    marks: tuple[Mark, ...]
    limit: int | None

    def text(self) -> str:
        """Return the rows, each followed by the underlines and labels of the marks that touch it."""
        return text_of(self._lines())

    def html(self) -> str:
        """Return the same rows as HTML, with the marked bytes tinted."""
        return framed(pre_of(self._lines()), f"{count(len(self.data), 'byte')} in hexadecimal")

    def _lines(self) -> list[Line]:
        if not self.data:
            return [[Span("(no bytes)")]]
        shown = len(self.data) if self.limit is None else min(self.limit, len(self.data))
        lines: list[Line] = []
        for first in range(0, shown, self.width):
            last = min(first + self.width, shown)
            lines.append(self._row(first, last))
            lines.extend(self._underlines(first, last, at_end=last == shown == len(self.data)))
        if shown < len(self.data):
            hidden = sum(mark.start - self.start >= shown for mark in self.marks)
            among = f", with {count(hidden, 'mark')}" if hidden else ""
            lines.append([Span(f"... {count(len(self.data) - shown, 'more byte')}{among}", "ag-faint")])
        return lines

    def _row(self, first: int, last: int) -> Line:
        line = [Span(f"{self.start + first:0{self._digits}x}  ", "ag-faint")]
        characters = [Span("  |", "ag-faint")]
        for number, run in groupby(range(first, last), key=self._mark_at):
            indexes = list(run)
            digits = "".join(_gap(index - first) + f"{self.data[index]:02x}" for index in indexes)
            # A gap inside a mark is tinted too, so that a field is one block; the gap before it is not.
            before = _gap(indexes[0] - first)
            line += [Span(before), self._tinted(digits[len(before) :], number)]
            values = (self.data[index] for index in indexes)
            text = "".join(chr(value) if 0x20 <= value < 0x7F else "." for value in values)
            characters.append(self._tinted(text, number))
        padding = Span(" " * (_column(self.width - 1) - _column(last - first - 1)))
        return [*line, padding, *characters, Span("|", "ag-faint")]

    def _underlines(self, first: int, last: int, *, at_end: bool) -> list[Line]:
        """Lay the marks of one row out in as few lines as their labels need."""
        rows: list[list[tuple[int, str, int]]] = []
        for number, mark in sorted(enumerate(self.marks), key=lambda item: (item[1].start, -item[1].end)):
            begin, end = mark.start - self.start, mark.end - self.start
            if begin == end:
                if not (first <= begin < last or (at_end and begin == last)):
                    continue
                line, label = "|", f"{mark.label} (empty)"
            else:
                if end <= first or begin >= last:
                    continue
                stop = _column(min(end, last) - 1 - first) + 2
                line = "^" * (stop - _column(max(begin, first) - first))
                label = mark.label if begin >= first else f"{mark.label}, continued"
            column = self._digits + 2 + _column(max(begin, first) - first)
            words = f"{line} {label}"
            if column + len(words) > _WIDEST and column > len(label):
                words, column = f"{label} {line}", column - len(label) - 1
            for row in rows:
                if all(
                    column >= at + len(other) + 2 or at >= column + len(words) + 2 for at, other, _ in row
                ):
                    row.append((column, words, number))
                    break
            else:
                rows.append([(column, words, number)])
        lines: list[Line] = []
        for row in rows:
            spans: list[Span] = []
            position = 0
            for column, words, number in sorted(row):
                spans += [Span(" " * (column - position)), Span(words, f"ag-tone{number % TONES}")]
                position = column + len(words)
            lines.append(spans)
        return lines

    def _mark_at(self, index: int) -> int | None:
        """Return the number of the innermost (shortest) mark over a byte."""
        over = [
            (mark.end - mark.start, number)
            for number, mark in enumerate(self.marks)
            if mark.start <= self.start + index < mark.end
        ]
        return min(over)[1] if over else None

    def _tinted(self, text: str, number: int | None) -> Span:
        if number is None:
            return Span(text)
        return Span(text, f"ag-tone{number % TONES}", self.marks[number].label)

    @property
    def _digits(self) -> int:
        return max(4, len(f"{self.start + len(self.data):x}"))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<HexView: {count(len(self.data), 'byte')}, {count(len(self.marks), 'mark')}>"

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        printer.text(self.text())

    def _repr_html_(self) -> str:
        return self.html()


def _gap(index: int) -> str:
    """Return the blanks before the byte `index` of a row."""
    if index == 0:
        return ""
    return " " if index % _GROUP else "  "


def _column(index: int) -> int:
    """Return where in a row the digits of its byte `index` begin."""
    return 3 * index + index // _GROUP


def hexview(
    data: BytesLike,
    *,
    start: int = 0,
    width: int = 16,
    marks: Sequence[Mark] = (),
    limit: int | None = 256,
) -> HexView:
    """Show bytes in hexadecimal and as ASCII characters (`.` for the others).

    Args:
        data: the bytes to show.
        start: the offset printed for the first byte, where `data` is a part of something larger.
        width: bytes in a row.
        marks: stretches to underline and name, in printed offsets. They may overlap.
        limit: how many bytes to show at most; the rest is only counted. None shows all.

    Raises:
        ValueError: a mark lies outside the data, or `start`, `width` or `limit` is too small.
        TypeError: `data` is not bytes.
    """
    data = as_bytes(data)
    if start < 0 or width < 1 or (limit is not None and limit < 1):
        raise ValueError(
            f"start={start}, width={width}, limit={limit}: start must be 0 or more, the others 1 or more"
        )
    end = start + len(data)
    for mark in marks:
        if not start <= mark.start <= mark.end <= end:
            raise ValueError(
                f"mark {mark.label!r} goes from {mark.start} to {mark.end}, the data from {start} to {end}"
            )
    named = tuple(Mark(mark.start, mark.end, printable(mark.label)) for mark in marks)
    return HexView(data, start, width, named, limit)
