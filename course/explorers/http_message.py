"""An HTTP/1.1 message as bytes: choose one or edit it, see its parts, and what a strict parser says.

    from explorers.http_message import http_message

    http_message()              # all messages, starting with a GET
    http_message("both")        # starting with the one that has two lengths

`http_message_model.py` cuts messages into parts and asks h11; `http_message_examples.py` holds the messages.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import traitlets

from .figure import Figure
from .http_message_examples import EXAMPLES, Example
from .http_message_model import Part, Verdict, from_notation, parts_of, to_notation, verdict_of

HERE = Path(__file__)
OUTCOMES = {"accepted": "accepts it", "refused": "refuses it", "waiting": "waits for more"}
MARKS = {"accepted": "✓", "refused": "✗", "waiting": "…"}
# The still picture: kinds of parts, and their colours on its own light background.
COLOURS = {
    "method": "#1565c0", "target": "#7b3fb3", "version": "#546e7a", "status": "#1565c0", "reason": "#7b3fb3",
    "name": "#1f7a4a", "colon": "#6b7280", "space": "#6b7280", "value": "#8a6100", "line end": "#6b7280",
    "chunk size": "#b03a0a", "extension": "#6b7280", "content": "#0b7285", "odd": "#c92a2a", "beyond": "#6b7280",
}  # fmt: skip
CELL, ROW, LEFT, TOP, COLUMNS, WIDEST = 8.4, 30, 14, 56, 84, 78


def example_named(key: str) -> Example:
    """The example with this key; ValueError names those there are."""
    for example in EXAMPLES:
        if example.key == key:
            return example
    raise ValueError(f"no message is called {key!r}; there are {', '.join(each.key for each in EXAMPLES)}")


def told(verdict: Verdict) -> str:
    """The verdict in one line."""
    return f"{MARKS[verdict.outcome]} h11 {OUTCOMES[verdict.outcome]}. {' '.join(verdict.sentences)}"


def words(example: Example) -> str:
    """The message in plain text: a line for every part but spaces and line ends, then the verdict."""
    data = from_notation(example.source)
    parts, framing = parts_of(data, example.side, example.method)
    lines = [f"{example.title}: {len(data)} bytes", example.note, ""]
    for part in parts:
        if part.kind not in ("space", "line end", "colon"):
            shown = to_notation(data[part.start : part.end]).replace("\n", "")
            lines.append(f"{_place(part):>9}  {part.kind}: {shown}")
    return "\n".join([*lines, "", f"End of the body: {framing}", told(verdict_of(data, example.side, example.method))])


def _place(part: Part) -> str:
    """Which bytes, counted from 0: "16-17", or "20" for one."""
    return f"{part.start}-{part.end - 1}" if part.end - part.start > 1 else f"{part.start}"


def picture(example: Example) -> str:
    """The message as SVG: its bytes line by line, every part in a frame of its own."""
    data = from_notation(example.source)
    parts, framing = parts_of(data, example.side, example.method)
    rows = list(_rows(data, parts))
    verdict = verdict_of(data, example.side, example.method)
    foot = [f"End of the body: {framing}", *_wrapped(told(verdict))]
    width = int(2 * LEFT + COLUMNS * CELL)
    height = TOP + ROW * len(rows) + 18 * len(foot) + 34
    kinds = ", ".join(dict.fromkeys(part.kind for part in parts))
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="sans-serif" font-size="13"><title>{_safe(example.title)}, part by part</title>'
        f"<desc>{_safe(example.title)}: {len(data)} bytes in {len(parts)} parts ({kinds}). "
        f"{_safe(' '.join(foot))}</desc>"
        f'<rect width="{width}" height="{height}" rx="6" fill="#ffffff" stroke="#9ca3af"/>'
        f'<text x="{LEFT}" y="24" fill="#111827" font-weight="bold">{_safe(example.title)}</text>'
    ]
    for number, row in enumerate(rows):
        left = float(LEFT)
        for kind, text in row:
            drawn.append(_box(kind, text, left, TOP + ROW * number))
            left += len(text) * CELL + 3
    below = TOP + ROW * len(rows) + 12
    named = dict.fromkeys(part.kind for part in parts if part.kind not in ("space", "colon", "line end"))
    for kind, left in zip(named, range(LEFT, width, 84), strict=False):
        drawn.append(f'<text x="{left}" y="{below}" font-size="11" fill="{COLOURS[kind]}">■ {kind}</text>')
    for number, sentence in enumerate(foot):
        y = below + 22 + 18 * number
        drawn.append(f'<text x="{LEFT}" y="{y}" fill="#111827" font-size="12">{_safe(sentence)}</text>')
    return "".join([*drawn, "</svg>"])


def _rows(data: bytes, parts: list[Part]) -> Iterator[list[tuple[str, str]]]:
    """The message as rows of (kind, text): a new row after every line end, and where a row would be too long."""
    row: list[tuple[str, str]] = []
    used = 0
    for part in parts:
        shown = to_notation(data[part.start : part.end])
        for text in (line[at : at + WIDEST] for line in shown.split("\n") for at in range(0, len(line), WIDEST)):
            if used + len(text) > COLUMNS - 4:
                yield row
                row, used = [], 0
            row.append((part.kind, text))
            used += len(text)
            if text.endswith("\\n"):
                yield row
                row, used = [], 0
    if row:
        yield row


def _box(kind: str, text: str, left: float, top: int) -> str:
    """One part in its frame. textLength keeps the letters inside, whatever fonts the reader has."""
    colour, wide = COLOURS[kind], len(text) * CELL
    label = text.replace(" ", "·") if kind == "space" else text
    return (
        f'<g><title>{kind}</title><rect x="{left:.1f}" y="{top - 15}" width="{wide + 1:.1f}" height="22" rx="2" '
        f'fill="{colour}" fill-opacity="0.13" stroke="{colour}"/><text x="{left + 0.5:.1f}" y="{top}" '
        f'textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs" xml:space="preserve" font-family="monospace" '
        f'fill="{colour}">{_safe(label)}</text></g>'
    )


def _wrapped(text: str, limit: int = 112) -> list[str]:
    """A long sentence in lines that fit under the picture."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > limit:
            lines.append("")
        lines[-1] += f"{word} "
    return [line.strip() for line in lines]


def _safe(text: str) -> str:
    return html.escape(text)


def shown(source: str, side: str, method: str) -> dict[str, Any]:
    """All that the front end shows of a message in notation, as plain data; `problem` if it cannot be read."""
    try:
        data = from_notation(source)
    except ValueError as error:
        return {"problem": str(error)}
    parts, framing = parts_of(data, side, method)
    verdict = verdict_of(data, side, method)
    return {
        "size": len(data),
        "parts": [
            {
                "kind": part.kind,
                "place": _place(part),
                "text": to_notation(data[part.start : part.end]),
                "hex": data[part.start : part.end][:48].hex(" ") + (" …" if part.end - part.start > 48 else ""),
                "meaning": part.meaning,
            }
            for part in parts
        ],
        "framing": framing,
        "outcome": verdict.outcome,
        "verdict": told(verdict),
    }


class HttpMessage(Figure):
    """The message, live: the page sends what stands in the box, the kernel answers with parts and verdict."""

    _esm = HERE.with_suffix(".js").read_text(encoding="utf-8")
    _css = HERE.with_suffix(".css").read_text(encoding="utf-8")
    examples: traitlets.List[Any] = traitlets.List().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    source = traitlets.Unicode().tag(sync=True)
    shown: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    @traitlets.observe("message", "source")
    def _look(self, change: Any = None) -> None:
        example = example_named(self.message)
        self.shown = shown(self.source, example.side, example.method)

    def words(self) -> str:
        """The chosen message in plain text."""
        return words(example_named(self.message))

    def picture(self) -> str:
        """The chosen message as SVG."""
        return picture(example_named(self.message))


def http_message(message: str = "get") -> HttpMessage:
    """Show HTTP messages part by part.

    Args:
        message: the key of the message to begin with; all can be chosen and edited in the explorer.

    Raises:
        ValueError: there is no such message.
    """
    source = example_named(message).source
    return HttpMessage(examples=[each._asdict() for each in EXAMPLES], message=message, source=source)
