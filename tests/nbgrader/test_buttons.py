"""What an instructor does in Formgrader and a learner with the Validate button, in a real Jupyter server."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.judge import catalogue
from tests.nbgrader.classroom import Classroom, words
from tests.nbgrader.conftest import Graded
from tests.nbgrader.hand_ins import misbehaving, partly, sources
from tests.nbgrader.server import Server

OSI, TCP = "01-osi-model", "03-tcp-sockets"


@pytest.fixture(scope="module")
def course(graded: Graded) -> Classroom:
    """The course of assignment 01, with one more submission that nobody has autograded."""
    course = graded(OSI)
    course.hand_in("late", OSI, sources(partly(OSI)))
    return course


@pytest.mark.parametrize(
    "page",
    [
        "",
        "/manage_assignments",
        f"/manage_submissions/{OSI}",
        f"/gradebook/{OSI}",
        f"/gradebook/{OSI}/{OSI}",
        "/manage_students",
        "/manage_students/partly",
    ],
)
def test_formgrader_shows_its_pages(server: Server, page: str) -> None:
    text = server.get(f"/formgrader{page}")
    assert "Formgrader" in text or "nbgrader" in text
    assert OSI in text or OSI not in page


def test_formgrader_knows_the_assignment_and_who_handed_it_in(course: Classroom, server: Server) -> None:
    (assignment,) = server.get_json("/formgrader/api/assignments")
    assert assignment["name"] == OSI
    assert assignment["max_code_score"] == 40
    submissions = server.get_json(f"/formgrader/api/submissions/{OSI}")
    assert {item["student"] for item in submissions} == {"solution", "untouched", "partly", "misbehaving", "late"}


def test_formgrader_s_button_autogrades(server: Server, course: Classroom) -> None:
    before = server.get_json(f"/formgrader/api/submission/{OSI}/late")
    assert not before["autograded"]
    answer = server.post(f"/formgrader/api/submission/{OSI}/late/autograde")
    assert answer["success"], answer
    after = server.get_json(f"/formgrader/api/submission/{OSI}/late")
    earned = sum(score.points or 0 for score in course.scores("partly", OSI).values())
    assert after["autograded"]
    assert after["score"] == after["code_score"] == earned
    assert 0 < earned < after["max_score"]
    assert not after["needs_manual_grade"]
    page = server.get(f"/formgrader/submissions/{_notebook(server)['id']}/")
    for exercise, told in partly(OSI).items():
        assert told.words.lower() in words(page).lower(), exercise


def _notebook(server: Server) -> dict[str, Any]:
    notebooks = server.get_json(f"/formgrader/api/submitted_notebooks/{OSI}/{OSI}")
    (mine,) = (notebook for notebook in notebooks if notebook["student"] == "late")
    return dict(mine)


@pytest.fixture(scope="module")
def validate(server: Server, course: Classroom, classrooms: dict[str, Classroom]) -> Any:
    """Press Validate on a notebook that holds these answers; the failed cells, by the source of the cell."""

    def press(assignment: str, answers: dict[str, str]) -> dict[str, str]:
        classrooms[assignment].write(course.root / "open" / f"{assignment}.ipynb", assignment, answers)
        answer = server.post("/assignments/validate", {"path": f"open/{assignment}.ipynb"})
        assert answer["success"], answer["value"]
        assert answer["value"].keys() <= {"failed"}
        return {cell["source"]: words(cell["error"]) for cell in answer["value"].get("failed", [])}

    return press


def test_validate_is_content_with_the_solution(validate: Any, course: Classroom) -> None:
    assert validate(OSI, course.solutions(OSI)) == {}


def test_validate_says_what_does_not_hold_and_why(validate: Any, classrooms: dict[str, Classroom]) -> None:
    answers = misbehaving(TCP, classrooms[TCP].solutions(TCP))
    failed = validate(TCP, sources(answers))
    assert failed.keys() == {f"check({name})" for name, answer in answers.items() if not answer.full_marks}
    for cell, told in failed.items():
        name = cell.removeprefix("check(").removesuffix(")")
        assert answers[name].words in told
        assert catalogue.load(name).requirements[0].sentence in told
        assert "[your code is wrong]" in told or "[no answer in time]" in told


def test_validate_is_not_progress(course: Classroom) -> None:
    assert not course.progress.exists()
