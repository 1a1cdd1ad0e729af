"""What the attack suite knows of one dishonest submission."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from nbformat import NotebookNode


@dataclass(frozen=True)
class Attack:
    """A submission that tries to score without solving, and what it must earn.

    Every exercise that is neither in `answers` nor in `attacked` carries the course's own solution, and must earn full
    points.
    """

    name: str
    """The submission's folder, which is the learner's name: unique in the suite."""

    about: str
    """What it tries, in one sentence."""

    answers: dict[str, str]
    """The source of the solution cells that are not the honest solution, by the cell's name, which is the exercise."""

    edit: Callable[[NotebookNode], None] | None = None
    """Changes the filled-in notebook, as a learner could with an editor."""

    files: dict[str, bytes] = field(default_factory=dict)
    """Files that are handed in beside the notebook, by their path below the submission's folder."""

    earns: dict[str, float] = field(default_factory=dict)
    """The points of attacked exercises that do not earn 0. Rare: a comment says why that is honest."""

    attacked: frozenset[str] = frozenset()
    """The exercises that are not solved honestly, in addition to those in `answers`."""

    hung: bool = False
    """Whether the verdicts must say that a cell hung."""

    suspicious: bool = False
    """Whether the verdicts must call the submission suspicious."""

    failed: bool = False
    """Whether the submission can't be graded, so that the summary must list it as failed."""
