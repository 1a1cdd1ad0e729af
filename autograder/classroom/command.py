"""The command ``python -m autograder grade``: what it takes, how it ends."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.classroom import memory, sandbox
from autograder.cli import BadInput

if TYPE_CHECKING:
    from traitlets.config import Config

    from autograder.classroom.grade import Summary
    from autograder.classroom.workplace import Place

GRADED, NOT_ALL, BAD_INPUT = 0, 1, 2

JOBS = 6 * (os.cpu_count() or 1)
"""Submissions at work at once where nobody says otherwise: they wait a lot."""

INTERRUPTED = 128
"""And the signal's number on top, as a shell counts: 130 after Ctrl-C."""

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

RED, PLAIN = "\x1b[1;31m", "\x1b[0m"


def add_to(commands: Any) -> None:
    """Declare the command's arguments."""
    command = commands.add_parser("grade", help="grade a class: what was handed in for an assignment")
    command.add_argument("assignment", metavar="ASSIGNMENT", help="its name, as 03-tcp-sockets")
    command.add_argument("--student", action="append", metavar="NAME", help="only this one; may be given again")
    command.add_argument(
        "--jobs", type=int, metavar="N", help="submissions at work at once (six for each core: they wait a lot)"
    )
    command.add_argument("--scheduler", metavar="ADDRESS", help="work on the Dask cluster there, tcp://host:8786")
    command.add_argument("--force", action="store_true", help="grade also what is graded already")
    command.add_argument("--report", type=Path, metavar="FILE.html", help="write a page about the whole class")
    command.add_argument(
        "--sandbox", choices=("bubblewrap", "none"), default="bubblewrap", help="what learner code is locked up in"
    )


def main(options: argparse.Namespace) -> int:
    """Grade, and return the exit code: 0 all is graded, 1 not all, 2 bad input, 128 + the signal that interrupted."""
    # nbgrader starts alembic by its bare name, also when nobody activated this environment.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # what libraries say to programmers, SQLAlchemy to nbgrader's above all
    logging.disable(logging.CRITICAL)  # and what they log; what goes wrong comes as exceptions
    memory.share_one_arena()
    try:
        return _grade(options)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED + signal.SIGINT


def _grade(options: argparse.Namespace) -> int:
    if options.jobs is not None and options.jobs < 1:
        raise BadInput(f"--jobs {options.jobs}: at least one submission must be at work.")
    if options.jobs is not None and options.scheduler is not None:
        raise BadInput("--jobs is about this machine; on a cluster, its workers' threads say how many are at work.")
    if options.report is not None:
        _see_that_it_can_be_written(options.report)
    # Imported here, for it takes seconds: --help and the end by Ctrl-C need not wait.
    from autograder.classroom.course import course_config, students_of
    from autograder.classroom.grade import Run
    from autograder.classroom.telling import progress, told

    config = course_config(Path.cwd())
    students = students_of(config, options.assignment, options.student)
    with _place(options, len(students)) as place:
        run = Run(config, options.assignment, students, place, force=options.force)
        with _signals(run.stop) as came:
            shown = progress(options.assignment, len(students), place.at_once)
            try:
                summary = run.whole(shown.show)
            finally:
                shown.close()
    for line in told(summary, options.assignment):
        print(line, flush=True)
    if came:
        return INTERRUPTED + came[0]
    if options.report is not None:
        _write_report(options.report, config, options.assignment, summary)
    return NOT_ALL if summary.failed or summary.stopped else GRADED


@contextmanager
def _place(options: argparse.Namespace, submissions: int) -> Iterator[Place]:
    """Where the work is done."""
    if options.sandbox == "none":
        red, plain = (RED, PLAIN) if sys.stderr.isatty() else ("", "")
        print(f"{red}{sandbox.NO_SANDBOX}{plain}", file=sys.stderr, flush=True)
    if options.scheduler is None:
        from autograder.classroom.workplace import Workplace

        try:
            chosen = sandbox.choose(options.sandbox)
        except sandbox.SandboxUnavailable as error:
            raise BadInput(str(error)) from error
        jobs = options.jobs if options.jobs is not None else JOBS
        yield Workplace(chosen, min(jobs, submissions))
        return
    try:
        from autograder.classroom.cluster import Cluster, ClusterUnusable
    except ModuleNotFoundError as error:
        if error.name not in ("distributed", "dask"):
            raise
        raise BadInput("--scheduler needs the package distributed: pip install distributed") from error
    try:
        cluster = Cluster(options.scheduler, locked=options.sandbox != "none")
    except ClusterUnusable as error:
        raise BadInput(str(error)) from error
    with cluster:
        yield cluster


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[list[int]]:
    """Call `stop` at the first signal that asks for the end; the second one ends this process at once."""
    came: list[int] = []

    def take(number: int, frame: object) -> None:
        if came:
            os._exit(INTERRUPTED + number)  # what is in the gradebook is whole at any time
        came.append(number)
        stop()

    before = {number: signal.signal(number, take) for number in SIGNALS}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _see_that_it_can_be_written(report: Path) -> None:
    folder = report.resolve().parent
    if not folder.is_dir():
        raise BadInput(f"There is no folder {folder} for the report.")
    if report.is_dir():
        raise BadInput(f"{report} is a folder, and the report is a file: name it, as {report / 'class.html'}.")
    if not os.access(report if report.exists() else folder, os.W_OK):
        raise BadInput(f"{report} can't be written: you may not write there.")


def _write_report(report: Path, config: Config, assignment: str, summary: Summary) -> None:
    from autograder.classroom.class_report import class_page
    from autograder.classroom.grade import verdicts_of
    from autograder.classroom.gradebook import submissions

    graded = verdicts_of(config, assignment, submissions(config, assignment))
    page = class_page(graded, assignment=assignment, failed=summary.failed)
    try:
        report.write_text(page, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"The report can't be written: {error.strerror}: {report}") from error
    print(f"The report: {report}")
