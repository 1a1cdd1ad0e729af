"""What a learner may do to a notebook's JSON: nbgrader's pipeline goes through, with the gradebook's own cells."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import (
    CheckCellMetadata,
    SaveAutoGrades,
)
from nbgrader.utils import compute_checksum
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.classroom.gradebook import record
from autograder.classroom.restore import KEY, RestoreCells, events_of, restore
from autograder.classroom.verdicts import Event
from tests.nbgrader.classroom import Classroom, cells

Edit = Callable[[dict[str, Any]], object]
"""Changes a notebook's JSON in place."""

HOMEWORK = "homework"
LOCKED = {"rules", "check-double", "check-hidden", "draw"}
CHECKS = {"check-double": 4.0, "check-hidden": 2.5}
HIDDEN = "assert double(3) == 6\n### BEGIN HIDDEN TESTS\nassert double(0) == 0\n### END HIDDEN TESTS"
ANSWER = "def double(x):\n    return x + x\n"


def source_notebook() -> NotebookNode:
    """An assignment with one cell of each kind that nbgrader knows."""

    def known(name: str, **what: Any) -> dict[str, Any]:
        kind = {"grade": False, "locked": False, "solution": False, "task": False} | what
        return {"nbgrader": {"grade_id": name, "schema_version": 3} | kind}

    solution = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
    return new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        cells=[
            new_markdown_cell("# Homework"),
            new_markdown_cell("Only the standard library.", metadata=known("rules", locked=True)),
            new_code_cell(solution, metadata=known("double", solution=True)),
            new_code_cell("assert double(2) == 4", metadata=known("check-double", grade=True, locked=True, points=4)),
            new_code_cell(HIDDEN, metadata=known("check-hidden", grade=True, locked=True, points=2.5)),
            new_markdown_cell("Because.", metadata=known("why", grade=True, solution=True, points=3)),
            new_markdown_cell("Draw it.", metadata=known("draw", task=True, locked=True, points=1)),
        ],
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    """A course with that assignment, released."""
    made = Classroom.make(tmp_path_factory.mktemp("restore"))
    path = made.root / "solutions" / HOMEWORK / f"{HOMEWORK}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(source_notebook(), path)
    try:
        made.generate_assignment(HOMEWORK)
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def config(course: Classroom) -> Config:
    """nbgrader's pipeline with `RestoreCells` in front and without running anything."""
    loaded = PyFileConfigLoader("nbgrader_config.py", path=str(course.root)).load_config()
    loaded.Autograde.sanitize_preprocessors.append(CheckCellMetadata)
    loaded.Autograde.autograde_preprocessors = [SaveAutoGrades, CheckCellMetadata]
    return loaded


@pytest.fixture(scope="module")
def gradebook(course: Classroom) -> Iterator[Gradebook]:
    """The course's gradebook."""
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as opened:
        yield opened


@pytest.fixture
def release(course: Classroom) -> NotebookNode:
    """What the learners get."""
    return nbformat.read(course.root / "exercises" / HOMEWORK / f"{HOMEWORK}.ipynb", as_version=4)


def restored(notebook: NotebookNode, gradebook: Gradebook) -> list[Event]:
    """Restore a notebook in place."""
    return restore(notebook, gradebook, HOMEWORK, HOMEWORK)


def at(plain: dict[str, Any], name: str) -> dict[str, Any]:
    """The cell of that name in a notebook's JSON."""
    cell: dict[str, Any]
    (cell,) = (cell for cell in plain["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)
    return cell


def puts(name: str, **values: Any) -> Edit:
    """Edit the nbgrader metadata of a cell."""
    return lambda plain: at(plain, name)["metadata"]["nbgrader"].update(values)


def sets(name: str, **values: Any) -> Edit:
    """Edit a cell."""
    return lambda plain: at(plain, name).update(values)


def drops(name: str, key: str) -> Edit:
    """Take something out of the nbgrader metadata of a cell."""
    return lambda plain: at(plain, name)["metadata"]["nbgrader"].pop(key)


def removes(*names: str) -> Edit:
    """Remove cells."""
    return lambda plain: [plain["cells"].remove(at(plain, name)) for name in names]


def retypes(name: str, cell_type: str, **values: Any) -> Edit:
    """Turn a cell into one of another type."""

    def edit(plain: dict[str, Any]) -> None:
        cell = at(plain, name)
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)
        cell.update(cell_type=cell_type, **values)

    return edit


def repeats(name: str, **values: Any) -> Edit:
    """Put an edited copy of a cell in front, with the same id."""
    return lambda plain: plain["cells"].insert(0, copy.deepcopy(at(plain, name)) | values)


def adds(**metadata: Any) -> Edit:
    """Add a code cell with this nbgrader metadata."""
    return lambda plain: plain["cells"].append(dict(new_code_cell("1.0", metadata={"nbgrader": metadata})))


def tagged(*names: str, tags: Any) -> Edit:
    """Give cells these tags."""
    return lambda plain: [at(plain, name)["metadata"].update(tags=tags) for name in names]


ALL = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "task": False}

TAMPERED: dict[str, tuple[Edit, set[str]]] = {
    "metadata-is-text": (lambda plain: at(plain, "check-double")["metadata"].update(nbgrader="x"), {"check-double"}),
    "metadata-is-a-list": (lambda plain: at(plain, "double")["metadata"].update(nbgrader=[1]), set()),
    "metadata-is-null": (lambda plain: at(plain, "rules")["metadata"].update(nbgrader=None), {"rules"}),
    "metadata-is-gone": (lambda plain: at(plain, "check-double")["metadata"].clear(), {"check-double"}),
    "metadata-is-empty": (lambda plain: at(plain, "double")["metadata"].update(nbgrader={}), set()),
    "points-are-text": (puts("check-double", points="abc"), {"check-double"}),
    "points-are-nan": (puts("check-double", points=float("nan")), {"check-double"}),
    "points-are-infinite": (puts("check-hidden", points=float("inf")), {"check-hidden"}),
    "points-are-huge": (puts("check-double", points=10**400), {"check-double"}),
    "points-are-negative": (puts("check-double", points=-1), {"check-double"}),
    "points-are-many": (puts("check-double", points=400), {"check-double"}),
    "points-are-null": (puts("check-double", points=None), {"check-double"}),
    "points-are-gone": (drops("check-double", "points"), {"check-double"}),
    "answer-with-points": (puts("double", grade=True, points=100), set()),
    "answer-graded-without-points": (puts("double", grade=True), set()),
    "not-graded": (puts("check-double", grade=False), {"check-double"}),
    "check-is-a-solution": (puts("check-double", solution=True), {"check-double"}),
    "check-is-a-task": (puts("check-double", task=True), {"check-double"}),
    "not-locked": (puts("rules", locked=False), {"rules"}),
    "locked-is-a-word": (puts("check-double", locked="no"), {"check-double"}),
    "task-is-graded": (puts("draw", grade=True), {"draw"}),
    "old-schema": (puts("double", schema_version=0), set()),
    "new-schema": (puts("double", schema_version=99), set()),
    "schema-is-text": (puts("double", schema_version="3"), set()),
    "no-schema": (drops("double", "schema_version"), set()),
    "no-name": (drops("check-double", "grade_id"), {"check-double"}),
    "name-is-a-list": (puts("check-double", grade_id=["check-double"]), {"check-double"}),
    "checksum-is-another": (puts("check-double", checksum="0" * 32), {"check-double"}),
    "checksum-is-a-number": (puts("why", checksum=5), set()),
    "more-keys": (puts("double", hint="full marks, please"), set()),
    "names-exchanged": (
        lambda plain: [puts("double", grade_id="x")(plain), puts("check-double", grade_id="double")(plain)],
        {"check-double"},
    ),
    "unknown-name": (adds(grade_id="bonus", points=100, **ALL), set()),
    "unknown-and-not-graded": (adds(grade_id="bonus", **(ALL | {"grade": False})), set()),
    "unknown-and-odd": (adds(grade_id="a b/../c", points="many"), set()),
    "name-is-empty": (adds(grade_id="", points=1, **ALL), set()),
    "source-edited": (sets("check-double", source="4.0"), {"check-double"}),
    "source-with-a-comment": (sets("rules", source="Only the standard library. Or not."), {"rules"}),
    "source-is-null": (sets("check-double", source=None), {"check-double"}),
    "source-is-gone": (lambda plain: at(plain, "double").pop("source"), set()),
    "half-a-surrogate-pair": (sets("double", source="'\ud800'"), set()),
    "half-a-surrogate-pair-in-tags": (tagged("double", tags=["\udfff"]), set()),
    "check-removed": (removes("check-double"), {"check-double"}),
    "all-locked-removed": (removes(*LOCKED), LOCKED),
    "all-removed": (lambda plain: plain["cells"].clear(), LOCKED),
    "answers-removed": (removes("double", "why"), set()),
    "check-is-markdown": (retypes("check-double", "markdown"), {"check-double"}),
    "check-is-raw": (retypes("check-hidden", "raw"), {"check-hidden"}),
    "check-is-markdown-with-attachments": (
        retypes("check-double", "markdown", attachments={"a.png": {"image/png": "AAAA"}}),
        {"check-double"},
    ),
    "answer-is-markdown": (retypes("double", "markdown"), set()),
    "answer-is-raw": (retypes("why", "raw"), set()),
    "rules-are-code": (retypes("rules", "code", outputs=[], execution_count=None), {"rules"}),
    "type-unknown": (sets("check-double", cell_type="heading"), {"check-double"}),
    "type-is-gone": (lambda plain: at(plain, "double").pop("cell_type"), set()),
    "check-repeated": (repeats("check-double"), set()),
    "check-repeated-and-edited": (repeats("check-double", source="4.0"), set()),
    "answer-repeated": (repeats("double", source=ANSWER), set()),
    "manual-answer-repeated": (repeats("why", source="It adds."), set()),
    "moved": (lambda plain: plain["cells"].reverse(), set()),
    "skipped": (tagged("check-double", "check-hidden", tags=["skip-execution"]), set()),
    "tags-are-a-number": (tagged("double", "check-double", tags=5), set()),
    "no-ids": (lambda plain: [cell.pop("id") for cell in plain["cells"]], set()),
    "one-id": (lambda plain: [cell.update(id="x") for cell in plain["cells"]], set()),
    "ids-are-numbers": (lambda plain: [cell.update(id=7) for cell in plain["cells"]], set()),
    "ids-are-odd": (lambda plain: [cell.update(id="a b") for cell in plain["cells"]], set()),
    "no-outputs": (lambda plain: at(plain, "check-double").pop("outputs"), set()),
    "odd-outputs": (sets("check-double", outputs=[{"x": 1}], execution_count="never"), set()),
    "points-as-output": (
        sets("check-double", outputs=[new_output("execute_result", {"text/plain": "9"}, execution_count=1)]),
        set(),
    ),
    "notebook-metadata": (lambda plain: plain["metadata"].update(kernelspec="bash", language_info=5), set()),
    "minor-99": (lambda plain: plain.update(nbformat_minor=99), set()),
    "minor-0": (lambda plain: plain.update(nbformat_minor=0), set()),
    "more-at-the-top": (lambda plain: plain.update(worksheets=[]), set()),
    "cells-are-an-object": (lambda plain: plain.update(cells={}), LOCKED),
}
"""What is done to the release, and the cells of which it must be said that somebody tampered with them."""


@pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning")
@pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")
@pytest.mark.parametrize("done", TAMPERED)
def test_whatever_the_notebook_says_the_gradebooks_cells_are_graded(
    done: str, course: Classroom, config: Config, gradebook: Gradebook, release: NotebookNode
) -> None:
    edit, tampered = TAMPERED[done]
    path = course.root / "submitted" / done / HOMEWORK / f"{HOMEWORK}.ipynb"
    path.parent.mkdir(parents=True)
    plain = json.loads(json.dumps(release))
    edit(plain)
    path.write_text(json.dumps(plain), encoding="utf-8")

    record(config, done, HOMEWORK)

    graded = course.autograded(done, HOMEWORK)
    nbformat.validate(copy.deepcopy(graded))
    MetadataValidator().validate_nb(graded)
    found = cells(graded)
    named = [cell for cell in graded.cells if "nbgrader" in cell.metadata]
    assert len(found) == len(named), "a name is there twice"
    assert CHECKS.keys() <= found.keys() <= cells(release).keys()
    for name, cell in found.items():
        truth = gradebook.find_source_cell(name, HOMEWORK, HOMEWORK)
        original = cells(release)[name].metadata.nbgrader
        assert cell.metadata.nbgrader == original | {"checksum": truth.checksum}
        assert cell.cell_type == truth.cell_type
        if name in LOCKED:
            assert cell.source == truth.source
            assert cell.metadata.keys() == {"deletable", "editable", "nbgrader"}
    grades = gradebook.find_submission_notebook(HOMEWORK, HOMEWORK, done).grades
    # No cell was run, so none failed; what matters here is that nbgrader decided about each one.
    assert {grade.name: grade.auto_score for grade in grades if grade.name in CHECKS} == CHECKS
    assert {(event.kind, event.where) for event in events_of(graded)} == {("tampering", name) for name in tampered}


def test_the_release_stays_as_it_is(release: NotebookNode, gradebook: Gradebook) -> None:
    before = copy.deepcopy(release)
    assert restored(release, gradebook) == []
    hidden = cells(release)["check-hidden"]
    assert hidden.source == HIDDEN
    hidden.source = cells(before)["check-hidden"].source
    hidden.metadata.nbgrader.checksum = cells(before)["check-hidden"].metadata.nbgrader.checksum
    assert release == before


def test_an_answer_is_kept_whatever_its_metadata_says(release: NotebookNode, gradebook: Gradebook) -> None:
    cell = cells(release)["double"]
    cell.source = ANSWER
    cell.metadata.nbgrader.update(solution=False, locked=True, grade=True, points=100)
    assert restored(release, gradebook) == []
    assert cells(release)["double"].source == ANSWER


@pytest.mark.parametrize("first", ["release", "answer"])
def test_of_two_answers_the_one_that_was_written_in_stays(
    first: str, release: NotebookNode, gradebook: Gradebook
) -> None:
    place = release.cells.index(cells(release)["double"])
    written = copy.deepcopy(release.cells[place])
    written.source = ANSWER
    release.cells.insert(place + (first == "release"), written)
    sources = [cell.source for cell in release.cells]
    restored(release, gradebook)
    assert [cell.source for cell in release.cells if cell.source != HIDDEN] == [
        source for source in sources if not source.startswith("assert double(3)")
    ], "the other one is a plain cell, and its code still runs"
    assert cells(release)["double"].source == ANSWER


def test_of_two_written_answers_the_last_stays(release: NotebookNode, gradebook: Gradebook) -> None:
    for source in ("x = 1", ANSWER):
        release.cells.append(copy.deepcopy(cells(release)["double"]) | {"source": source})
        release.cells[-1] = nbformat.from_dict(release.cells[-1])
    restored(release, gradebook)
    assert cells(release)["double"].source == ANSWER


def test_a_missing_check_comes_back_at_the_end(release: NotebookNode, gradebook: Gradebook) -> None:
    left = [cell for cell in release.cells if cell is not cells(release)["check-double"]]
    release.cells = list(left)
    (event,) = restored(release, gradebook)
    assert event == Event(
        "tampering",
        "check-double",
        "The locked cell check-double had been changed by hand: it had been removed.",
    )
    assert [cell.id for cell in release.cells[:-1]] == [cell.id for cell in left]
    assert cells(release)["check-double"] is release.cells[-1]
    assert release.cells[-1].source == "assert double(2) == 4"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (puts("check-double", points=400), "its points were changed from 4 to 400."),
        (puts("check-double", points="9" * 10**6), "its points were changed from 4 to '99999"),
        (puts("check-double", solution=True), "its metadata was edited (solution)."),
        (sets("check-double", source="4.0"), "its source was edited."),
        (retypes("check-double", "markdown"), "it was turned into a markdown cell."),
    ],
)
def test_the_sentence_says_what_was_done(
    edit: Edit, words: str, release: NotebookNode, gradebook: Gradebook
) -> None:
    edit(release)
    (event,) = restored(release, gradebook)
    assert event.sentence.startswith("The locked cell check-double had been changed by hand: it")
    assert words in event.sentence
    assert len(event.sentence) < 200


@pytest.mark.parametrize("name", sorted(LOCKED))
@pytest.mark.parametrize("space", ["\n", "  \n\n", "\t"])
def test_space_at_the_end_is_nobodys_tampering(
    name: str, space: str, release: NotebookNode, gradebook: Gradebook
) -> None:
    cells(release)[name].source += space
    assert restored(release, gradebook) == []


def test_a_locked_cell_of_an_earlier_release_is_nobodys_tampering(
    release: NotebookNode, gradebook: Gradebook
) -> None:
    cell = cells(release)["check-double"]
    cell.source = "assert double(1) == 2"
    cell.metadata.nbgrader.points = 2
    cell.metadata.nbgrader.checksum = compute_checksum(cell)
    assert restored(release, gradebook) == []
    assert cells(release)["check-double"].source == "assert double(2) == 4"
    assert cells(release)["check-double"].metadata.nbgrader.points == 4


def test_events_reach_the_second_pass_and_planted_ones_do_not(
    course: Classroom, gradebook: Gradebook, release: NotebookNode
) -> None:
    release.metadata[KEY] = [{"kind": "tampering", "where": "double", "sentence": "Somebody else did it."}]
    cells(release)["check-double"].source = "4.0"
    known = {"notebook": HOMEWORK, "assignment": HOMEWORK, "db_url": f"sqlite:///{course.root / 'gradebook.db'}"}
    resources = {"nbgrader": known | {"events": ["an earlier one"]}}
    RestoreCells().preprocess(release, resources)
    (noted,) = events_of(nbformat.reads(nbformat.writes(release), as_version=4))
    assert noted.where == "check-double"
    assert resources["nbgrader"]["events"] == ["an earlier one", noted]


def test_events_are_read_once_and_only_ours(release: NotebookNode) -> None:
    event = Event("tampering", "double", "A sentence.")
    odd: list[Any] = [
        5,
        None,
        {"kind": "praise", "where": "", "sentence": ""},
        {"kind": ["tampering"], "where": "", "sentence": ""},
        {"kind": "tampering"},
        {"kind": "tampering", "where": 5, "sentence": {}},
    ]
    release.metadata[KEY] = [*odd, vars(event)]
    assert events_of(release) == [event]
    assert KEY not in release.metadata
    assert events_of(release) == []
    release.metadata[KEY] = 5
    assert events_of(release) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["rules", "double", "check-double", "check-hidden", "why", "draw", "bonus", ""])
METADATA = JSON | st.fixed_dictionaries(
    {},
    optional={
        "grade_id": NAMES | JSON,
        "points": st.sampled_from([4, 2.5, 400]) | JSON,
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | JSON,
        **dict.fromkeys(("grade", "solution", "locked", "task"), st.booleans() | JSON),
        **dict.fromkeys(("schema_version", "checksum", "more"), JSON),
    },
)


# Every example works on a copy of the release.
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.integers(0, 6), METADATA), max_size=8))
def test_any_metadata_becomes_the_gradebooks(
    edits: list[tuple[int, Any]], release: NotebookNode, gradebook: Gradebook
) -> None:
    notebook = copy.deepcopy(release)
    for place, metadata in edits:
        notebook.cells[place].metadata["nbgrader"] = nbformat.from_dict(metadata)
    restored(notebook, gradebook)
    nbformat.validate(copy.deepcopy(notebook))
    MetadataValidator().validate_nb(notebook)
    assert CHECKS.keys() <= cells(notebook).keys()
    for name, cell in cells(notebook).items():
        checksum = {"checksum": cell.metadata.nbgrader.checksum}
        assert cell.metadata.nbgrader == cells(release)[name].metadata.nbgrader | checksum
        assert name not in CHECKS or checksum["checksum"] == compute_checksum(cell)
