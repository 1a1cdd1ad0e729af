"""`nbgrader validate` before handing in: what does not hold, and why, in our words."""

from __future__ import annotations

import re

import pytest

from tests.nbgrader.classroom import Classroom, Command, words
from tests.nbgrader.hand_ins import partly

SUCCESS = "Success! Your notebook passes all the tests."
OSI = "01-osi-model"


@pytest.fixture(scope="module")
def printed(validating: Command) -> dict[str, str]:
    """What the command prints about each notebook. It ends with 0, although answers are wrong."""
    pieces = re.split(r"\[ValidateApp \| INFO\] Validating '.*/(\w+)\.ipynb'\n", validating.result())
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def test_the_solution_passes(printed: dict[str, str]) -> None:
    assert printed["solution"].strip() == SUCCESS


def test_an_answer_that_holds_in_part_is_told_which_requirement_and_why(printed: dict[str, str]) -> None:
    assert "VALIDATION FAILED ON 6 CELL(S)!" in words(printed["partly"])
    for exercise, answer in partly(OSI).items():
        told = _about(exercise, printed["partly"])
        assert answer.words.lower() in told.lower(), told
        assert "[your code is wrong]" in told
        assert "EXPECTED" in told and "GOT" in told
    assert "not implemented yet" in _about("peel", printed["partly"])


def test_no_line_is_cut(printed: dict[str, str]) -> None:
    width = 140  # of nbgrader_config.py; a line that nbgrader cuts is exactly so long, and so is its ruler
    lines = [line for text in printed.values() for line in text.splitlines() if set(line) != {"="}]
    assert max(map(len, lines)) < width


def test_validating_is_not_progress(printed: dict[str, str], classrooms: dict[str, Classroom]) -> None:
    assert not classrooms[OSI].progress.exists()


def _about(exercise: str, output: str) -> str:
    """The part of the output about one failed cell, in one line."""
    (part,) = (part for part in output.split("The following cell failed:") if f"check({exercise})" in part)
    return words(part)
