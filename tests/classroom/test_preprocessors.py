"""`nbgrader autograde` with our steps: cells of all kinds, the gradebook, the verdicts beside it, and the feedback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook

from autograder.classroom import sandbox, verdicts
from autograder.classroom.verdicts import CellVerdict
from autograder.judge.client import Judge
from autograder.loopback.waits import seconds as scaled
from autograder.report import RequirementReport
from tests.bank import ANSWERS
from tests.classroom.hidden_checks import HIDDEN, with_hidden_requirements
from tests.nbgrader.classroom import Classroom, Command, cells, read, reports, words

OSI = "01-osi-model"
SENTENCE = "A name that is on no layer"

RIGHT = (ANSWERS / "layer_of" / "right_dict.py").read_text(encoding="utf-8")
SAYS = (ANSWERS / "layer_of" / "wrong_no_error.py").read_text(encoding="utf-8").replace(
    "-> int:\n", "-> int:\n    print('asked for', name)\n"
)
"""Fails the hidden requirement alone, and prints what it is asked."""

HALVE = "def halve(number):\n    return {}\n"

CELLS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("halve", "code", HALVE.format("number / 2"), {"solution": True}),
    ("own-asserts", "code", "assert halve(4) == 2", {"grade": True, "locked": True, "points": 2}),
    ("own-number", "code", "halve(8)", {"grade": True, "locked": True, "points": 4}),
    ("why", "markdown", "Because.", {"grade": True, "solution": True, "points": 3}),
    ("plan", "code", "# First this, then that.", {"grade": True, "solution": True, "points": 5}),
    ("essay", "markdown", "Write as much as you like.", {"task": True, "locked": True, "points": 6}),
]
"""What an instructor's own cells are called, their kind and source, and what nbgrader knows of them."""


@pytest.fixture(scope="module")
def package() -> Iterator[Path]:
    """The package, with a requirement that is hidden."""
    reason = sandbox.why_not()
    if reason:
        pytest.skip(reason)
    with with_hidden_requirements() as root:
        yield root


class Course(Classroom):
    """A course that uses another copy of the package."""

    package: Path

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"PYTHONPATH": str(self.package)}

    def run(self, *arguments: str) -> str:
        command: Command = self.start("nbgrader", *arguments)
        try:
            return command.result(scaled(200))
        finally:
            command.end()

    @contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}", "learn-network-programming") as gradebook:
            yield gradebook

    def rows(self, learner: str) -> dict[str, tuple[Any, ...]]:
        """The gradebook's rows: automatic points, a person's points, whether a person must look."""
        with self.gradebook() as gradebook:
            (notebook,) = gradebook.find_submission(OSI, learner).notebooks
            return {row.name: (row.auto_score, row.manual_score, row.needs_manual_grade) for row in notebook.grades}

    def place(self, step: str, learner: str) -> Path:
        return self.root / step / learner / OSI

    def decided(self, learner: str) -> verdicts.Verdicts:
        return verdicts.read(self.place("autograded", learner) / f"{OSI}{verdicts.SUFFIX}")

    def verdict(self, learner: str, name: str) -> CellVerdict:
        found = self.decided(learner).of(name)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def course(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """Everything is handed in, autograded and has its feedback."""
    made = Course.make(tmp_path_factory.mktemp("preprocessors") / "class", OSI)
    assert isinstance(made, Course)
    made.package = package
    try:
        _release(made)
        _hand_in(made)
        made.run("autograde", OSI)
        made.run("generate_feedback", OSI)
        yield made
    finally:
        made.remove()


def _release(course: Course) -> None:
    path = course.root / "solutions" / OSI / f"{OSI}.ipynb"
    notebook = read(path)
    kept = {"layer_of", "check-layer-of"}
    notebook.cells = [
        cell for cell in notebook.cells if "nbgrader" not in cell.metadata or cell.metadata.nbgrader["grade_id"] in kept
    ]
    for name, kind, source, about in CELLS:
        marks = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
        if about.get("solution"):
            source = f"### BEGIN SOLUTION\n{source}\n### END SOLUTION"
        made = new_code_cell(source) if kind == "code" else new_markdown_cell(source)
        made.metadata["nbgrader"] = marks | {"grade_id": name, "cell_type": kind} | about
        notebook.cells.append(made)
    nbformat.write(notebook, path)
    config = course.root / "nbgrader_config.py"
    config.write_text(f"{config.read_text()}\nc.LateSubmissionPlugin.penalty_method = 'zero'\n", encoding="utf-8")
    course.generate_assignment(OSI)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(OSI, duedate="2024-01-02 00:00:00.000000 UTC")


def _hand_in(course: Course) -> None:
    written = {"why": "So that one may change without the others.", "plan": "# Think.\nprint('thought')"}
    right = {"layer_of": RIGHT, "halve": HALVE.format("number / 2"), **written}
    course.hand_in("right", OSI, right)
    course.hand_in("partly", OSI, right | {"layer_of": SAYS, "halve": HALVE.format("1.5")})
    course.hand_in("greedy", OSI, right | {"halve": HALVE.format("99")})
    odd = "class Odd:\n    def __repr__(self):\n        return ''\n\n" + HALVE.format("Odd()")
    course.hand_in("odd", OSI, right | {"halve": odd})
    course.hand_in("dying", OSI, right | {"plan": "import os\nos._exit(1)"})
    course.hand_in("empty", OSI, {})
    course.hand_in("again", OSI, right)
    late = course.hand_in("late", OSI, right)
    (late.parent / "timestamp.txt").write_text("2024-01-03 00:00:00.000000 UTC", encoding="utf-8")
    acting = read(course.hand_in("mallory", OSI, right | {"why": "<script>alert(1)</script>"}))
    acting.cells.insert(0, new_code_cell("from IPython.display import HTML\nHTML('<img src=x onerror=alert(1)>')"))
    nbformat.write(acting, course.place("submitted", "mallory") / f"{OSI}.ipynb")


# Who decides.


def test_every_cell_has_a_verdict_that_says_who_decided(course: Course) -> None:
    found = course.decided("right")
    assert {cell.grade_id: (cell.kind, cell.points, cell.max_points) for cell in found.cells} == {
        "check-layer-of": ("judge", 4, 4),
        "own-asserts": ("nbgrader", 2, 2),
        "own-number": ("nbgrader", 4, 4),
        "why": ("manual", None, 3),
        "plan": ("manual", None, 5),
        "essay": ("manual", None, 6),
    }
    assert (found.student, found.assignment, found.notebook) == ("right", OSI, OSI)
    assert (found.points, found.max_points) == (10, 24)
    assert found.events == []


def test_the_gradebook_has_these_points_and_leaves_the_others_to_a_person(course: Course) -> None:
    rows = course.rows("right")
    assert rows["check-layer-of"] == (4, None, False)
    assert rows["own-asserts"] == (2, None, False)
    assert rows["own-number"] == (4, None, False)
    assert rows["why"] == (None, None, True)
    assert rows["plan"] == (None, None, True)
    assert rows["essay"][:2] == (None, None)


def test_asserts_that_fail_and_a_part_of_the_points_are_nbgraders_rule(course: Course) -> None:
    rows = course.rows("partly")
    assert rows["check-layer-of"] == (3, None, False)
    assert rows["own-asserts"] == (0, None, False)
    assert rows["own-number"] == (1.5, None, False)
    assert course.verdict("partly", "own-number").kind == "nbgrader"


@pytest.mark.parametrize("learner", ["greedy", "odd"])
def test_an_output_that_is_no_score_costs_its_cell_and_not_the_submission(course: Course, learner: str) -> None:
    rows = course.rows(learner)
    assert rows["own-number"] == (0, None, False)
    assert rows["check-layer-of"] == (4, None, False)
    found = course.decided(learner)
    assert [(event.kind, event.where) for event in found.events] == [("tampering", "own-number")]
    assert found.suspicious


def test_a_kernel_that_dies_in_an_answer_for_a_person_leaves_it_to_the_person(course: Course) -> None:
    assert course.rows("dying")["plan"] == (None, None, True)
    assert course.rows("dying")["own-asserts"] == (2, None, False)
    (event,) = course.decided("dying").events
    assert (event.kind, event.where) == ("kernel died", "plan")


def test_what_was_left_empty_is_nothing_without_a_person(course: Course) -> None:
    rows = course.rows("empty")
    assert {name: row[0] for name, row in rows.items() if name != "essay"} == {
        "check-layer-of": 0,
        "own-asserts": 0,
        "own-number": 0,
        "why": 0,
        "plan": 0,
    }
    with course.gradebook() as gradebook:
        (notebook,) = gradebook.find_submission(OSI, "empty").notebooks
        assert {one.name: one.auto_comment for one in notebook.comments}["why"] == "No response."


def test_a_late_submission_has_its_penalty(course: Course) -> None:
    with course.gradebook() as gradebook:
        late, right = (gradebook.find_submission(OSI, learner) for learner in ("late", "right"))
        assert late.total_seconds_late == 24 * 3600
        assert late.score == right.score == 10
        assert late.late_submission_penalty == 10
        assert not right.late_submission_penalty


def test_a_persons_points_outlive_a_regrade(course: Course) -> None:
    before = course.rows("again")
    given = {"why": 2.5, "check-layer-of": 1.0}
    with course.gradebook() as gradebook:
        for name, points in given.items():
            grade = gradebook.find_grade(name, OSI, OSI, "again")
            grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.find_comment("why", OSI, OSI, "again").manual_comment = "Well said."
        gradebook.db.commit()
    course.run("autograde", OSI, "--student", "again", "--force")
    after = course.rows("again")
    assert after["why"] == (None, 2.5, True)
    assert after["check-layer-of"] == (4, 1.0, True)
    assert {name: row for name, row in after.items() if name not in given} == {
        name: row for name, row in before.items() if name not in given
    }
    with course.gradebook() as gradebook:
        assert gradebook.find_grade("check-layer-of", OSI, OSI, "again").score == 1.0
        assert gradebook.find_comment("why", OSI, OSI, "again").comment == "Well said."


# What the learner gets back.


def feedback(course: Course, learner: str) -> str:
    return (course.place("feedback", learner) / f"{OSI}.html").read_text(encoding="utf-8")


def shown(course: Course, learner: str) -> str:
    """The report in the autograded notebook, as HTML."""
    notebook = read(course.place("autograded", learner) / f"{OSI}.ipynb")
    return str(cells(notebook)["check-layer-of"].outputs[0].data["text/html"])


@pytest.mark.parametrize("learner", ["right", "partly", "empty"])
def test_the_feedback_shows_the_report_of_the_notebook(course: Course, learner: str) -> None:
    (report,) = reports(shown(course, learner)).values()
    assert reports(feedback(course, learner)) == {"layer_of": report}
    assert "requirements hold" in report


def test_only_what_is_a_learners_comes_back(course: Course) -> None:
    assert sorted(path.name for path in course.place("feedback", "right").iterdir()) == [f"{OSI}.html"]
    assert {path.name for path in course.place("autograded", "right").iterdir()} == {
        f"{OSI}.ipynb",
        f"{OSI}{verdicts.SUFFIX}",
    }


def test_a_hidden_requirement_is_decided_and_told_by_its_sentence_alone(course: Course) -> None:
    report = course.verdict("partly", "check-layer-of").report
    assert report is not None
    (hidden,) = (item for item in report.requirements if item.hidden)
    assert (hidden.name, hidden.outcome, hidden.points) == (HIDDEN, "wrong", 0)
    seen = {
        "the feedback": feedback(course, "partly"),
        "the notebook": (course.place("autograded", "partly") / f"{OSI}.ipynb").read_text(encoding="utf-8"),
        "the verdicts": (course.place("autograded", "partly") / f"{OSI}{verdicts.SUFFIX}").read_text(encoding="utf-8"),
    }
    asked = _asked(report.seed)
    assert asked.calls and asked.got and asked.printed
    for where, text in seen.items():
        text = words(text)
        assert hidden.sentence in text, where
        for part in (*asked.calls, asked.printed.splitlines()[0], asked.got.splitlines()[0]):
            assert words(part) not in text, f"{part} is in {where}"
            assert json.dumps(part)[1:-1] not in text, f"{part} is in {where}"


def _asked(seed: int) -> RequirementReport:
    """What the hidden requirement asked, from a judge of our own to whom it is none."""
    judge = Judge()
    payload = {"form": "source", "sources": {"answer.py": ["answer.py", SAYS]}, "path": []}
    try:
        events = list(judge.check("layer_of", payload, seed=seed, hidden=True))
    finally:
        judge.close()
    found = [RequirementReport.from_plain(event["requirement"]) for event in events if event["event"] == "requirement"]
    (asked,) = (item for item in found if item.name == HIDDEN)
    assert not asked.hidden
    return asked


def test_nothing_of_a_learners_acts_in_what_is_made_of_it(course: Course) -> None:
    notebook = read(course.place("autograded", "mallory") / f"{OSI}.ipynb")
    assert "onerror" not in json.dumps([cell.get("outputs") for cell in notebook.cells])
    assert cells(notebook)["why"].source == "```\n<script>alert(1)</script>\n```"
    page = feedback(course, "mallory")
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert course.rows("mallory")["why"] == (None, None, True)
