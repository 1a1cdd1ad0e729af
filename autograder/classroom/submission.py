"""One notebook that a learner handed in, as data, and which of its cells are checks of ours."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.classroom.verdicts import Event
from autograder.judge import catalogue

CHECK = re.compile(r"(?:\s*#[^\n]*\n)*\s*check\((\w+)\)\s*")
"""A check cell: the one call, below comments at the most."""

SEEDS = 10**15
"""Too many to be tried out by learner code that wants to know what it will be asked."""


@dataclass
class Submission:
    """One notebook to be run and judged. Plain data, so that it may travel to another machine."""

    student: str
    assignment: str
    notebook: str
    source: str
    """The notebook's JSON, restored to what the gradebook says of its cells."""
    digest: str
    """Of what was handed in."""
    key: bytes
    """Secret; from it and from what was handed in come the seeds of the checks."""
    files: dict[str, bytes] = field(default_factory=dict)
    """What was handed in beside the notebook, by relative path."""
    events: list[Event] = field(default_factory=list)
    cell_seconds: int = 30
    """Longest time of one cell."""
    notebook_seconds: int = 240
    """Longest time of all cells together, the judge's work apart; what is left then is not run."""

    def seed(self, exercise: str) -> int:
        """The seed of one check: always the same for these files, and unknown to who wrote them."""
        text = "\0".join((self.student, self.assignment, self.notebook, exercise, self.digest))
        return int.from_bytes(hmac.digest(self.key, text.encode(), hashlib.sha256)[:16]) % SEEDS


def exercise_of(cell: NotebookNode) -> str:
    """The exercise that a check cell checks; empty for any other cell. The cell must come from the gradebook."""
    marks = cell.metadata.get("nbgrader", {})
    if cell.cell_type != "code" or not marks.get("grade") or not marks.get("locked") or marks.get("solution"):
        return ""
    found = CHECK.fullmatch(cell.source)
    return found[1] if found and found[1] in catalogue.names() else ""
