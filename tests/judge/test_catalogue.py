"""Exercises are found by their names, and what comes near a name is suggested."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder import checks
from autograder.judge import catalogue

FILES = sorted(Path(checks.__path__[0]).glob("*/test_*.py"))


def test_names_are_unique_in_the_course() -> None:
    assert FILES
    assert len(catalogue.names()) == len(FILES), "two check files of one name: `check` could not tell them apart"


def test_names_come_in_the_order_of_the_assignments() -> None:
    assignments = [catalogue.load(name).assignment for name in catalogue.names()]
    assert assignments == sorted(assignments)
    assert "serve_echo" in catalogue.names()


@pytest.mark.parametrize("name", catalogue.names())
def test_every_exercise_is_complete(name: str) -> None:
    exercise = catalogue.load(name)
    assert exercise.name == name
    assert catalogue.path_of(name).name == f"test_{name}.py"
    assert exercise.summary and exercise.summary.endswith(".")
    assert len(exercise.requirements) >= 4
    sentences = [requirement.sentence for requirement in exercise.requirements]
    assert len(set(sentences)) == len(sentences), "a learner could not tell them apart"
    for requirement in exercise.requirements:
        assert requirement.hint, f"{requirement.name} has nothing to try or read"
        assert requirement.sentence.endswith("."), requirement.name


@pytest.mark.parametrize("name", catalogue.names())
def test_what_a_requirement_needs_comes_before_it(name: str) -> None:
    seen: set[str] = set()
    for requirement in catalogue.load(name).requirements:
        assert requirement.needs is None or requirement.needs in seen, requirement.name
        seen.add(requirement.name)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("serve_ecko", "There is no exercise named 'serve_ecko'. Did you mean serve_echo?"),
        ("parse_ip", "There is no exercise named 'parse_ip'. Did you mean parse_ipv4 or parse_tcp?"),
        ("zzzz", "There is no exercise named 'zzzz'. `python -m autograder list` shows them all."),
        ("", "There is no exercise named ''. `python -m autograder list` shows them all."),
        ("../../secret", "There is no exercise named '../../secret'. `python -m autograder list` shows them all."),
    ],
)
def test_a_name_that_is_not_there(monkeypatch: pytest.MonkeyPatch, asked: str, sentence: str) -> None:
    there = {name: Path(f"test_{name}.py") for name in ("internet_checksum", "parse_ipv4", "parse_tcp", "serve_echo")}
    monkeypatch.setattr(catalogue, "_files", lambda: there)
    for find in (catalogue.path_of, catalogue.load):
        with pytest.raises(catalogue.NoSuchExercise) as refused:
            find(asked)
        assert str(refused.value) == sentence
