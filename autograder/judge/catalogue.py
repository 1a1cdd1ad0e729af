"""Finds the check file of an exercise by the exercise's name. Names are unique in the course."""

from __future__ import annotations

import difflib
import functools
import importlib
from pathlib import Path
from typing import Any

from autograder import checks
from autograder.judge.exercise import Exercise, read_exercise

SETTINGS = Path(checks.__path__[0], "pytest.ini")
"""pytest's settings for check files."""


class NoSuchExercise(LookupError):
    """There is no exercise of that name; the text says which names come near."""


def names() -> list[str]:
    """The names of all exercises, in the order of the assignments and then of the alphabet."""
    files = _files()
    return sorted(files, key=lambda name: (_package(files[name]).ASSIGNMENT, name))


def path_of(name: str) -> Path:
    """The check file of an exercise.

    Raises:
        NoSuchExercise: with the nearest names, where there are any.
    """
    files = _files()
    if name in files:
        return files[name]
    near = difflib.get_close_matches(name, files, n=2, cutoff=0.6)
    wanted = f"There is no exercise named {name!r}."
    if near:
        raise NoSuchExercise(f"{wanted} Did you mean {' or '.join(near)}?")
    raise NoSuchExercise(f"{wanted} `python -m autograder list` shows them all.")


def load(name: str) -> Exercise:
    """Import an exercise's check file and read what it declares."""
    path = path_of(name)
    return read_exercise(importlib.import_module(f"{checks.__name__}.{path.parent.name}.{path.stem}"))


def _package(file: Path) -> Any:
    return importlib.import_module(f"{checks.__name__}.{file.parent.name}")


@functools.cache
def _files() -> dict[str, Path]:
    root = Path(checks.__path__[0])
    return {path.stem.removeprefix("test_"): path for path in sorted(root.glob("*/test_*.py"))}
