"""A graded notebook can only be looked at: nothing that a learner wrote acts in the browser of an instructor."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import lxml.html
import nbformat
import nbgrader
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import strip_files_prefix
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from nbgrader.utils import determine_grade
from traitlets.config import Config

from autograder.classroom import active_content
from autograder.report import CheckReport, RequirementReport
from autograder.report.html import check_html
from autograder.report.text import check_text
from tests.classroom.acting import ACTS, HTML, MARKDOWN

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"
KEPT = {
    "a folded hint": "<details><summary>Hint 1</summary>\n\nTry `recv` **again**.\n\n</details>",
    "a table": "| name | bytes |\n|:--|--:|\n| TTL | 1 |\n| `a < b` | `c > d` |",
    "code": "```python\nif a < b > c:\n    print('<script>alert(1)</script>')\n```\n\nand `<b onclick=x>` in a line",
    "code of no language": "```\n<img src=x onerror=alert(1)>\n```",
    "comparisons": "1 < 2 and 3 > 2, and a & b",
    "mathematics": "$a < b$ and\n\n$$\\frac{1}{2} > 0$$",
    "links": "[RFC 793](https://www.rfc-editor.org/rfc/rfc793) [top](#top) [lesson](../../course/03-tcp-sockets.ipynb)",
    "a word about JavaScript": "An address `javascript:alert(1)` is dangerous, and so is onerror=.",
    "pictures": '![a plan](plan.png) <img src="images/plan.svg" alt="a plan" width="300">',
    "a list of tasks": "- [x] read\n- [ ] write",
    "elements of HTML": "<kbd>Ctrl</kbd> H<sub>2</sub>O<br>x<sup>2</sup><br/>\n\n<!-- a note -->",
}


def notebook(*cells: NotebookNode) -> NotebookNode:
    return new_notebook(cells=list(cells))


def removed(*cells: NotebookNode, trusted: tuple[str, ...] = ()) -> NotebookNode:
    """A notebook with copies of these cells, as an instructor gets it."""
    made = notebook()
    made.cells = [nbformat.from_dict(cell) for cell in cells]  # which need not be what the format allows
    active_content.remove(made, trusted)
    return made


@cache
def exporter(template: str) -> HTMLExporter:
    config = Config()
    config.HTMLExporter.template_name = template
    config.HTMLExporter.extra_template_basedirs = [str(TEMPLATES)]
    static = TEMPLATES.parent / "static" / "node_modules" / "bootstrap" / "dist" / "css"
    config.HTMLExporter.extra_template_paths = [str(static)]
    return HTMLExporter(config=config)


def page(template: str, nb: NotebookNode) -> str:
    """The notebook as nbgrader shows it: ``formgrade`` to an instructor, ``feedback`` to a learner."""
    known = {"notebook": "n", "score": 1.0, "max_score": 1.0, "late_penalty": 0.0}
    ids = {"assignment_id": "a", "notebook_id": "n", "submission_id": "s", "student": "ada"}
    more = {"index": 0, "total": 1, "base_url": "", "notebook_path": "n.ipynb", "last_name": "", "first_name": ""}
    text, _ = exporter(template).from_notebook_node(nb, resources={"nbgrader": known, **ids, **more})
    return str(text)


def acting(text: str) -> Counter[str]:
    """Whatever may act in a page, as another parser than ours finds it."""
    found: Counter[str] = Counter()
    for element in lxml.html.document_fromstring(text).iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag in ("script", "style", "iframe", "object", "embed", "form", "meta", "base", "svg", "math"):
            found[f"<{element.tag}>"] += 1
        for name, value in element.attrib.items():
            value = "".join(str(value).split()).lower()
            if name.startswith("on") or name == "style" and "position" in value:
                found[name] += 1
            if name in ("href", "src", "xlink:href") and value.startswith(("javascript:", "data:text")):
                found[value] += 1
            if name == "href" and value.endswith((".html", ".htm")):
                found[value] += 1
            if element.tag == "img" and (value.startswith(("http", "//")) or "formgrader" in value):
                found[value] += 1
    return found


@cache
def own(template: str) -> Counter[str]:
    """What nbgrader's template itself has in it."""
    cells = [new_markdown_cell("text"), new_code_cell("1", outputs=[new_output("stream", text="1")])]
    return acting(page(template, notebook(*cells)))


def added(template: str, nb: NotebookNode) -> Counter[str]:
    return acting(page(template, nb)) - own(template)


def shown_html(text: str) -> NotebookNode:
    """A cell with this HTML below it, and a text for who can't show that."""
    data = {"text/html": text, "text/plain": "an object"}
    return new_code_cell("show()", outputs=[new_output("display_data", data=data)])


@pytest.mark.parametrize("template", ["formgrade", "feedback"])
@pytest.mark.parametrize("name", MARKDOWN)
def test_what_acts_in_markdown_is_shown_as_its_source(name: str, template: str) -> None:
    cell = new_markdown_cell(MARKDOWN[name])
    assert added(template, notebook(cell)), "an attack that does nothing proves nothing"
    made = removed(cell)
    assert not added(template, made)
    shown = lxml.html.document_fromstring(page(template, made)).xpath("//pre/code")
    assert strip_files_prefix(MARKDOWN[name]).strip() in "".join(code.text_content() for code in shown)


@pytest.mark.parametrize("name", HTML)
def test_html_that_acts_gives_way_to_the_text_beside_it(name: str) -> None:
    cell = shown_html(HTML[name])
    assert added("feedback", notebook(cell))
    made = removed(cell)
    assert not added("feedback", made)
    assert made.cells[0].outputs[0].data == {"text/plain": "an object"}


@pytest.mark.parametrize("name", MARKDOWN)
def test_markdown_in_an_output_is_shown_as_its_source(name: str) -> None:
    data = {"text/markdown": MARKDOWN[name], "text/plain": "an object"}
    result = new_output("execute_result", data=data, execution_count=1)
    made = removed(new_code_cell("show()", outputs=[new_output("display_data", data=data), result]))
    assert [output.data for output in made.cells[0].outputs] == [
        {"text/plain": MARKDOWN[name]},
        {"text/plain": "an object"},  # which is what nbgrader's rule reads
    ]
    assert not added("formgrade", made)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("application/javascript", "alert(1)"),
        ("image/svg+xml", "<svg onload=alert(1)></svg>"),
        ("image/png", '" onerror="alert(1)'),
        ("text/vnd.mermaid", "<img src=x onerror=alert(1)>"),
        ("application/vnd.jupyter.widget-view+json", {"model_id": "</script><script>alert(1)"}),
        ("application/pdf", "JVBERi0="),
        ("application/x-unknown", "x"),
    ],
)
def test_no_other_kind_of_output_is_shown(kind: str, data: Any) -> None:
    cell = new_code_cell("show()", outputs=[new_output("display_data", data={kind: data})])
    made = removed(cell)
    assert made.cells[0].outputs[0].text == active_content.TAKEN_OUT
    assert not added("formgrade", made)


def test_an_output_cannot_be_put_into_a_frame_of_its_own() -> None:
    output = new_output("display_data", data={"text/html": "<b>1</b>"}, metadata={"text/html": {"isolated": True}})
    cell = new_code_cell("show()", outputs=[output])
    assert added("feedback", notebook(cell)) == Counter({"<iframe>": 1, "data:text/html;base64,pgi+mtwvyj4=": 1})
    assert not added("feedback", removed(cell))


def test_sizes_of_a_picture_are_no_way_in() -> None:
    output = new_output(
        "display_data", data={"image/png": "iVBORw0="}, metadata={"image/png": {"width": f"1 onload={ACTS}"}}
    )
    cell = new_code_cell("plot()", outputs=[output])
    assert added("formgrade", notebook(cell)) == Counter({"onload": 1})
    made = removed(cell)
    assert not added("formgrade", made)
    assert made.cells[0].outputs[0].data == {"image/png": "iVBORw0="}


def test_raw_cells_are_text() -> None:
    made = removed(new_raw_cell("<script>alert(1)</script>"), new_raw_cell("a & b"))
    assert [cell.source for cell in made.cells] == ["&lt;script&gt;alert(1)&lt;/script&gt;", "a & b"]


def test_a_picture_may_be_attached_but_nothing_else() -> None:
    def attached(kind: str, data: Any) -> NotebookNode:
        cell = new_markdown_cell("![a plan](attachment:plan)")
        cell.attachments = {"plan": {kind: data}}
        return cell

    kept = attached("image/png", "iVBORw0=")
    assert removed(kept).cells[0] == kept
    for kind, data in [
        ('image/png" onerror="alert(1)', "iVBORw0="),
        ("text/html", "PGI+"),
        ("image/png", '" onerror="alert(1)'),
        ("image/png", ["iVBORw0="]),
    ]:
        made = removed(attached(kind, data))
        assert made.cells[0].source == "```\n![a plan](attachment:plan)\n```", kind
        assert not added("formgrade", made)


@pytest.mark.parametrize(
    "text",
    [
        "![a plan](attachment:lost)",
        "[" * 40_000,  # which would take minutes
        "\\\\[" * 10_000,
        "x" * 60_000 + "<b>",
        "**x**\n" * 9_000,
    ],
    ids=lambda text: text[:6],
)
def test_markdown_that_no_page_could_be_made_of_is_shown_as_its_source(text: str) -> None:
    made = removed(new_markdown_cell(text), new_markdown_cell("and the next"))
    assert made.cells[0].source.startswith(f"```\n{text[:20]}")
    assert made.cells[1].source == "and the next"
    assert text[:6].replace(">", "&gt;") in page("feedback", made)


def test_many_cells_of_some_work_are_together_too_much() -> None:
    cell = new_markdown_cell("[" * 1_000)
    made = removed(*[cell] * 30).cells
    assert made[0].source == cell.source
    assert made[-1].source == active_content.as_source(cell.source)
    links = new_markdown_cell("a [link](https://there.example) and " * 500)
    assert removed(links).cells == [links]


FRAGMENTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from([*MARKDOWN.values(), "```", "````", "~~~", "\n", "    ", "$$", "\\[", "\\begin{x}", "<", "</pre>"]),
)


@given(st.lists(FRAGMENTS, max_size=8).map("".join))
def test_whatever_is_written_what_is_shown_is_still(text: str) -> None:
    (cell,) = removed(new_markdown_cell(text)).cells
    assert cell.source in (text, active_content.as_source(text))
    acts = acting(f"<body><p>{exporter('feedback').markdown2html({'cell': cell}, cell.source)}</p></body>")
    assert not acts
    assert removed(cell).cells == [cell]  # and so is what is shown of that


# What stays as it is.


@pytest.mark.parametrize("name", KEPT)
def test_what_only_explains_is_left_alone(name: str) -> None:
    cell = new_markdown_cell(KEPT[name])
    assert removed(cell).cells == [cell]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "exercises").glob("*/*.ipynb")), ids=lambda path: path.stem
)
def test_the_release_is_left_alone(path: Path) -> None:
    for folder in ("exercises", "solutions"):
        released = nbformat.read(ROOT / folder / path.parent.name / path.name, as_version=4)
        for cell in released.cells:
            if cell.cell_type == "code":
                cell.outputs = []
        assert released.cells
        assert removed(*released.cells).cells == released.cells


def test_an_output_to_look_at_is_left_alone() -> None:
    table = "<table border='1'><tr><th>a</th></tr><tr><td align=right>1 &lt; 2</td></tr></table>"
    outputs = [
        new_output("stream", name="stdout", text="a < b\n<script>only text</script>\n"),
        new_output("stream", name="stderr", text="a warning"),
        new_output("display_data", data={"text/html": table, "text/plain": "a table"}),
        new_output("display_data", data={"text/latex": "$x$", "text/plain": "x"}),
        new_output("display_data", data={"image/png": "iVBO\nRw0=\n", "text/plain": "<Figure>"}),
        new_output("execute_result", data={"text/plain": "<b>only text</b>"}, execution_count=3),
        new_output("error", ename="ValueError", evalue="<b>", traceback=["\x1b[31mValueError\x1b[0m: <b>"]),
    ]
    cell = new_code_cell("1", outputs=outputs, execution_count=3)
    assert removed(cell).cells == [cell]
    assert not added("feedback", notebook(cell))


def test_our_own_report_is_left_alone_where_it_is_ours_only() -> None:
    failed = RequirementReport("test_a", "It <works>.", 2, "wrong", got="expected\n<b>", printed="<script>")
    report = CheckReport("fetch", max_points=2, requirements=[failed])
    bundle = {"text/plain": check_text(report), "text/html": check_html(report)}
    ours = new_code_cell("check(fetch)", outputs=[new_output("display_data", data=bundle)])
    ours.metadata["nbgrader"] = {"grade_id": "check-fetch"}
    theirs = new_code_cell("check(fetch)", outputs=ours.outputs)
    made = removed(ours, theirs, trusted=("check-fetch",))
    assert made.cells[0].outputs == ours.outputs
    assert made.cells[1].outputs[0].data == {"text/plain": check_text(report)}
    # Of the report, only its own style is more than what can be looked at.
    assert acting(page("feedback", made)) - own("feedback") == Counter({"<style>": 1})


# What a kernel sends may be anything.

ODD: list[dict[str, Any]] = [
    {},
    {"output_type": "stream"},
    {"output_type": "stream", "name": "<b>", "text": ["a", 1]},
    {"output_type": "stream", "name": "stderr", "text": "half of a pair: \ud800"},
    {"output_type": "error", "traceback": "<b>"},
    {"output_type": "error", "ename": 1, "evalue": None, "traceback": [1, {"a": 2}], "more": 3},
    {"output_type": "display_data", "data": ["text/plain"]},
    {"output_type": "display_data", "data": {"text/plain": {"a": "\udfff"}}, "metadata": 3},
    {"output_type": "execute_result", "data": {"text/plain": "2"}, "execution_count": "<script>"},
    {"output_type": "execute_result", "data": {"text/plain": "2"}, "execution_count": True, "transient": {}},
    {"output_type": "anything", "data": {"text/html": "<b>"}},
]


@pytest.mark.parametrize("output", ODD)
def test_an_output_of_no_known_form_gets_one_that_can_be_written_and_read(output: dict[str, Any]) -> None:
    cell = new_code_cell("1")
    cell.outputs, cell.execution_count = [NotebookNode(output)], "<script>"
    made = removed(cell)
    nbformat.validate(made)
    nbformat.writes(made).encode()
    assert not added("formgrade", made)


@pytest.mark.parametrize(
    ("output", "points"),
    [
        (new_output("execute_result", data={"text/plain": "1.5", "text/html": "<script>2</script>"}), 1.5),
        (new_output("error", ename="AssertionError", evalue="", traceback=[]), 0),
        (new_output("stream", name="stderr", text="a warning"), 0),
        (new_output("stream", name="stdout", text="fine"), 2),
        (new_output("display_data", data={"application/javascript": "1"}), 2),
    ],
)
def test_the_points_that_nbgrader_reads_from_outputs_stay_the_same(output: NotebookNode, points: float) -> None:
    marks = {"grade_id": "a", "grade": True, "solution": False, "locked": True, "points": 2, "schema_version": 3}
    cell = new_code_cell("assert True", outputs=[output], metadata={"nbgrader": marks})
    assert determine_grade(cell)[0] == points
    assert determine_grade(removed(cell).cells[0])[0] == points


def test_words_of_a_kernel_in_our_report_can_be_written() -> None:
    cell = new_code_cell("check(fetch)", metadata={"nbgrader": {"grade_id": "check-fetch"}})
    cell.outputs = [NotebookNode(output_type="display_data", metadata={}, data=NotebookNode({"text/plain": "\ud800"}))]
    made = removed(cell, trusted=("check-fetch",))
    nbformat.writes(made).encode()
    assert made.cells[0].outputs[0].data == {"text/plain": "?"}


def test_the_state_of_widgets_is_removed() -> None:
    made = notebook()
    made.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"a": "</script><script>alert(1)"}}
    active_content.remove(made, ())
    assert "widgets" not in made.metadata
