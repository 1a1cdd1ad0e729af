"""The report of one check as data: what the judge sends, what JSON shows, what text and HTML are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar

Outcome = Literal["passed", "wrong", "no answer", "grader broke", "not run", "skipped"]
"""passed; wrong: your code is wrong; no answer: none in time; grader broke: our fault; not run: because of another
requirement; skipped: this machine can't show it, so its points are given."""

HOLDS: frozenset[Outcome] = frozenset({"passed", "skipped"})
"""The outcomes that earn a requirement's points."""

R = TypeVar("R", "RequirementReport", "CheckReport")


@dataclass
class RequirementReport:
    """One requirement of one check."""

    name: str
    sentence: str
    max_points: float
    outcome: Outcome
    source: str = ""
    seconds: float = 0.0
    hidden: bool = False
    calls: list[str] = field(default_factory=list)
    """SENT: the calls of the learner's code."""
    wire_text: str = ""
    """ON THE WIRE: the recorded conversations as text, and below as HTML; what is long in them is left out."""
    wire_html: str = ""
    got: str = ""
    """GOT, or the reason why it was not run; lines."""
    likely: str = ""
    next: str = ""
    printed: str = ""

    @property
    def holds(self) -> bool:
        """Does it earn its points?"""
        return self.outcome in HOLDS

    @property
    def points(self) -> float:
        """The points earned: all or nothing."""
        return self.max_points if self.holds else 0.0

    def to_plain(self) -> dict[str, Any]:
        """The report as plain data."""
        return dict(vars(self))

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> RequirementReport:
        """What `to_plain` described; unknown keys are left out."""
        return _from_plain(cls, plain)


@dataclass
class CheckReport:
    """One check: what was asked, what held, what it earned."""

    exercise: str
    assignment: str = ""
    summary: str = ""
    signature: str = ""
    max_points: float = 0.0
    seed: int = 0
    seconds: float = 0.0
    refused: str = ""
    """Why nothing was judged: the answer is not of the shape that the exercise asks for, or can't be opened."""
    missing: bool = False
    """Refused because the file does not define the exercise's name at all."""
    requirements: list[RequirementReport] = field(default_factory=list)

    @property
    def points(self) -> float:
        """The points earned. Never negative, never above `max_points`."""
        return sum(item.points for item in self.requirements)

    @property
    def full_marks(self) -> bool:
        """Do all requirements hold?"""
        return bool(self.requirements) and not self.refused and all(item.holds for item in self.requirements)

    def to_plain(self) -> dict[str, Any]:
        """The report as plain data, without the requirements."""
        return {key: value for key, value in vars(self).items() if key != "requirements"}

    @classmethod
    def collect(cls, exercise: str, events: Iterable[dict[str, Any]]) -> CheckReport:
        """The whole report of a check, from the events that the judge sends."""
        report, requirements = cls(exercise), []
        for event in events:
            if event["event"] == "requirement":
                requirements.append(RequirementReport.from_plain(event["requirement"]))
            else:
                report = cls.from_plain(event["report"])
        report.requirements = requirements
        return report

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> CheckReport:
        """What `to_plain` described; unknown keys are left out."""
        return _from_plain(cls, plain)


def _from_plain(cls: type[R], plain: dict[str, Any]) -> R:
    known = {item.name for item in fields(cls)}
    return cls(**{key: value for key, value in plain.items() if key in known})


def number(points: float) -> str:
    """Points as a learner writes them: ``3`` and not ``3.0``, ``2.5`` where it must be."""
    return f"{points:g}"
