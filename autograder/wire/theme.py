"""What the HTML forms share: lines of styled text, escaping, and colours for light and dark themes.

Colours only repeat what words, arrows, carets and underlines already say. They come from JupyterLab's CSS
variables, and where there are none (an exported page, another front end) from the system
colours of CSS Color 4, section 6.2.
"""

import html
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

TONES = 6
"""How many tints there are to tell neighbouring marks apart: classes `ag-tone0` to `ag-tone5`."""

# A tint is translucent, so that the same one can be read over a white and over a black page.
_TINTS = ("66,133,244", "230,145,20", "52,168,83", "171,71,188", "0,172,193", "216,67,90")

# JupyterLab has its own styles for tables and `pre`, so much of this takes those back.
STYLE = "".join(
    line.strip()
    for line in """
    .ag-wire{color:var(--jp-content-font-color1,CanvasText);line-height:1.4;margin:.3em 0;
      font-size:var(--jp-code-font-size,13px);font-family:var(--jp-content-font-family,system-ui,sans-serif);
      --ag-rule:var(--jp-border-color1,GrayText);
      --ag-code:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)}
    .ag-wire p.ag-sentence{margin:.2em 0}
    .ag-wire pre.ag-lines{color:inherit;background:none;border:0;margin:.2em 0;padding:0;overflow-x:auto;
      white-space:pre;font:inherit;font-family:var(--ag-code)}
    .ag-wire table.ag-table{border-collapse:collapse;border:0;margin:.2em 0;color:inherit;font-size:inherit;
      table-layout:auto}
    .ag-wire caption.ag-caption{caption-side:top;text-align:left;font-weight:600;padding:.2em 0;color:inherit}
    .ag-wire table.ag-table tr{background:none}
    .ag-wire th.ag-cell,.ag-wire td.ag-cell{text-align:left;vertical-align:top;padding:.15em .8em .15em .2em;
      border:0;border-bottom:1px solid var(--ag-rule);color:inherit;white-space:nowrap;max-width:none}
    .ag-wire th.ag-number,.ag-wire td.ag-number{text-align:right;font-variant-numeric:tabular-nums}
    .ag-wire td.ag-bytes{font-family:var(--ag-code);white-space:pre-wrap;overflow-wrap:anywhere}
    .ag-wire td.ag-note{font-style:italic;white-space:normal}
    .ag-wire .ag-faint{opacity:.75}
    .ag-wire .ag-wrong{font-weight:700;background:rgba(216,67,90,.3);text-decoration:underline 2px}
    .ag-wire .ag-caret{font-weight:700}
    """.splitlines()
) + "".join(f".ag-wire .ag-tone{number}{{background:rgba({tint},.28)}}" for number, tint in enumerate(_TINTS))
"""The style sheet of `framed`."""


class Span(NamedTuple):
    """A stretch of one line: its text, CSS classes, and words to show when the pointer rests on it."""

    text: str
    style: str = ""
    title: str = ""


class Printer(Protocol):
    """The part of IPython's pretty printer that a `_repr_pretty_` needs."""

    def text(self, text: str) -> None: ...


Line = Sequence[Span]


def escape(text: str) -> str:
    """Return `text` safe for HTML, in an element or in an attribute with quotation marks."""
    return html.escape(text, quote=True)


def text_of(lines: Iterable[Line]) -> str:
    """Return the lines as plain text, without trailing blanks."""
    return "\n".join("".join(span.text for span in line).rstrip() for line in lines)


def pre_of(lines: Iterable[Line]) -> str:
    """Return the same lines as an HTML `<pre>` with a `<span>` for each styled stretch."""
    return f'<pre class="ag-lines">{chr(10).join("".join(map(_span, line)) for line in lines)}</pre>'


def _span(span: Span) -> str:
    if not span.style and not span.title:
        return escape(span.text)
    title = f' title="{escape(span.title)}"' if span.title else ""
    return f'<span class="{escape(span.style)}"{title}>{escape(span.text)}</span>'


def framed(body: str, label: str) -> str:
    """Put the HTML `body` in a block that carries the style and tells screen readers its `label`."""
    group = f'<div class="ag-wire" role="group" aria-label="{escape(label)}">'
    return f"{group}<style>{STYLE}</style>{body}</div>"
