"""What was decided about one submitted notebook, as data: what the gradebook is given, and what reports are made of.

nbgrader's folder ``autograded/<learner>/<assignment>/`` holds it beside the notebook as ``<notebook>.verdicts.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from autograder.report import CheckReport, RequirementReport

SUFFIX = ".verdicts.json"

Kind = Literal["judge", "nbgrader", "manual"]
"""Who decides the points of a cell: our judge; nbgrader's rule, which reads the cell's outputs; a person."""

Happening = Literal["kernel died", "timed out", "limit", "tampering"]


@dataclass
class Event:
    """Something out of the ordinary while a notebook was graded: a reason to look, not a verdict."""

    kind: Happening
    where: str
    """The cell, by its nbgrader name or its number: ``serve-echo``, ``cell 7``."""
    sentence: str


@dataclass
class CellVerdict:
    """The points of one graded cell, and where they came from."""

    grade_id: str
    kind: Kind
    max_points: float
    points: float | None = None
    """None where a person has yet to decide."""
    exercise: str = ""
    report: CheckReport | None = None
    """The judge's report; None for the other kinds."""

    def to_plain(self) -> dict[str, Any]:
        """The verdict as plain data; of hidden requirements no more than what a learner may read."""
        plain = asdict(self) | {"report": None}
        if self.report is not None:
            requirements = [_shown(item) for item in self.report.requirements]
            plain["report"] = self.report.to_plain() | {"requirements": requirements}
        return plain

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> CellVerdict:
        """What `to_plain` described."""
        made = cls(**(plain | {"report": None}))
        if plain["report"] is not None:
            made.report = CheckReport.from_plain(plain["report"] | {"requirements": []})
            made.report.requirements = [RequirementReport.from_plain(one) for one in plain["report"]["requirements"]]
        return made


@dataclass
class Verdicts:
    """All that was decided about one notebook of one learner."""

    student: str
    assignment: str
    notebook: str
    submission: str = ""
    """The digest (SHA-256, hexadecimal) of what was handed in; another one must be graded anew."""
    seconds: float = 0.0
    cells: list[CellVerdict] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def points(self) -> float:
        """The points of all cells that are decided."""
        return sum(cell.points or 0.0 for cell in self.cells)

    @property
    def max_points(self) -> float:
        """The points that the notebook is worth."""
        return sum(cell.max_points for cell in self.cells)

    @property
    def hung(self) -> bool:
        """Did a cell or a requirement run into its deadline?"""
        silent = any(
            item.outcome == "no answer" for cell in self.cells if cell.report for item in cell.report.requirements
        )
        return silent or any(event.kind == "timed out" for event in self.events)

    @property
    def suspicious(self) -> bool:
        """Is there something that nobody does by accident? A reason to look, not a verdict."""
        return any(event.kind in ("tampering", "limit") for event in self.events)

    def of(self, grade_id: str) -> CellVerdict | None:
        """The verdict on one cell."""
        return next((cell for cell in self.cells if cell.grade_id == grade_id), None)

    def to_plain(self) -> dict[str, Any]:
        """The verdicts as plain data."""
        return asdict(self) | {"cells": [cell.to_plain() for cell in self.cells]}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Verdicts:
        """What `to_plain` described."""
        cells = [CellVerdict.from_plain(cell) for cell in plain["cells"]]
        return cls(**(plain | {"cells": cells, "events": [Event(**event) for event in plain["events"]]}))

    def write(self, folder: Path) -> Path:
        """Write them beside the graded notebook."""
        path = folder / f"{self.notebook}{SUFFIX}"
        path.unlink(missing_ok=True)  # nbgrader makes its files read-only
        path.write_text(json.dumps(self.to_plain(), indent=1), encoding="utf-8")
        return path


def read(path: Path) -> Verdicts:
    """Read what `Verdicts.write` wrote.

    Raises:
        ValueError: the file is not one of ours.
    """
    try:
        return Verdicts.from_plain(json.loads(path.read_text(encoding="utf-8")))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} holds no verdicts: {error!r}") from error


def read_all(folders: Iterable[Path]) -> list[Verdicts]:
    """The verdicts in several folders, in the order of these and of the notebooks' names."""
    return [read(path) for folder in folders for path in sorted(folder.glob(f"*{SUFFIX}"))]


def _shown(item: RequirementReport) -> dict[str, Any]:
    plain = item.to_plain() | {"wire_html": ""}
    if item.hidden:
        plain |= dict.fromkeys(("wire_text", "got", "likely", "next", "printed"), "") | {"calls": []}
    return plain
