"""Where two byte strings part, in a sentence and with a caret under the first wrong byte."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from autograder.wire.quoting import BytesLike, as_bytes, count, delimiter, escapes, fitting
from autograder.wire.theme import Line, Printer, Span, escape, framed, pre_of, text_of

_LEAST_ROOM = 16
"""Characters of a window however narrow the text must be: four bytes as escapes."""

_SUFFIX = {"changed": "", "missing": " is missing", "extra": " is too many"}


@dataclass(frozen=True, repr=False)
class Difference:
    """Two byte strings that differ. Made by `compare`.

    Attributes:
        expected: the bytes that should have come.
        got: the bytes that came.
        offset: index of the first byte that differs, counted from 0, as in `got[offset]`. Where one is the
            beginning of the other, the length of the shorter.
    """

    expected: bytes
    got: bytes
    offset: int

    @property
    def kind(self) -> Literal["changed", "missing", "extra"]:
        """`missing`: got stops early. `extra`: got goes on after the end. `changed`: all else."""
        if self.offset == len(self.got):
            return "missing"
        return "extra" if self.offset == len(self.expected) else "changed"

    @property
    def sentence(self) -> str:
        """The difference in words, without a capital and a full stop, to be put into a longer sentence."""
        right, wanted, came = self.offset, len(self.expected), len(self.got)
        if self.kind == "missing":
            if not right:
                return f"nothing came, expected {count(wanted, 'byte')}"
            if right == 1:
                return f"the first of {count(wanted, 'byte')} is right, then nothing more came"
            return f"the first {right:,} of {count(wanted, 'byte')} are right, then nothing more came"
        if self.kind == "extra":
            if not wanted:
                return f"expected nothing, got {count(came, 'byte')}"
            return f"{count(came - wanted, 'byte')} too many after the right {wanted:,}"
        return f"byte {right:,} differs: expected 0x{self.expected[right]:02x}, got 0x{self.got[right]:02x}"

    def text(self, *, width: int = 88) -> str:
        r"""Return both byte strings, one above the other, and a caret under the first wrong byte.

            expected 13 bytes: b'hello\r\nworld'
            got      12 bytes: b'hello\nworld'
                                      ^ byte 5

        Long data is shown from a little before the difference (`from byte 1,000`); `...` means that more
        follows.

        Args:
            width: length of the lines in characters; under 64 it may be exceeded.
        """
        return text_of(self._lines(width))

    def html(self, *, width: int = 88) -> str:
        """Return the sentence and the lines of `text` as HTML, the first wrong byte marked and underlined."""
        return framed(
            f'<p class="ag-sentence">{escape(self.sentence)}</p>{pre_of(self._lines(width))}', "Difference"
        )

    def _lines(self, width: int) -> list[Line]:
        totals = [count(len(side), "byte") for side in (self.expected, self.got)]
        column = max(map(len, totals))
        room = width - len(f"expected {'':{column}}: b'' ...")
        window = self._window(room)
        if window.start:
            # Now the lines say where they start. That number has at most as many digits as the offset.
            window = self._window(room - len(f", from byte {self.offset:,}"))
        origin = f", from byte {window.start:,}" if window.start else ""
        lines: list[Line] = []
        for name, total, side, after in zip(
            ("expected", "got"), totals, (self.expected, self.got), (window.expected, window.got), strict=True
        ):
            more = " ..." if self.offset + len(after) < len(side) else ""
            lines.append(
                [
                    Span(f"{name:<8} {total:>{column}}{origin}: b{window.mark}{window.before}"),
                    Span("".join(after[:1]), "ag-wrong"),
                    Span("".join(after[1:]) + window.mark + more),
                ]
            )
        indent = len(lines[0][0].text)
        label = f"byte {self.offset:,}{_SUFFIX[self.kind]}"
        if indent + len("^ ") + len(label) <= width:
            lines.append([Span(" " * indent), Span(f"^ {label}", "ag-caret")])
        else:
            lines.append([Span(" " * (indent - len(label) - 1)), Span(f"{label} ^", "ag-caret")])
        return lines

    def _window(self, room: int) -> "_Window":
        """Choose what to show of both sides, each in `room` characters."""
        room = max(room, _LEAST_ROOM)
        # What fits is no longer than `room` bytes, so only these are looked at: the data may be many MiB.
        common = self.got[max(self.offset - room, 0) : self.offset]
        rests = [side[self.offset : self.offset + room] for side in (self.expected, self.got)]
        mark = delimiter(common + b"".join(rests))
        before = escapes(common, mark)
        expected, got = (escapes(rest, mark) for rest in rests)
        # A third of the room shows what leads up to the difference; more, where what follows leaves more.
        needed = max(sum(map(len, expected)), sum(map(len, got)))
        context = fitting(reversed(before), max(room // 3, room - needed))
        before = before[len(before) - context :]
        left = room - sum(map(len, before))
        return _Window(
            self.offset - context,
            mark,
            "".join(before),
            expected[: fitting(expected, left)],
            got[: fitting(got, left)],
        )

    def __str__(self) -> str:
        return f"{self.sentence}\n{self.text()}"

    def __repr__(self) -> str:
        return f"<Difference: {self.sentence}>"

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        return self.html()


class _Window(NamedTuple):
    """What is shown: from byte `start` the common text `before`, then the escapes of both sides."""

    start: int
    mark: str
    before: str
    expected: list[str]
    got: list[str]


def compare(expected: BytesLike, got: BytesLike) -> Difference | None:
    """Find the first difference of two byte strings.

    Args:
        expected: the bytes that should have come.
        got: the bytes that came.

    Returns:
        None where they are equal, else the `Difference`.

    Raises:
        TypeError: one of them is not bytes, for instance text that was not encoded.
    """
    expected, got = as_bytes(expected, "expected"), as_bytes(got, "got")
    return None if expected == got else Difference(expected, got, _common_length(expected, got))


def _common_length(a: bytes, b: bytes) -> int:
    """Return the length of the longest common beginning.

    Comparing halves leaves the work to the C library: two passes over the data, also for many MiB.
    """
    same, unknown = 0, min(len(a), len(b))
    if a[:unknown] == b[:unknown]:
        return unknown
    # Here the first `same` bytes agree and the first difference lies before `unknown`.
    while unknown - same > 1:
        middle = (same + unknown) // 2
        if a[same:middle] == b[same:middle]:
            same = middle
        else:
            unknown = middle
    return same
