"""The checks are checked: solutions, stubs, and the bank of right and wrong answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from queue import SimpleQueue

import nbformat
import pytest

from autograder.judge import catalogue
from autograder.judge.client import Judge
from tests import bank

EXERCISES = catalogue.names()

RUNS = int(os.environ.get("BANK_RUNS", "1"))
"""How often each answer is judged, each time with another seed. `python -m tests.bank --runs 100` asks for more."""


@pytest.fixture(scope="module")
def judges() -> Iterator[SimpleQueue[Judge]]:
    """Three judges for each worker that runs these tests."""
    with bank.judges(3) as waiting:
        yield waiting


@pytest.fixture
def judge(judges: SimpleQueue[Judge]) -> Iterator[Judge]:
    """One judge for the tests that need no more."""
    judge = judges.get()
    yield judge
    judges.put(judge)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_solution_earns_full_marks(judge: Judge, exercise: str) -> None:
    report = bank.judge_text(judge, exercise, bank.ROOT / "solution.py", bank.solutions()[exercise], seed=1)
    assert report.full_marks, bank.check_text(report)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_stub_fails_with_not_implemented_and_nothing_else(judge: Judge, exercise: str) -> None:
    report = bank.judge_text(judge, exercise, bank.ROOT / "stub.py", bank.stubs()[exercise], seed=1)
    first, *others = report.requirements
    assert "not implemented" in first.got
    assert report.points == 0
    assert {item.outcome for item in others} == {"not run"}
    assert all("not implemented" in item.got for item in others)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_bank_is_large_enough(exercise: str) -> None:
    of_it = [answer for answer in bank.answers() if answer.exercise == exercise]
    right = [answer for answer in of_it if answer.is_right]
    assert len(right) >= 2
    assert len(of_it) - len(right) >= 5
    requirements = {item.name for item in catalogue.load(exercise).requirements}
    assert len(requirements) >= 4
    slips = {answer.slip[0] for answer in of_it if not answer.is_right}
    assert slips <= requirements
    assert not requirements - slips, "a requirement that no wrong answer of the bank fails"


def test_every_folder_of_the_bank_is_an_exercise() -> None:
    assert {answer.exercise for answer in bank.answers()} == set(EXERCISES)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_points_of_the_check_are_the_points_of_the_cell(exercise: str) -> None:
    cells = [
        cell.metadata.nbgrader.points
        for path in (bank.ROOT / "solutions").glob("*/*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.source.strip() == f"check({exercise})"
    ]
    assert cells == [catalogue.load(exercise).max_points]


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_answer_gets_its_verdict_each_time(judges: SimpleQueue[Judge], exercise: str) -> None:
    """Three judges at once in each of several workers: more than two cores can carry, and so under load."""
    of_it = [answer for answer in bank.answers() if answer.exercise == exercise]
    verdicts: dict[bank.Answer, set[tuple[object, ...]]] = {}
    for answer, report in bank.repeat(of_it, judges, runs=RUNS, seed=2026):
        assert not bank.complaint(answer, report), bank.complaint(answer, report)
        verdicts.setdefault(answer, set()).add(bank.verdict(report))
    assert all(len(found) == 1 for found in verdicts.values()), verdicts
