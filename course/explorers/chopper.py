"""The stream chopper: messages become one stream of bytes, and recv cuts that where it likes.

    from explorers.chopper import chopper

    chopper()                                        # newlines, recv returns up to 5 bytes
    chopper(["hi", "é"], framing="length", piece=1)

Above the bytes stand the messages, below them what each recv returned, and what two readers make of it: one
that takes a recv for a message, and one that keeps what is left over.
"""

from __future__ import annotations

import html
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import traitlets

from .figure import Figure

HERE = Path(__file__)
FIXED = 6
"""Bytes of a message of fixed length; shorter ones are filled up with spaces."""
MOST = 64
"""Bytes of a stream that the picture has room for."""

Take = Callable[[bytes], "tuple[bytes, bytes] | None"]


@dataclass(frozen=True)
class Framing:
    """A way to mark where messages end: what it is called, how to add the marks, how to take a message off."""

    label: str
    frame: Callable[[bytes], bytes]
    take: Take


def _take_line(buffer: bytes) -> tuple[bytes, bytes] | None:
    line, newline, rest = buffer.partition(b"\n")
    return (line, rest) if newline else None


def _take_prefixed(buffer: bytes) -> tuple[bytes, bytes] | None:
    if len(buffer) < 2:
        return None
    (length,) = struct.unpack(">H", buffer[:2])
    return (buffer[2 : 2 + length], buffer[2 + length :]) if len(buffer) >= 2 + length else None


def _take_fixed(buffer: bytes) -> tuple[bytes, bytes] | None:
    return (buffer[:FIXED].rstrip(b" "), buffer[FIXED:]) if len(buffer) >= FIXED else None


FRAMINGS = {
    "line": Framing("a newline ends it", lambda message: message + b"\n", _take_line),
    "length": Framing("2 bytes of length before it", lambda m: struct.pack(">H", len(m)) + m, _take_prefixed),
    "fixed": Framing(f"always {FIXED} bytes", lambda message: message.ljust(FIXED), _take_fixed),
}


@dataclass(frozen=True)
class Read:
    """One recv: the bytes from `start` to `end` of the stream, and what a reader with a buffer has after it."""

    start: int
    end: int
    data: bytes
    delivered: tuple[bytes, ...]
    left: bytes


def frame(messages: Sequence[str], framing: str) -> list[bytes]:
    """Each message as the bytes that are sent for it.

    Raises:
        ValueError: a message can't be framed so, or the stream is too long for the picture.
    """
    if framing not in FRAMINGS:
        raise ValueError(f"there is no framing {framing!r}; there are {', '.join(FRAMINGS)}")
    encoded = [message.encode() for message in messages]
    for message, data in zip(messages, encoded, strict=True):
        if framing == "line" and b"\n" in data:
            raise ValueError(f"{message!r} contains the newline that would end it: use a length, or leave it out")
        if framing == "fixed" and len(data) > FIXED:
            raise ValueError(f"{message!r} is {len(data)} bytes long, and a message here has {FIXED}: make it shorter")
    framed = [FRAMINGS[framing].frame(data) for data in encoded]
    if not 0 < sum(map(len, framed)) <= MOST:
        raise ValueError(f"the stream has {sum(map(len, framed))} bytes; the picture shows 1 to {MOST}")
    return framed


def reads(stream: bytes, piece: int, take: Take) -> list[Read]:
    """What recv calls return that get `piece` bytes each, and what a reader that keeps the rest delivers."""
    found, buffer = [], b""
    for start in range(0, len(stream), piece):
        data = stream[start : start + piece]
        buffer += data
        delivered = []
        while taken := take(buffer):
            message, buffer = taken
            delivered.append(message)
        found.append(Read(start, start + len(data), data, tuple(delivered), buffer))
    return found


def shown(data: bytes) -> str:
    """Bytes as text in quotes where they are text, else as a bytes literal."""
    try:
        return f"“{data.decode()}”" if data.decode().isprintable() else repr(data)
    except UnicodeDecodeError:
        return repr(data)


def tell(read: Read) -> str:
    """What a reader with a buffer says after one recv."""
    message = ", ".join(shown(message) for message in read.delivered)
    kept = f"keeps {len(read.left)} byte{'s' * (len(read.left) != 1)}" if read.left else ""
    return "; ".join(part for part in (message, kept) if part) or "nothing left"


def words(messages: Sequence[str], framing: str, piece: int) -> str:
    """The figure in plain text."""
    stream = b"".join(frame(messages, framing))
    lines = [
        f"{len(messages)} messages, {FRAMINGS[framing].label}: a stream of {len(stream)} bytes,"
        f" and recv returns up to {piece}",
    ]
    for number, read in enumerate(reads(stream, piece, FRAMINGS[framing].take), 1):
        lines.append(f"recv {number}: {read.data!r}")
        lines.append(f"    one recv, one message: {shown(read.data)}")
        lines.append(f"    with a buffer:         {tell(read)}")
    return "\n".join(lines)


INK, MUTED = "var(--jp-content-font-color1, #1f2328)", "var(--jp-content-font-color2, #59636e)"
PAPER, LINE = "var(--jp-layout-color1, #ffffff)", "var(--jp-border-color1, #afb8c1)"
MONO = "var(--jp-code-font-family, ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace)"
SHADES = ("rgba(9,105,218,0.22)", "rgba(191,135,0,0.26)")
CELL, LEFT, WIDTH = 26, 10, 940
PER_ROW = 32


def picture(messages: Sequence[str], framing: str, piece: int) -> str:
    """The bytes in boxes, shaded by message, with a bracket under each recv; below, what the two readers say."""
    framed = frame(messages, framing)
    stream = b"".join(framed)
    all_reads = reads(stream, piece, FRAMINGS[framing].take)
    owner = [index for index, data in enumerate(framed) for _ in data]
    rows = -(-len(stream) // PER_ROW)
    table = 22 + rows * 78 + 18
    height = table + 20 * (len(all_reads) + 1) + 12
    told = html.escape(words(messages, framing, piece))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'style="max-width:{WIDTH}px;width:100%;font-family:{MONO};font-size:12px">',
        f"<title>A stream of {len(stream)} bytes, cut into pieces of up to {piece}</title><desc>{told}</desc>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" style="fill:{PAPER}"/>',
    ]
    for index, byte in enumerate(stream):
        x, y = LEFT + index % PER_ROW * CELL, 22 + index // PER_ROW * 78
        if index == 0 or owner[index] != owner[index - 1]:
            parts.append(_text(x + 2, y - 6, f"message {owner[index] + 1}", MUTED, 10))
        sign = chr(byte) if 0x21 <= byte < 0x7F else "␣" if byte == 0x20 else "↵" if byte == 0x0A else "·"
        parts.append(
            f'<rect x="{x}" y="{y}" width="{CELL}" height="36" style="fill:{SHADES[owner[index] % 2]};stroke:{LINE}"/>'
            + _text(x + CELL / 2, y + 15, sign, INK, 13, middle=True)
            + _text(x + CELL / 2, y + 30, f"{byte:02x}", MUTED, 10, middle=True)
        )
    for number, read in enumerate(all_reads, 1):
        parts.append(_bracket(read, number))
    columns = (LEFT, LEFT + 70, LEFT + 440)
    heads = ("recv", "one recv taken for one message", "a reader that keeps what is left over")
    parts += [_text(x, table, head, MUTED, 11) for x, head in zip(columns, heads, strict=True)]
    for number, read in enumerate(all_reads, 1):
        right = read.delivered == (read.data,) or (len(read.delivered) == 1 and read.data in framed)
        naive = f"{'✓' if right else '✗'} {_cut(shown(read.data), 44)}"
        line = zip(columns, (str(number), naive, _cut(tell(read), 60)), strict=True)
        parts += [_text(x, table + 20 * number, text, INK, 12) for x, text in line]
    return "".join([*parts, "</svg>"])


def _bracket(read: Read, number: int) -> str:
    """A bracket under the bytes of one recv, in two parts where it goes on in the next row."""
    parts = []
    for row in range(read.start // PER_ROW, (read.end - 1) // PER_ROW + 1):
        first, last = max(read.start, row * PER_ROW), min(read.end, (row + 1) * PER_ROW)
        x, end, y = LEFT + first % PER_ROW * CELL + 2, LEFT + ((last - 1) % PER_ROW + 1) * CELL - 2, 22 + row * 78 + 40
        parts.append(f'<path d="M{x},{y} v6 H{end} v-6" style="fill:none;stroke:{INK}"/>')
        parts.append(_text((x + end) / 2, y + 18, str(number), MUTED, 10, middle=True))
    return "".join(parts)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(x: float, y: float, text: str, colour: str, size: float, *, middle: bool = False) -> str:
    anchor = "middle" if middle else "start"
    style = f"fill:{colour};font-size:{size}px"
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
    return f'<text {place} xml:space="preserve" style="{style}">{html.escape(text)}</text>'


class Chopper(Figure):
    """The explorer; `messages`, `framing` and `piece` may be read and set from Python."""

    _esm = HERE.with_suffix(".js").read_text(encoding="utf-8")
    _css = HERE.with_suffix(".css").read_text(encoding="utf-8")
    messages: traitlets.List[Any] = traitlets.List().tag(sync=True)
    framing = traitlets.Unicode().tag(sync=True)
    piece = traitlets.Int().tag(sync=True)
    framings: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    svg = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    """Why the picture is still the old one; "" while all is well."""

    def __init__(self, messages: Sequence[str], framing: str, piece: int) -> None:
        labels = {key: each.label for key, each in FRAMINGS.items()}
        super().__init__(messages=list(messages), framing=framing, piece=piece, framings=labels)
        self._draw()
        self.observe(self._draw, ["messages", "framing", "piece"])

    def _draw(self, _: object = None) -> None:
        try:
            self.svg = self.picture()
            self.problem = ""
        except ValueError as error:
            self.problem = str(error)

    def words(self) -> str:
        """The chosen stream and its pieces."""
        return words(self.messages, self.framing, self.piece)

    def picture(self) -> str:
        """The chosen stream and its pieces."""
        return picture(self.messages, self.framing, self.piece)


def chopper(messages: Sequence[str] = ("hello", "how", "are you"), framing: str = "line", piece: int = 5) -> Chopper:
    """Show the explorer.

    Args:
        messages: what is sent, as text.
        framing: how their ends are marked: "line", "length" or "fixed".
        piece: how many bytes each recv returns, 1 or more.

    Returns:
        A widget; as the last line of a cell it shows itself.

    Raises:
        ValueError: there is no such framing, a message does not fit it, or `piece` is below 1.
    """
    if piece < 1:
        raise ValueError(f"piece={piece}: recv returns 1 byte or more, until the end")
    frame(messages, framing)
    return Chopper(messages, framing, piece)
