"""``python -m autograder``: check a program file, grade a class, look at this machine, list the exercises.

Exit codes: 0 full marks (or nothing to complain about), 1 not all requirements hold, 2 bad input.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from autograder import doctor
from autograder.judge import catalogue
from autograder.judge.client import JudgeBroke, the_judge
from autograder.judge.payload import pack_file
from autograder.report import CheckReport, RequirementReport
from autograder.report.model import number
from autograder.report.text import closing, headline, message, requirement_text


class BadInput(Exception):
    """One sentence about what was asked wrongly, with the nearest right thing where there is one."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m autograder", description="Check network programs, on loopback.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="check a program file against the requirements of an exercise")
    check.add_argument("exercise", metavar="EXERCISE", help="its name; `list` shows them")
    check.add_argument("file", metavar="FILE.py", type=Path, help="defines a function (or class) of that name")
    check.add_argument("--json", action="store_true", help="print the report as JSON")
    check.add_argument("--seed", type=int, help="repeat a check with the seed that it printed")
    check.add_argument("--hidden", action="store_true", help="also the requirements kept for grading a class")
    grading = "grade" in (sys.argv[1:] if arguments is None else arguments)[:1]
    if grading:  # imported only then, for nbgrader takes seconds
        from autograder.classroom import command

        command.add_to(commands)
    else:
        commands.add_parser("grade", help="grade a class: what was handed in for an assignment")
    commands.add_parser("doctor", help="say what this machine can do")
    commands.add_parser("list", help="list the exercises")
    options = parser.parse_args(arguments)
    try:
        match options.command:
            case "check":
                return _check(options)
            case "grade":
                return command.main(options)
            case "doctor":
                return _doctor()
            case _:
                return _list()
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2


def _check(options: argparse.Namespace) -> int:
    try:
        catalogue.path_of(options.exercise)
    except catalogue.NoSuchExercise as error:
        raise BadInput(str(error)) from None
    payload = pack_file(options.file, _text_of(options.file))
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    report = CheckReport(exercise=options.exercise)
    judge = the_judge()
    try:
        for event in judge.check(options.exercise, payload, seed=seed, hidden=options.hidden):
            requirements = report.requirements
            if event["event"] == "requirement":
                requirements.append(RequirementReport.from_plain(event["requirement"]))
                if not options.json and not report.refused:
                    print(requirement_text(requirements[-1]), flush=True)
                continue
            report = CheckReport.from_plain(event["report"])
            report.requirements = requirements
            if not options.json and not report.refused:
                print(headline(report) if event["event"] == "begin" else closing(report), flush=True)
    except JudgeBroke as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        judge.close()
    if report.missing:
        raise BadInput(report.refused)
    if options.json:
        print(json.dumps(as_json(report), indent=2))
    elif report.refused:
        print(report.refused)
    return 0 if report.full_marks else 1


def as_json(report: CheckReport) -> dict[str, Any]:
    """The report for machines: exercise, points, max_points, seed, seconds, and for every requirement its
    name, sentence, points, max_points, outcome and message."""
    return {
        "exercise": report.exercise,
        "points": report.points,
        "max_points": report.max_points,
        "seed": report.seed,
        "seconds": round(report.seconds, 3),
        "requirements": [
            {
                "name": item.name,
                "sentence": item.sentence,
                "points": item.points,
                "max_points": item.max_points,
                "outcome": item.outcome,
                "message": message(item),
            }
            for item in report.requirements
        ],
    }


def _text_of(path: Path) -> str:
    if not os.path.isfile(path):
        there = [item.name for item in path.parent.glob("*.py") if item.is_file()]
        near = difflib.get_close_matches(path.name, there, n=1, cutoff=0.6)
        advice = f" Did you mean {path.parent / near[0]}?" if near else ""
        raise BadInput(f"There is no file {path}.{advice}")
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors write a byte order mark; Python takes it, too
        compile(text, path.name, "exec")
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not text in UTF-8: byte {error.start} can't be read.") from None
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        shown = (error.text or "").strip() if isinstance(error, SyntaxError) else ""
        raise BadInput(f"{path}{line} is not Python: {what}{f': {shown}' if shown else ''}") from None
    return text


def _doctor() -> int:
    findings = doctor.examine()
    for finding in findings:
        print(f"{'yes' if finding.ok else 'no ':<3}  {finding.name:<22} {finding.sentence}")
    return 0 if all(finding.ok or not finding.needed for finding in findings) else 1


def _list() -> int:
    assignment = ""
    for name in catalogue.names():
        exercise = catalogue.load(name)
        if exercise.assignment != assignment:
            assignment = exercise.assignment
            print(f"{assignment}")
        count = len(exercise.requirements)
        print(f"  {name:<18} {number(exercise.max_points):>3} points, {count} requirements  {exercise.summary}")
    return 0
