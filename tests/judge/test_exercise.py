"""What a check file declares is read as it stands, and what breaks a rule of the house is refused by name."""

from __future__ import annotations

import sys
import textwrap
import types
from collections.abc import Callable
from typing import Any

import pytest

from autograder.judge.exercise import Exercise, Requirement, kind_of, read_exercise, requirement

Make = Callable[[str], types.ModuleType]

GOOD = '''
"""Echo every byte.

More about it, which the summary leaves out.
"""
from autograder.judge.exercise import exercise, requirement

@exercise
def echo(listener, *, limit=3): ...

@requirement(points=2, source="RFC 862", hint="Try this.")
def test_first(learner):
    """It echoes.

    Not for the learner.
    """

@requirement(points=0.5, needs="test_first", hidden=True)
def test_second(learner):
    """It goes on."""
'''


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes a check file's module of its text: exercise `echo` of an assignment that is not there."""
    package: Any = types.ModuleType("checks_of_test_exercise")
    package.ASSIGNMENT = "99-nowhere"
    monkeypatch.setitem(sys.modules, package.__name__, package)

    def of(text: str) -> types.ModuleType:
        module = types.ModuleType(f"{package.__name__}.test_echo")
        module.__file__ = "checks/test_echo.py"
        exec(textwrap.dedent(text).lstrip(), vars(module))
        return module

    return of


def test_a_check_file_is_read(make: Make) -> None:
    assert read_exercise(make(GOOD)) == Exercise(
        name="echo",
        assignment="99-nowhere",
        summary="Echo every byte.",
        kind="function",
        parameters=("listener", "limit"),
        requirements=(
            Requirement("test_first", "It echoes.", 2, source="RFC 862", hint="Try this."),
            Requirement("test_second", "It goes on.", 0.5, needs="test_first", hidden=True),
        ),
    )


def test_all_points_count_hidden_ones_too(make: Make) -> None:
    assert read_exercise(make(GOOD)).max_points == 2.5


@pytest.mark.parametrize(
    ("keyword", "kind", "signature"),
    [
        ("def echo(data, limit=3): ...", "function", "def echo(data, limit)"),
        ("async def echo(): ...", "async function", "async def echo()"),
        ("class echo:\n    def __init__(self, data): ...", "class", "class echo(data)"),
    ],
)
def test_the_contract_may_be_of_three_kinds(make: Make, keyword: str, kind: str, signature: str) -> None:
    read = read_exercise(make(GOOD.replace("def echo(listener, *, limit=3): ...", keyword)))
    assert (read.kind, read.signature) == (kind, signature)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("@exercise\n", "", "test_echo.py has no @exercise named echo"),
        ("def echo(", "def another(", "test_echo.py has no @exercise named echo"),
        ('@requirement(points=2, source="RFC 862", hint="Try this.")\n', "", "test_first in .*has no @requirement"),
        ('    """It goes on."""', "    pass", "test_second in .*has no docstring for the learner"),
        ('needs="test_first"', 'needs="test_frist"', "test_second in .*needs test_frist, which is not there"),
        ("points=2", "points=0", "points=0: a requirement is worth more than nothing"),
        ("points=2", "points=-1", "points=-1"),
    ],
)
def test_a_broken_rule_is_named(make: Make, before: str, after: str, complaint: str) -> None:
    assert before in GOOD
    with pytest.raises(ValueError, match=complaint):
        read_exercise(make(GOOD.replace(before, after)))


def test_a_misspelt_setting_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="hnt"):
        requirement(points=1, hnt="…")  # type: ignore[call-arg]


def test_kinds_of_what_a_learner_may_give() -> None:
    async def coroutine() -> None: ...

    def generator() -> Any:
        yield

    class Callable_:
        def __call__(self) -> None: ...

    assert kind_of(coroutine) == "async function"
    assert kind_of(Callable_) == "class"
    for thing in (generator, Callable_(), len, lambda: None):
        assert kind_of(thing) == "function"
