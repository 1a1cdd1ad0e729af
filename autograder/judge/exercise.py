"""What a check file declares: the contract of its exercise, and its requirements.

A check file ``autograder/checks/<assignment>/test_<exercise>.py`` is an ordinary pytest file. Its module docstring
is the summary; one function with the exercise's name, marked `exercise`, is the contract; every test function marked
`requirement` is one requirement, whose docstring is the sentence that the learner reads.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

import pytest

from autograder.judge.shape import Kind, kind_of

T = TypeVar("T")


@dataclass(frozen=True)
class Requirement:
    """One requirement: its test function's name, the sentence, and what the marker says."""

    name: str
    sentence: str
    points: float
    source: str = ""
    hint: str = ""
    needs: str | None = None
    hidden: bool = False


@dataclass(frozen=True)
class Exercise:
    """One exercise as its check file declares it."""

    name: str
    assignment: str
    summary: str
    kind: Kind
    parameters: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    preload: tuple[str, ...] = ()
    """Large modules that answers import: what its assignment's package calls PRELOAD."""

    @property
    def max_points(self) -> float:
        """The points of all requirements, hidden ones included: what the nbgrader cell says."""
        return sum(requirement.points for requirement in self.requirements)

    @property
    def object_name(self) -> str:
        """What a report calls an object of a class exercise: the last word of its name, ``reader`` for LineReader."""
        return re.findall("[A-Z]?[^A-Z]*", self.name)[-2].lower()

    @property
    def signature(self) -> str:
        """The contract as a learner writes it, e.g. ``def fetch(host, port, request)``."""
        word = {"function": "def", "async function": "async def", "class": "class"}[self.kind]
        return f"{word} {self.name}({', '.join(self.parameters)})"


def exercise(contract: T) -> T:
    """Mark a function (``def``, ``async def``) or class of a check file as the contract of the exercise.

    Its kind and its parameters are what the learner's object must match; its body is never run.
    """
    contract.__contract__ = True  # type: ignore[attr-defined]
    return contract


def requirement(
    *, points: float, source: str = "", hint: str = "", needs: str | None = None, hidden: bool = False
) -> Callable[[T], T]:
    """Mark a test function as a requirement.

    Args:
        points: what it is worth; the points of a file add up to the points of its nbgrader cell.
        source: where the rule stands, e.g. ``"RFC 9293 section 3.6"``.
        hint: one thing to try or read, shown as NEXT when the requirement fails.
        needs: the name of a requirement of the same file, without which this one can't be judged; when that one
            does not hold, this one is not run.
        hidden: run only when a class is graded; its inputs are never shown.
    """
    if points <= 0:
        raise ValueError(f"points={points}: a requirement is worth more than nothing")
    mark: Any = pytest.mark.requirement(points=points, source=source, hint=hint, needs=needs, hidden=hidden)
    return mark


def read_exercise(module: ModuleType) -> Exercise:
    """Read what an imported check file declares.

    Raises:
        ValueError: the file breaks a rule of the house (no contract, a requirement without a sentence, …).
    """
    name = module.__name__.rpartition(".")[2].removeprefix("test_")
    contract: Any = getattr(module, name, None)
    if not getattr(contract, "__contract__", False):
        raise ValueError(f"{module.__file__} has no @exercise named {name}")
    requirements = []
    for test_name, test in list(vars(module).items()):
        marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "requirement"]
        if test_name.startswith("test_") and not marks:
            raise ValueError(f"{test_name} in {module.__file__} has no @requirement")
        for mark in marks:
            sentence = (inspect.getdoc(test) or "").partition("\n")[0]
            if not sentence:
                raise ValueError(f"{test_name} in {module.__file__} has no docstring for the learner to read")
            requirements.append(Requirement(test_name, sentence, **mark.kwargs))
    package = sys.modules[module.__name__.rpartition(".")[0]]
    known = {item.name for item in requirements}
    for item in requirements:
        if item.needs is not None and item.needs not in known:
            raise ValueError(f"{item.name} in {module.__file__} needs {item.needs}, which is not there")
    return Exercise(
        name=name,
        assignment=str(package.ASSIGNMENT),
        summary=(inspect.getdoc(module) or "").partition("\n")[0],
        kind=kind_of(contract),
        parameters=tuple(inspect.signature(contract).parameters),
        requirements=tuple(requirements),
        preload=tuple(getattr(package, "PRELOAD", ())),
    )
