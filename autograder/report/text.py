"""A report as text for a terminal, and the words that the HTML form shares with it."""

from __future__ import annotations

import textwrap

from autograder.report.model import CheckReport, Outcome, RequirementReport, number
from autograder.wire import Transcript

WIDTH = 96
"""Characters of a line: what fits a terminal and the output area of a notebook."""

MARKS: dict[Outcome, str] = {
    "passed": "ok  ",
    "wrong": "FAIL",
    "no answer": "FAIL",
    "grader broke": "!!  ",
    "not run": "-   ",
    "skipped": "~   ",
}

VOICES: dict[Outcome, str] = {
    "passed": "holds",
    "wrong": "your code is wrong",
    "no answer": "no answer in time",
    "grader broke": "the grader broke: this is our fault, not yours",
    "not run": "not run",
    "skipped": "skipped on this machine, points given",
}

MESSAGE_LINES = 11
"""Lines of a message: under a dozen, so that it is read. Recorded conversations get what the other parts leave."""

LEAST_LINES = 4
"""Lines that a conversation gets in any case: its title, and how it ended."""


def show_conversations(report: RequirementReport, transcripts: list[Transcript]) -> None:
    """Put the last recorded conversation of a requirement into its report, or the last two if there is room.

    Comes after all other parts are in.
    """
    room = max(LEAST_LINES, MESSAGE_LINES - len(message(report).splitlines()))
    shown = transcripts[-2:] if room >= 2 * LEAST_LINES else transcripts[-1:]
    lines = room // max(len(shown), 1) - 1  # one for the title
    report.wire_text = "\n".join(item.text(limit_lines=lines, width=WIDTH - 20) for item in shown)
    report.wire_html = "".join(item.html(limit_lines=LEAST_LINES) for item in transcripts[-2:])


def parts(report: RequirementReport) -> list[tuple[str, str]]:
    """The named parts of a requirement's message in the order they are read; empty for one that holds.

    A hidden requirement has its sentence alone: every other part may give its inputs away.
    """
    if report.outcome == "passed":
        return []
    expected = f"{report.sentence} ({report.source})" if report.source else report.sentence
    if report.outcome in ("not run", "skipped"):
        shown = [("BECAUSE", report.got)]
    elif report.hidden:
        shown = [("EXPECTED", expected), ("GOT", "not shown: this requirement is hidden")]
    else:
        shown = [
            ("SENT", "\n".join(report.calls[-1:])),
            ("ON THE WIRE", report.wire_text),
            ("EXPECTED", expected),
            ("GOT", report.got),
            ("LIKELY", report.likely),
            ("PRINTED", _printed(report.printed)),
            ("NEXT", report.next),
        ]
    return [(name, text) for name, text in shown if text]


def message(report: RequirementReport) -> str:
    """A requirement's message: one block a learner can read from top to bottom; empty when it holds."""
    lines: list[str] = []
    for name, text in parts(report):
        prose, exact = split(name, text)
        body = [piece for line in prose for piece in textwrap.wrap(line, WIDTH - 18, break_on_hyphens=False)] + exact
        lines += [f"{name if index == 0 else '':<11}  {line}" for index, line in enumerate(body)]
    return "\n".join(lines)


def split(name: str, text: str) -> tuple[list[str], list[str]]:
    """The lines of a part: those of prose, which may be wrapped, and those to be shown as they are.

    Of what was got, the first line is a sentence; below it stand bytes with a caret, or a line of code.
    """
    lines = text.splitlines()
    if name == "GOT":
        return lines[:1], lines[1:]
    return ([], lines) if name in ("ON THE WIRE", "PRINTED") else (lines, [])


def requirement_text(report: RequirementReport) -> str:
    """One requirement: its mark, sentence and points, and its message indented below."""
    points = f"{number(report.points)}/{number(report.max_points)}"
    head = f"{MARKS[report.outcome]}  {points:>5}  {report.sentence}"
    if report.outcome != "passed":
        head += f"  [{VOICES[report.outcome]}]"
    body = message(report)
    return head + ("\n" + textwrap.indent(body, "      ") if body else "")


def check_text(report: CheckReport) -> str:
    """The whole report."""
    requirements = [] if report.refused else report.requirements  # there, all were not run for the one reason
    return "\n".join([headline(report), *map(requirement_text, requirements), closing(report)])


def headline(report: CheckReport) -> str:
    """The first line: the exercise and what it is about."""
    return f"{report.exercise}: {report.summary}" if report.summary else report.exercise


def closing(report: CheckReport) -> str:
    """The last line: why nothing was judged, or how much holds and what it earned."""
    if report.refused:
        return report.refused
    holding = sum(item.holds for item in report.requirements)
    total = len(report.requirements)
    count = "All" if holding == total else f"{holding} of"
    return (
        f"{count} {total} requirements hold: {number(report.points)} of {number(report.max_points)} points"
        f" ({report.seconds:.1f} s, seed {report.seed})."
    )


def _printed(text: str) -> str:
    lines = text.splitlines()
    shown = [line if len(line) <= WIDTH - 20 else line[: WIDTH - 23] + "..." for line in lines[:3]]
    if len(lines) > 3:
        shown.append(f"... and {len(lines) - 3:,} lines more")
    return "\n".join(shown)
