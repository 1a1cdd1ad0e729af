"""From the release to the feedback, with a real gradebook: every answer costs or earns its own points, and says why."""

from __future__ import annotations

import pytest

from autograder.judge import catalogue
from tests.nbgrader.classroom import ROOT, check_cells, outcomes, read
from tests.nbgrader.conftest import Graded
from tests.nbgrader.hand_ins import ASSIGNMENTS, misbehaving, partly

LEARNERS = ("solution", "untouched", "partly", "misbehaving")

pytestmark = pytest.mark.parametrize("assignment", ASSIGNMENTS)


def exercises(assignment: str) -> dict[str, float]:
    """The points of every exercise of an assignment, as its check files declare them."""
    loaded = [catalogue.load(name) for name in catalogue.names()]
    return {exercise.name: exercise.max_points for exercise in loaded if exercise.assignment == assignment}


def test_a_cell_is_worth_what_its_requirements_are(assignment: str) -> None:
    for folder in ("solutions", "exercises"):
        notebook = read(ROOT / folder / assignment / f"{assignment}.ipynb")
        cells = check_cells(notebook)
        assert {name: cell.metadata.nbgrader["points"] for name, cell in cells.items()} == exercises(assignment)
        assert all(cell.source == f"check({name})" for name, cell in cells.items())


def test_the_solution_earns_everything(graded: Graded, assignment: str) -> None:
    scores = graded(assignment).scores("solution", assignment)
    assert {name: score.points for name, score in scores.items()} == exercises(assignment)
    assert {name: score.max_points for name, score in scores.items()} == exercises(assignment)


def test_the_untouched_release_earns_nothing_and_is_not_implemented(graded: Graded, assignment: str) -> None:
    scores = graded(assignment).scores("untouched", assignment)
    assert {name: score.points for name, score in scores.items()} == dict.fromkeys(exercises(assignment), 0)
    told = graded(assignment).feedback("untouched", assignment)
    assert told.keys() == exercises(assignment).keys()
    for text in told.values():
        assert "not implemented yet: it raised NotImplementedError" in text
        assert "your code is wrong" in text
        assert "the grader broke" not in text


def test_partial_credit_is_the_points_of_the_requirements_that_hold(graded: Graded, assignment: str) -> None:
    scores = graded(assignment).scores("partly", assignment)
    cells = check_cells(graded(assignment).autograded("partly", assignment))
    told = graded(assignment).feedback("partly", assignment)
    for name, answer in partly(assignment).items():
        points = {item.name: item.points for item in catalogue.load(name).requirements}
        outcome = outcomes(cells[name])
        assert outcome.keys() == points.keys()
        assert outcome[answer.fails] == "wrong"
        assert answer.words.lower() in told[name].lower()
        assert scores[name].points == sum(points[item] for item in points if outcome[item] == "passed")
        assert 0 < (scores[name].points or 0) < scores[name].max_points
        assert f"{scores[name].points:g} of {scores[name].max_points:g} points" in told[name]
    empty = scores.keys() - partly(assignment).keys()
    assert {name: scores[name].points for name in empty} == dict.fromkeys(empty, 0)


def test_an_answer_that_misbehaves_costs_its_own_points_only(graded: Graded, assignment: str) -> None:
    course = graded(assignment)
    scores = course.scores("misbehaving", assignment)
    expected = misbehaving(assignment, course.solutions(assignment))
    points = {name: exercises(assignment)[name] if answer.full_marks else 0 for name, answer in expected.items()}
    assert {name: score.points for name, score in scores.items()} == points


def test_the_feedback_says_why(graded: Graded, assignment: str) -> None:
    course = graded(assignment)
    told = course.feedback("misbehaving", assignment)
    for name, answer in misbehaving(assignment, course.solutions(assignment)).items():
        assert answer.words in told[name], told[name]
        assert "the grader broke" not in told[name]


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_check_leaves_one_number_and_nothing_that_decides_otherwise(
    graded: Graded, assignment: str, learner: str
) -> None:
    scores = graded(assignment).scores(learner, assignment)
    for name, cell in check_cells(graded(assignment).autograded(learner, assignment)).items():
        results = [output for output in cell.outputs if output.output_type == "execute_result"]
        assert {output.output_type for output in cell.outputs} == {"display_data", "execute_result"}, cell.outputs
        assert len(results) == 1
        points = float(results[0].data["text/plain"])
        assert 0 <= points <= exercises(assignment)[name]
        assert scores[name].points == points


def test_the_learners_progress_and_the_course_are_left_alone(graded: Graded, assignment: str) -> None:
    course = graded(assignment)
    assert not course.progress.exists(), "grading a class is nobody's progress"
    left = list(course.sockets.iterdir())
    assert not left, "a kernel ended without removing its sockets"
