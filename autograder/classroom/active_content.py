"""Takes what could act out of a graded notebook, for an instructor's browser will show it.

Formgrader and feedback pages are made of a notebook's outputs and Markdown as they are, on the origin of the
instructor's JupyterLab: a learner's script would act there with the instructor's rights, on grades too. An image is
enough: nbgrader 0.9.6 answers ``GET /formgrader?path=…`` by running the ``nbgrader_config.py`` of any folder.

What may stay is listed, and everything else goes: outputs are made anew of the parts that can only be looked at, and
Markdown whose HTML is more than that is shown as its source text. Nothing is repaired, so nothing is misunderstood:
HTML that is not written in the strict form below, which every parser reads alike, is not shown as HTML.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Container
from functools import lru_cache
from typing import Any

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_output

LONGEST = 50_000
"""Characters of Markdown or HTML that are looked through; what is longer is not shown as HTML."""

LONGEST_LINE = 200
"""Characters of a line of brackets."""

MOST_WORK = 10_000_000
"""What all Markdown of a notebook may be to who renders it, see `_work`: about a second."""

TAKEN_OUT = "[This output was taken out: it could act in a browser, or it is nothing that can be shown.]"

TAGS = frozenset(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 "
    "hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr tt "
    "u ul var".split()
)
"""Elements that only show something."""

_TEXTS = "csv|ipynb|json|md|pcap|pcapng|py|txt"
_PICTURES = "gif|jpeg|jpg|png|svg|webp"
# A relative address leads to what was handed in beside the notebook, and Formgrader's server gives a browser that, too:
# nothing that a browser runs. No query, no scheme, no host; nbgrader takes "files/" from the beginning.
_NAME = r"[\w%+,()~@=-][\w%+,()~@=.-]*"
_BESIDE = rf"(?!files/)(?:\.{{1,2}}/)*(?:{_NAME}/)*{_NAME}"

ATTRIBUTES = {
    name: re.compile(allowed, re.ASCII)
    for names, allowed in {
        "alt id lang title": r"[^\0]*",
        "border colspan height rowspan span start width": r"\d{1,4}%?",
        "align valign": r"left|right|center|justify|top|middle|bottom|baseline",
        "open reversed scope type": r"\w*",
        # Those of Pygments, mistune and nbconvert: another may be that of a button or field of Formgrader's own.
        "class": r"(?:(?:highlight|anchor-link|task-list-item|language-[\w.+#-]+|[a-z][a-z\d]{0,2})(?: |$))*",
        "href": rf"(?:https?:|mailto:|#)[^\0-\x20]*|{_BESIDE}\.(?:{_TEXTS}|{_PICTURES})(?:#[^\0-\x20]*)?",
        "src": rf"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]*|{_BESIDE}\.(?:{_PICTURES})",
        "style": r"text-align: ?(?:left|right|center);?",
    }.items()
    for name in names.split()
}
"""Their attributes, and what each may be."""

_SPACE = r"[ \t\n\r\f]"
_VALUE = r"""(?:"[^"<>]*"|'[^'<>]*'|[^"'<>=`\s]+)"""
_MARKUP = re.compile(
    r"<!--(?!-?>)(?:(?!--)[^<>])*-->"
    r'|<input class="task-list-item-checkbox" type="checkbox" disabled(?: checked)?/>'
    rf"|</?(?P<tag>[a-zA-Z][a-zA-Z0-9]*)(?P<attributes>(?:{_SPACE}+[a-zA-Z]+(?:={_VALUE})?)*){_SPACE}*/?>"
)
_ATTRIBUTE = re.compile(rf"{_SPACE}+([a-zA-Z]+)(?:=({_VALUE}))?")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
_FENCE = re.compile(r"`{3,}")


def remove(notebook: NotebookNode, trusted: Container[str]) -> None:
    """Leave in a notebook what can only be looked at, and what the notebook format allows.

    Args:
        notebook: changed in place; it was executed.
        trusted: the nbgrader names of cells whose outputs are ours.
    """
    notebook.metadata.pop("widgets", None)
    work = 0
    for cell in notebook.cells:
        if cell.cell_type == "raw":
            cell.source = html.escape(cell.source) if "<" in cell.source else cell.source
        elif cell.cell_type == "markdown":
            more = _work(cell.source)
            if work + more <= MOST_WORK and _is_still_markdown(cell.source, _attached(cell)):
                work += more
            else:
                cell.source = as_source(cell.source)
        elif cell.metadata.get("nbgrader", {}).get("grade_id", "") in trusted:
            for output in cell.outputs:  # a report may have words of a kernel's in it
                output.data = NotebookNode({name: _text(text) for name, text in output.data.items()})
        else:
            cell.outputs = [_only_to_see(output) for output in cell.outputs]
            cell.execution_count = _count(cell.get("execution_count"))


def is_still(page: str) -> bool:
    """Does a piece of HTML only show something, whoever reads it?

    True only if all its markup is in the strict form of `_MARKUP`, with the elements and attributes listed above. In
    this form no two parsers disagree about where a tag begins or ends.
    """
    return len(page) <= LONGEST and "<" not in _MARKUP.sub(_unless_allowed, page)


def as_source(markdown: str) -> str:
    """Markdown that shows other Markdown as it is written, the beginning of it if it is long."""
    lines = _text(markdown)[:LONGEST].splitlines()
    longest = max((len(found) for line in lines for found in _FENCE.findall(line)), default=2)
    fence = "`" * (longest + 1)
    return "\n".join([fence, *(line[:LONGEST_LINE] if _work(line) > 10_000 else line for line in lines), fence])


def _work(markdown: str) -> int:
    """How much of Markdown the patterns of nbconvert 7.17 and mistune 3.4 look at: for some, its length squared.

    Ten thousand opening brackets take a page 10 s, and ten times as many a quarter of an hour.
    """
    brackets = sum(line.count("[") * len(line) for line in markdown.splitlines())
    formulas = sum(map(markdown.count, ("\\[", "\\(", "\\begin")))
    others = sum(map(markdown.count, ("**", "__", "~~", "\n=")))
    return brackets + len(markdown) * (formulas + others // 8)


def _unless_allowed(found: re.Match[str]) -> str:
    tag = found["tag"]
    if tag is None:
        return ""
    known = tag.lower() in TAGS and all(_is_allowed(*pair) for pair in _ATTRIBUTE.findall(found["attributes"]))
    return "" if known else "<"


def _is_allowed(name: str, value: str) -> bool:
    allowed = ATTRIBUTES.get(name.lower())
    return allowed is not None and allowed.fullmatch(value.strip("\"'")) is not None


Attached = tuple[tuple[str, str], ...]
"""Names of attached pictures, each with a media type that there is."""


@lru_cache(maxsize=1024)  # most cells of a class are the release's
def _is_still_markdown(markdown: str, attached: Attached | None = ()) -> bool:
    """Is what Formgrader and feedback pages make of Markdown only to be looked at?"""
    if attached is None or len(markdown) > LONGEST:
        return False
    pictures: dict[str, dict[str, str]] = {}
    for name, kind in attached:
        pictures.setdefault(name, {})[kind] = ""
    renderer = IPythonRenderer(escape=False, attachments=pictures)
    try:
        return is_still(MarkdownWithMath(renderer=renderer).render(markdown))
    except Exception:  # a picture that is not attached, or brackets nested too deep: then neither page could be made
        return False


def _attached(cell: NotebookNode) -> Attached | None:
    """The pictures attached to a cell; None if one is no picture."""
    found = [
        (name, kind, data) for name, kinds in (cell.get("attachments") or {}).items() for kind, data in kinds.items()
    ]
    if all(isinstance(data, str) and _BASE64.fullmatch(data) for _, _, data in found):
        return tuple((name, kind) for name, kind, _ in found)
    return None


# Outputs.


def _only_to_see(output: NotebookNode) -> NotebookNode:
    """An output of known fields with values of known types; what a kernel sends may be anything."""
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return new_output(kind, name=name, text=_text(output.get("text")))
    if kind == "error":
        lines = output.get("traceback")
        return new_output(
            kind,
            ename=_text(output.get("ename")),
            evalue=_text(output.get("evalue")),
            traceback=[_text(line) for line in lines] if isinstance(lines, list) else [],
        )
    if kind not in ("display_data", "execute_result"):
        return new_output("stream", name="stdout", text=TAKEN_OUT)
    data = output.get("data")
    data = dict(data) if isinstance(data, dict) else {}
    if kind == "display_data" and "text/markdown" in data:
        data["text/plain"] = data["text/markdown"]
    shown = {
        name: _text(data[name])
        for name, is_harmless in _KINDS.items()
        if name in data and is_harmless(_text(data[name]))
    }
    if not shown:
        return new_output("stream", name="stdout", text=TAKEN_OUT)
    if kind == "execute_result":
        return new_output(kind, data=shown, execution_count=_count(output.get("execution_count")))
    return new_output(kind, data=shown)


def _text(value: Any) -> str:
    """A text that can be written to a file: without halves of surrogate pairs."""
    if isinstance(value, list):
        value = "".join(map(str, value))
    return str(value if value is not None else "").encode("utf-8", "replace").decode()


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _is_picture(text: str) -> bool:
    return _BASE64.fullmatch(text) is not None


_KINDS: dict[str, Callable[[str], bool]] = {
    "text/plain": lambda text: True,
    "text/latex": lambda text: True,
    "text/html": is_still,
    "image/png": _is_picture,
    "image/jpeg": _is_picture,
}
"""What an output may hold, and when."""
