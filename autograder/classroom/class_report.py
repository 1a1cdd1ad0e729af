"""One page about a graded class: how it scored, which requirements most failed, and the wrong patterns behind them.

The verdicts are read once and one after another, so that a large class takes no more memory than its names do.
Everything that a learner can write (names, messages, printed text) is cut, cleaned of control characters and escaped.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.classroom.verdicts import CellVerdict, Event, Kind, Verdicts
from autograder.report import CheckReport, Outcome, RequirementReport

CLASSES = 10
"""Bars of the histogram."""

MOST_REQUIREMENTS = 15
"""Requirements whose patterns are shown; the page names all that failed."""

MOST_PATTERNS = 6
"""Patterns shown of one requirement."""

MOST_NAMES = 50
"""Learners listed in one place; of the rest the page gives the number."""

MOST_EVENTS = 5
"""Events told of one learner."""

NAME_LENGTH = 80
SENTENCE_LENGTH = 400
EXAMPLE_LINES, EXAMPLE_LENGTH = 6, 160
"""What a learner wrote is cut to so many characters, an example to so many lines of so many characters."""

LONGEST_KEY = 400
"""Characters of a message that are compared when failures are grouped."""

KINDS: dict[Kind, str] = {
    "judge": "the judge, outside the learner's process",
    "nbgrader": "nbgrader's rule, which reads the outputs of the cell",
    "manual": "a person",
}

VOICES: dict[Outcome, str] = {"wrong": "wrong", "no answer": "no answer in time", "grader broke": "the grader broke"}


def class_page(verdicts: Iterable[Verdicts], *, assignment: str, failed: Mapping[str, str] | None = None) -> str:
    """The page as HTML: one file, without a script and without anything from outside.

    Args:
        verdicts: those of the whole class, one for each notebook, in any order; read once.
        assignment: its name, for the title.
        failed: learners whose submission could not be graded, and why. Verdicts on them are left out.
    """
    tally = Tally(failed or {})
    for one in verdicts:
        tally.add(one)
    return _environment().get_template("class_report.html.j2").render(_content(tally, assignment))


# Counting.


@dataclass
class Group:
    """Failures that look alike."""

    outcome: Outcome | None
    likely: str
    example: str
    count: int = 0
    names: list[str] = field(default_factory=list)
    """The first ones only."""

    def add(self, name: str) -> None:
        """One learner more."""
        self.count += 1
        if len(self.names) < MOST_NAMES:
            self.names.append(cut(name, NAME_LENGTH))


@dataclass
class RequirementTally:
    """How often one requirement held, and how it failed."""

    exercise: str
    sentence: str
    hidden: bool
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    groups: dict[tuple[str, ...], Group] = field(default_factory=dict)
    broke: dict[tuple[str, ...], Group] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many learners' code does not hold."""
        return self.outcomes["wrong"] + self.outcomes["no answer"]

    @property
    def judged(self) -> int:
        """How many times there was a verdict about the learner's code."""
        return self.failed + self.outcomes["passed"]

    @property
    def share(self) -> float:
        """The part of the judged that failed."""
        return self.failed / self.judged if self.judged else 0.0


@dataclass
class ExerciseTally:
    """How one exercise went."""

    name: str
    shares: list[float] = field(default_factory=list)
    full: int = 0
    zero: int = 0
    blank: int = 0
    not_judged: dict[tuple[str, ...], Group] = field(default_factory=dict)

    @property
    def mean(self) -> float | None:
        """The mean share of its points."""
        return statistics.fmean(self.shares) if self.shares else None


@dataclass
class CellTally:
    """The points of one graded cell over the class, or of all cells of a kind."""

    notebook: str
    name: str
    kind: Kind
    cells: int = 0
    points: float = 0.0
    max_points: float = 0.0
    """Of the cells that are decided."""
    waiting: int = 0
    waiting_points: float = 0.0

    def add(self, cell: CellVerdict) -> None:
        """One cell more."""
        self.cells += 1
        if cell.points is None:
            self.waiting += 1
            self.waiting_points += cell.max_points
        else:
            self.points += cell.points
            self.max_points += cell.max_points


@dataclass
class LearnerTally:
    """One learner's row."""

    name: str
    points: float = 0.0
    max_points: float = 0.0
    undecided: float = 0.0
    """Points that wait for a decision."""
    hung: bool = False
    suspicious: bool = False
    why_failed: str = ""
    events: list[Event] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        """The part of the points that is earned; None where there are none to earn."""
        return _share(self.points, self.max_points)


class Tally:
    """Everything that is counted while the verdicts go by."""

    def __init__(self, failed: Mapping[str, str]) -> None:
        self._failed = failed
        self.learners: dict[str, LearnerTally] = {
            name: LearnerTally(name, why_failed=reason or "no reason was given") for name, reason in failed.items()
        }
        self.exercises: dict[str, ExerciseTally] = {}
        self.requirements: dict[tuple[str, str], RequirementTally] = {}
        self.kinds: dict[Kind, CellTally] = {kind: CellTally("", "", kind) for kind in KINDS}
        self.other_cells: dict[tuple[str, str, Kind], CellTally] = {}

    def add(self, one: Verdicts) -> None:
        """Count what was decided about one notebook."""
        if one.student in self._failed:
            return
        learner = self.learners.setdefault(one.student, LearnerTally(one.student))
        learner.points += one.points
        learner.max_points += one.max_points
        learner.hung |= one.hung
        learner.suspicious |= one.suspicious
        learner.events += one.events
        for cell in one.cells:
            self.kinds[cell.kind].add(cell)
            if cell.points is None:
                learner.undecided += cell.max_points
            if cell.kind == "judge":
                self._add_exercise(one.student, cell)
            else:
                key = (one.notebook, cell.grade_id, cell.kind)
                self.other_cells.setdefault(key, CellTally(*key)).add(cell)

    def _add_exercise(self, student: str, cell: CellVerdict) -> None:
        name = cell.exercise or cell.grade_id
        exercise = self.exercises.setdefault(name, ExerciseTally(name))
        share = _share(cell.points, cell.max_points)
        if share is not None:
            exercise.shares.append(share)
            exercise.full += share >= 1
            exercise.zero += share == 0
        report = cell.report
        if report is None or (report.refused and not report.missing):
            reason = report.refused if report is not None else "its notebook ended before this cell was reached"
            _group(exercise.not_judged, None, "", reason).add(student)
        elif is_blank(report):
            exercise.blank += 1
        else:
            for item in report.requirements:
                self._add_requirement(student, name, item)

    def _add_requirement(self, student: str, exercise: str, item: RequirementReport) -> None:
        key = exercise, item.name
        if key not in self.requirements:
            self.requirements[key] = RequirementTally(exercise, item.sentence, item.hidden)
        requirement = self.requirements[key]
        requirement.outcomes[item.outcome] += 1
        if item.outcome not in VOICES:
            return
        groups = requirement.broke if item.outcome == "grader broke" else requirement.groups
        # What a hidden requirement says may give its inputs away; so its failures are one group without words.
        said = ("", "") if item.hidden else (item.likely, item.got)
        _group(groups, item.outcome, *said).add(student)


def is_blank(report: CheckReport) -> bool:
    """Was the exercise left as it was handed out, or not even defined?

    The judge tries the first requirement, meets NotImplementedError and leaves out the others.
    """
    if report.missing:
        return True
    outcomes = [item.outcome for item in report.requirements]
    untouched = outcomes[:1] == ["wrong"] and report.requirements[0].got.startswith("not implemented yet")
    return untouched and set(outcomes[1:]) <= {"not run"}


def _group(groups: dict[tuple[str, ...], Group], outcome: Outcome | None, likely: str, got: str) -> Group:
    key = (outcome or "", *pattern(likely, got))
    if key not in groups:
        groups[key] = Group(outcome, cut(likely, SENTENCE_LENGTH), _example(got))
    return groups[key]


def _share(points: float | None, max_points: float) -> float | None:
    if points is None or max_points <= 0 or not math.isfinite(points / max_points):
        return None
    return points / max_points


# Patterns.

_TYPES = {"bool", "bytearray", "bytes", "dict", "float", "int", "list", "memoryview", "NoneType", "set", "str", "tuple"}

_STEPS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{16,}={1,2}"), "#"),  # base64
    (re.compile(r"(?<!\w)(?:[a-z]+:/)?/[^\s,;)]*[^\s,;:.)]"), "…"),  # a URL or a path
    (re.compile(r"(?<!\w)(?:[0-9a-f]{2}[ :]){2,}[0-9a-f]{2}(?!\w)", re.IGNORECASE), "#"),  # bytes in hexadecimal
    (re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,}[0-9a-f.]*(?![\w:])", re.IGNORECASE), "#"),  # an IPv6 address
    (re.compile(r"(?<!\w)[-+]?\w*\d\w*(?:[.,:-]\w*\d\w*)*"), "#"),  # whatever has a digit in it
    # A long value is shown by its ends: b'ab' ... 960 bytes ... b'yz'.
    (re.compile(r"…(?: \.\.\. (?:# \w+ \.\.\. )?…| \.\.\.)"), "…"),
    (re.compile(r"[…#](?:, […#])+"), "…"),
    # What a learner calls a socket does not matter, nor with which arguments it is used.
    (re.compile(r"waiting in (?:[\w.\[\]…#]+\.)?(\w+)\(.*"), r"waiting in \1"),
    (re.compile(r"waiting in for .*"), "waiting in for"),
    # Why bytes are no text depends on the bytes.
    (re.compile(r"codec can't decode byte.*"), "codec can't decode bytes"),
    (re.compile(r"\bthe first of # (\w+?)s? is\b"), r"the first # of # \1 are"),
    (re.compile(r"(# [a-z]+?)s\b"), r"\1"),
    (re.compile(r"\s+"), " "),
]

# A long value may end in an ellipsis, with or without its second quotation mark.
_QUOTED = re.compile(
    r"""(?<![A-Za-z0-9_])[bBrRuUfF]{0,2}(?:'((?:\\.|[^'\\…])*)(?:'|…'?)|"((?:\\.|[^"\\…])*)(?:"|…"?))"""
)

# What was cut at the end of the message has a quotation mark without its fellow.
_UNCLOSED = re.compile(r"""(?<![A-Za-z0-9_])[bBrRuUfF]{0,2}['"].*$""")


def normal(text: str) -> str:
    """A message without what differs from run to run, so that the same slip always reads the same.

    Quoted values (but not names of types), URLs and paths become ``…``; numbers, addresses and random names that
    have a digit in them become ``#``.
    """
    return _normal(text[:LONGEST_KEY])


@lru_cache(10_000)  # in a class most failures are like another
def _normal(text: str) -> str:
    text = _QUOTED.sub(lambda found: found[1] if found[1] in _TYPES else "…", text)
    text = _UNCLOSED.sub("…", text)
    for wanted, instead in _STEPS:
        text = wanted.sub(instead, text)
    return text.strip()


def pattern(likely: str, got: str) -> tuple[str, str]:
    """What two failures of the same kind have in common: the guess or, where there is none, a line of the message.

    A guess is made only where it is proven, so it says more than any message. Of a message the first line counts; both
    lines where the judge set expected and got one above the other; of a traceback the last.
    """
    if likely:
        return normal(likely), ""
    lines = [line for line in got[: 20 * LONGEST_KEY].splitlines() if line.strip()] or [""]
    chosen = lines[:1]
    if lines[0].startswith("expected ") and lines[1:]:
        chosen = lines[:2]
    elif "Traceback (most recent call last)" in got:
        chosen = lines[-1:]
    return "", " / ".join(map(normal, chosen))


# What learners wrote, made fit to be shown.

_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def cut(text: str, length: int) -> str:
    """The text, or as many characters of its beginning and an ellipsis."""
    return text[:length] + " …" if len(text) > length else text


def clean(value: object) -> object:
    """What the template is about to write, without what controls a terminal or turns the direction of writing."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", value)
    return value


def _example(got: str) -> str:
    """A message to be looked at: as the learner read it, if it is not too long."""
    lines = got[: 2 * EXAMPLE_LINES * EXAMPLE_LENGTH].splitlines()
    if "Traceback (most recent call last)" in got:
        lines = got[-2 * EXAMPLE_LENGTH :].splitlines()[-2:]
    shown = [cut(line, EXAMPLE_LENGTH) for line in lines[:EXAMPLE_LINES]]
    return "\n".join(shown + ["…"] * (len(lines) > EXAMPLE_LINES))


# What the template shows.


class Bar(NamedTuple):
    """One class of the histogram."""

    label: str
    learners: int
    x: float
    y: float
    height: float


class Tick(NamedTuple):
    """One line across the histogram."""

    learners: int
    y: float


class Happenings(NamedTuple):
    """The learners to whom something of one sort happened."""

    title: str
    learners: Sequence[tuple[str, list[str]]]
    more: int


PLOT_LEFT, PLOT_TOP, PLOT_WIDTH, PLOT_HEIGHT = 44, 24, 580, 180
"""The histogram's inner rectangle, in the units of its viewBox."""


def _histogram(shares: Sequence[float]) -> tuple[list[Bar], list[Tick]]:
    counts = [0] * CLASSES
    for share in shares:
        # The tiny part more puts 0.7, which a computer keeps as a little less, into the class that begins there.
        counts[min(max(int(share * CLASSES + 1e-9), 0), CLASSES - 1)] += 1
    step = next(size for size in _steps() if 4 * size >= max(counts))
    top = step * max(1, math.ceil(max(counts) / step))
    width = PLOT_WIDTH / CLASSES
    bars = []
    for index, count in enumerate(counts):
        height = round(PLOT_HEIGHT * count / top, 1)
        low, high = 100 * index // CLASSES, 100 * (index + 1) // CLASSES
        label = f"{low}% to under {high}%" if high < 100 else f"{low}% to 100%"
        bars.append(Bar(label, count, round(PLOT_LEFT + index * width, 1), PLOT_TOP + PLOT_HEIGHT - height, height))
    ticks = [Tick(count, PLOT_TOP + PLOT_HEIGHT * (1 - count / top)) for count in range(0, top + 1, step)]
    return bars, ticks


def _steps() -> Iterable[int]:
    size = 1
    while True:
        yield from (size, 2 * size, 5 * size)
        size *= 10


def _happenings(learners: Sequence[LearnerTally]) -> list[Happenings]:
    wanted: list[tuple[str, set[str]]] = [
        ("Suspicious: tampering, or a limit that was reached", {"tampering", "limit"}),
        ("Kernels that died", {"kernel died"}),
        ("Cells that timed out", {"timed out"}),
    ]
    found = []
    for title, kinds in wanted:
        rows = []
        for learner in learners:
            events = [event for event in learner.events if event.kind in kinds]
            lines = [
                f"{cut(event.where, NAME_LENGTH)}: {cut(event.sentence, SENTENCE_LENGTH)}"
                for event in events[:MOST_EVENTS]
            ]
            if len(events) > MOST_EVENTS:
                lines.append(f"and {len(events) - MOST_EVENTS:,} more")
            if events:
                rows.append((cut(learner.name, NAME_LENGTH), lines))
        found.append(Happenings(title, rows[: 4 * MOST_NAMES], max(0, len(rows) - 4 * MOST_NAMES)))
    return found


def _content(tally: Tally, assignment: str) -> dict[str, Any]:
    learners = sorted(tally.learners.values(), key=lambda one: (one.name.casefold(), one.name))
    graded = [one for one in learners if not one.why_failed]
    shares = [one.share for one in graded if one.share is not None]
    bars, ticks = _histogram(shares)
    requirements = sorted(
        (one for one in tally.requirements.values() if one.failed), key=lambda one: (-one.failed, -one.share)
    )
    return {
        "assignment": cut(assignment, NAME_LENGTH),
        "learners": learners,
        "graded": graded,
        "failed": [one for one in learners if one.why_failed],
        "hung": sum(one.hung for one in graded),
        "suspicious": sum(one.suspicious for one in graded),
        "shares": shares,
        "mean": statistics.fmean(shares) if shares else None,
        "quartiles": _quartiles(shares),
        "bars": bars,
        "ticks": ticks,
        "plot": (PLOT_LEFT, PLOT_TOP, PLOT_WIDTH, PLOT_HEIGHT),
        "exercises": list(tally.exercises.values()),
        "requirements": requirements,
        "broken": [one for one in tally.requirements.values() if one.broke],
        "kinds": [one for one in tally.kinds.values() if one.cells],
        "waiting": sum(one.waiting for one in tally.kinds.values()),
        "waiting_points": sum(one.waiting_points for one in tally.kinds.values()),
        "other_cells": list(tally.other_cells.values()),
        "happenings": _happenings(graded),
        "kind_names": KINDS,
        "voices": VOICES,
        "most_requirements": MOST_REQUIREMENTS,
        "most_patterns": MOST_PATTERNS,
        "most_names": MOST_NAMES,
        "name_length": NAME_LENGTH,
        "sentence_length": SENTENCE_LENGTH,
    }


def _quartiles(shares: Sequence[float]) -> list[float]:
    """Lower quartile, median, upper quartile; none without scores."""
    if len(shares) < 2:
        return [*shares] * 3
    return statistics.quantiles(shares, n=4, method="inclusive")


def _percent(share: float | None) -> str:
    """A share as a person writes it; 100% and 0% only where it is exactly that."""
    if share is None:
        return "–"
    percent = round(100 * share)
    return f"{min(max(percent, 1), 99) if 0 < share < 1 else percent}%"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=clean,  # of every value, so that none is forgotten
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "percent": _percent,
        "points": lambda points: f"{points:,.2f}".rstrip("0").rstrip("."),
        "cut": cut,
        "largest": lambda groups: sorted(groups.values(), key=lambda one: -one.count),
    }
    return made
