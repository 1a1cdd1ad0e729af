"""What `grade` tells while it works, and at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Any, Protocol, TextIO

from tqdm import tqdm

from autograder.classroom.grade import Summary
from autograder.report.model import number

NAMED = 10
"""Names listed in a line of the summary; the report page has them all."""

LINE_EVERY = 10.0
"""Seconds between two lines of progress where the output is no terminal."""

BY = {"judge": "by the judge", "nbgrader": "by nbgrader's rule, from outputs that learner code wrote"}


class Progress(Protocol):
    """Shows how far a run is."""

    def show(self, summary: Summary) -> None:
        """Show it."""

    def close(self) -> None:
        """Nothing more comes."""


def progress(assignment: str, total: int, at_once: int, out: TextIO | None = None) -> Progress:
    """A bar on a terminal; elsewhere a line now and then."""
    out = out or sys.stderr
    return _Bar(assignment, total, out) if out.isatty() else _Lines(assignment, total, at_once, out)


class _Tqdm(tqdm):
    """A bar that counts by the minute."""

    @property
    def format_dict(self) -> dict[str, Any]:
        """What its format may name."""
        known: dict[str, Any] = super().format_dict
        elapsed, rate = known["elapsed"], known["rate"] or 0
        rate = rate or (known["n"] / elapsed if elapsed else 0)
        return known | {"a_minute": f"{60 * rate:.0f}" if rate else "?"}


class _Bar:
    def __init__(self, assignment: str, total: int, out: TextIO) -> None:
        form = "{desc}: {n_fmt} of {total_fmt} |{bar}| {a_minute} a minute, {elapsed} gone, {remaining} left{postfix}"
        self._bar = _Tqdm(desc=assignment, total=total, file=out, bar_format=form, dynamic_ncols=True, smoothing=0.1)

    def show(self, summary: Summary) -> None:
        self._bar.total = summary.to_do
        told = [f"{len(summary.failed)} failed"] if summary.failed else []
        told += [summary.complaint] if summary.complaint else []
        self._bar.set_postfix_str(", ".join(told), refresh=False)
        self._bar.update(summary.done - self._bar.n)
        self._bar.refresh()

    def close(self) -> None:
        self._bar.close()


class _Lines:
    def __init__(self, assignment: str, total: int, at_once: int, out: TextIO) -> None:
        self._assignment, self._out, self._at_once = assignment, out, at_once
        self._next = time.monotonic() + LINE_EVERY
        self._line(f"{total} handed in, {min(at_once, total)} at once")

    def show(self, summary: Summary) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LINE_EVERY
        told = [f"{summary.done} of {summary.to_do} done"]
        if summary.done:
            rate = summary.done / summary.seconds
            left = tqdm.format_interval((summary.to_do - summary.done) / rate)
            told += [f"{60 * rate:.0f} a minute", f"{left} left"]
        told += [f"{len(summary.failed)} failed"] if summary.failed else []
        told += [summary.complaint] if summary.complaint else []
        self._line(", ".join(told))

    def close(self) -> None:
        pass

    def _line(self, text: str) -> None:
        print(f"{self._assignment}: {text}", file=self._out, flush=True)


def told(summary: Summary, assignment: str) -> list[str]:
    """The summary in lines, to be read aloud."""
    count = len(summary.graded)
    rate = f" ({60 * count / summary.seconds:.0f} a minute)" if count and summary.seconds else ""
    nothing = summary.before and not summary.to_do
    lines = [f"{assignment}: {'nothing to do' if nothing else f'{count} graded in {summary.seconds:.0f} s{rate}'}."]
    if summary.before:
        before = "1 was" if len(summary.before) == 1 else f"{len(summary.before)} were"
        lines.append(f"{before} graded before and not handed in anew; --force grades again.")
    for kind, points in sorted(summary.by_kind.items()):
        if kind in BY:
            lines.append(f"Points {BY[kind]}: {number(points)}.")
    if "manual" in summary.by_kind:
        lines.append("Some cells wait for a person: Formgrader shows them.")
    if summary.failed:
        lines.append(f"{len(summary.failed)} failed, and their rows in the gradebook are as they were:")
        lines += [f"  {student}: {_first_line(reason)}" for student, reason in sorted(summary.failed.items())]
    if summary.hung:
        lines.append(f"{len(set(summary.hung))} hung, in a cell or in a check: {_names(summary.hung)}.")
    if summary.suspicious:
        lines.append(
            f"{len(set(summary.suspicious))} suspicious, for something that nobody does by accident (a reason to look, "
            f"no verdict): {_names(summary.suspicious)}."
        )
    if summary.stopped:
        lines.append(f"Stopped, for nothing more could be graded: {summary.stopped}")
        lines.append("What is graded is in the gradebook. When that is put right, the same command does the rest.")
    elif summary.interrupted:
        lines.append("Interrupted. What is graded is in the gradebook; the same command does the rest.")
    return lines


def _first_line(text: str) -> str:
    return text.splitlines()[0][:200] if text else "no reason is known"


def _names(students: Iterable[str]) -> str:
    names = sorted(set(students))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
