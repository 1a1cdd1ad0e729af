"""A class graded by `nbgrader autograde` with nbgrader's own settings, and by `autograder grade` in the sandbox.

The same files, one after the other in one run: submissions of assignment 03, a third of them right, a third wrong in
one to three exercises, and the rest with exercises that hang or crash. Scores must be the same, row by row.

Then where the time of ours goes (see `class_parts`), and a large class of assignment 01, for the memory of the grader.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.classroom import verdicts
from autograder.judge import limits
from tests import bank
from tests.nbgrader.classroom import Classroom, Command

ASSIGNMENT = "03-tcp-sockets"

LARGE = "01-osi-model"

SEED = 2026

MARKS = (100, 500, 1000)
"""Submissions of a large class after which the memory is told."""

LOOK_EVERY = 0.5
"""Seconds between two looks at the memory."""

STOCK_CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "learn-network-programming"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
"""
"""nbgrader's own settings: only where the folders are."""

MISBEHAVING = {
    "hanging": "    import time\n    time.sleep(1000)\n",
    "spinning": "    while True:\n        pass\n",
    "exiting": "    import os\n    os._exit(1)\n",
    "crashing": "    import ctypes\n    ctypes.string_at(0)\n",
}

SCORES = """
SELECT student.id, base_cell.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade, comment.auto_comment
FROM submitted_assignment
JOIN student ON student.id = submitted_assignment.student_id
JOIN submitted_notebook ON submitted_notebook.assignment_id = submitted_assignment.id
JOIN grade ON grade.notebook_id = submitted_notebook.id
JOIN base_cell ON base_cell.id = grade.cell_id
LEFT JOIN comment ON comment.notebook_id = submitted_notebook.id AND comment.cell_id = grade.cell_id
ORDER BY 1, 2
"""

Row = tuple[object, ...]


@dataclass(frozen=True)
class Measured:
    """One way of grading: seconds of wall time and of processor time, and the rows of the gradebook."""

    name: str
    submissions: int
    seconds: float
    rows: list[Row]

    @property
    def a_minute(self) -> float:
        """Submissions a minute."""
        return 60 * self.submissions / self.seconds


def hand_in(course: Classroom, count: int) -> list[str]:
    """Hand in so many submissions, the same ones each time; return the learners' names."""
    rng = random.Random(SEED)
    solutions = course.solutions(ASSIGNMENT)
    answers: dict[str, dict[bool, list[str]]] = {name: {True: [], False: []} for name in solutions}
    for answer in bank.answers():
        if answer.exercise in answers:
            answers[answer.exercise][answer.is_right].append(answer.path.read_text(encoding="utf-8"))
    names = []
    for number in range(count):
        kind = ("right", "wrong", "misbehaving")[number % 3]
        chosen = {name: rng.choice([solutions[name], *answers[name][True]]) for name in solutions}
        for name in rng.sample(sorted(solutions), rng.randrange(1, 4)) if kind == "wrong" else []:
            chosen[name] = rng.choice(answers[name][False])
        for name in rng.sample(sorted(solutions), 1) if kind == "misbehaving" else []:
            chosen[name] = _misbehaving(solutions[name], name, rng.choice(sorted(MISBEHAVING)))
        names.append(f"learner-{number:04}-{kind}")
        course.hand_in(names[-1], ASSIGNMENT, chosen)
    return names


def _misbehaving(solution: str, name: str, how: str) -> str:
    head = re.search(rf"^def {name}\(.*?\)[^\n]*:\n", solution, re.MULTILINE | re.DOTALL)
    assert head is not None
    return solution[: head.end()] + MISBEHAVING[how]


def hand_in_many(course: Classroom, count: int) -> None:
    """Hand in so many submissions of the large class: most have one answer or none, all have quick ones."""
    rng = random.Random(SEED)
    answers = [
        {answer.exercise: answer.path.read_text(encoding="utf-8")}
        for exercise in ("layer_of", "internet_checksum")
        for answer in bank.answers()
        if answer.exercise == exercise
    ]
    for number in range(count):
        course.hand_in(f"learner-{number:05}", LARGE, rng.choice([{}, rng.choice(answers)]))


@contextmanager
def a_course(config: str | None = None, assignment: str = ASSIGNMENT) -> Iterator[Classroom]:
    """A course of its own with the assignment released; `config` in place of the repository's."""
    with tempfile.TemporaryDirectory() as folder:
        course = Classroom.make(Path(folder, "class"), assignment)
        try:
            course.generate_assignment(assignment)
            if config is not None:
                (course.root / "nbgrader_config.py").write_text(config, encoding="utf-8")
            yield course
        finally:
            course.remove()


def rows(course: Classroom) -> list[Row]:
    """What the gradebook says of every cell of every submission."""
    with sqlite3.connect(course.root / "gradebook.db") as database:
        return database.execute(SCORES).fetchall()


def measure(count: int, jobs: int | None = None) -> tuple[Measured, Measured]:
    """Grade so many submissions both ways: nbgrader's own, then ours."""
    with a_course(STOCK_CONFIG) as course:
        hand_in(course, count)
        stock = _timed("nbgrader autograde", course, count, "nbgrader", "autograde", ASSIGNMENT)
        shutil.copytree(course.root / "submitted", course.folder / "submitted")
        with a_course() as ours:
            shutil.copytree(course.folder / "submitted", ours.root / "submitted")
            options = [] if jobs is None else ["--jobs", str(jobs)]
            return stock, _timed("autograder grade", ours, count, "autograder", "grade", ASSIGNMENT, *options)


def _timed(name: str, course: Classroom, count: int, *command: str) -> Measured:
    started = time.perf_counter()
    course.start(*command).result(seconds=3600)
    return Measured(name, count, time.perf_counter() - started, rows(course))


def lines(stock: Measured, ours: Measured) -> Iterator[str]:
    """The comparison in words."""
    for one in (stock, ours):
        yield f"{one.name:<62} {one.a_minute:6.1f} submissions a minute ({one.submissions} in {one.seconds:.0f} s)"
    ratio, goal = ours.a_minute / stock.a_minute, 8
    yield f"{'ratio':<62} {ratio:6.1f} times  (goal {goal}: {'met' if ratio >= goal else 'MISSED'})"
    differing = [pair for pair in zip(stock.rows, ours.rows, strict=True) if pair[0] != pair[1]]
    yield f"{'rows of the gradebook that differ':<62} {len(differing):6} of {len(stock.rows)}"
    yield from (f"  nbgrader: {one}\n  ours:     {other}" for one, other in differing)


# Where the time goes.


@dataclass(frozen=True)
class Parts:
    """Where the time of a class went, in seconds for all submissions together."""

    submissions: int
    jobs: int
    seconds: float
    """Wall time, the start included."""
    processor: dict[str, float]
    """Processor time by part, measured inside."""
    outside: float
    """Processor time of all processes together, as the system counted it."""
    requirements: float
    """Wall time of all requirements, one after the other."""


def parts(count: int, jobs: int) -> Parts:
    """Grade so many submissions of assignment 03 with clocks in the grader."""
    with a_course() as course:
        hand_in(course, count)
        limits.adopt_orphans()  # so that the time of a killed sandbox's processes is counted
        known, before, started = limits.children(os.getpid()), _of_children(), time.perf_counter()
        script = Path(__file__).with_name("class_parts.py")
        done = subprocess.run(
            [sys.executable, str(script), ASSIGNMENT, "--jobs", str(jobs)],
            cwd=course.root,
            env=course.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - started
        assert done.returncode == 0, done
        limits.end_strays(known)
        found = verdicts.read_all(sorted((course.root / "autograded").glob(f"*/{ASSIGNMENT}")))
        reports = [cell.report for one in found for cell in one.cells if cell.report is not None]
        requirements = sum(item.seconds for report in reports for item in report.requirements)
        processor = json.loads(done.stdout.splitlines()[-1])
        return Parts(count, jobs, seconds, processor, _of_children() - before, requirements)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def lines_of_parts(found: Parts) -> Iterator[str]:
    """Where the time went, and how far from the limit that is, in words."""
    count, cores = found.submissions, psutil.cpu_count() or 1
    for name, seconds in found.processor.items():
        yield f"{'  ' + name:<62} {seconds / count:6.2f} s of a processor for a submission"
    inside = sum(found.processor.values())
    yield f"{'  together':<62} {inside / count:6.2f} s  (the system counted {found.outside / count:.2f} s)"
    yield f"{'wall time':<62} {found.seconds / count:6.2f} s for a submission, {found.jobs} at once"
    label = f"  the limit by processors: that time on {cores} cores"
    yield f"{label:<62} {inside / count / cores:6.2f} s"
    alone = found.requirements / count
    label = "  the limit by waiting: the checks' own work, all places busy"
    yield f"{label:<62} {alone / found.jobs:6.2f} s  ({alone:.2f} s one after the other)"


# A large class.


@dataclass(frozen=True)
class Memory:
    """The most memory until so many submissions were graded, in bytes (resident)."""

    graded: int
    seconds: float
    grader: int
    judges: int
    """Of all judges together."""
    everything: int
    """Of the grader and all that is below it, sandboxes included; shared pages counted once."""


def large(count: int, jobs: int) -> list[Memory]:
    """Grade a large class, and look at the grader's memory from outside."""
    with a_course(assignment=LARGE) as course:
        hand_in_many(course, count)
        started = time.perf_counter()
        command = course.start("autograder", "grade", LARGE, "--jobs", str(jobs))
        try:
            found = list(_looked_at(course, command, count))
            command.result(60)
        finally:
            command.end()
        assert found[-1].graded == count, command.output
        return [dataclasses.replace(one, seconds=one.seconds - started) for one in found]


def _looked_at(course: Classroom, command: Command, count: int) -> Iterator[Memory]:
    top = psutil.Process(command.process.pid)
    folder = course.root / "autograded"
    marks = [mark for mark in MARKS if mark < count] + [count]
    grader = judges = everything = 0
    while marks:
        with suppress(psutil.Error):
            grader = max(grader, top.memory_info().rss)
            below = top.children(recursive=True)
            judges = max(judges, sum(_resident(one) for one in below if _is_judge(one)))
            everything = max(everything, _shared_once([top, *below]))
        graded = sum(1 for _ in folder.glob(f"*/{LARGE}")) if folder.is_dir() else 0
        over = command.process.poll() is not None
        while marks and (graded >= marks[0] or over):
            yield Memory(min(graded, marks.pop(0)), time.perf_counter(), grader, judges, everything)
        time.sleep(LOOK_EVERY)


def _is_judge(process: psutil.Process) -> bool:
    try:
        return "autograder.judge.server" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _shared_once(processes: list[psutil.Process]) -> int:
    total = 0
    for process in processes:
        with suppress(psutil.Error):
            total += int(process.memory_full_info().pss)
    return total


def lines_of_memory(found: list[Memory]) -> Iterator[str]:
    """The memory in words."""
    for one in found:
        rate = 60 * one.graded / one.seconds
        sizes = [f"{size / 2**20:.0f} MiB" for size in (one.grader, one.judges, one.everything)]
        yield (
            f"{f'{one.graded} submissions of {LARGE}':<62} {rate:6.1f} a minute; the most memory until then: "
            f"the grader {sizes[0]}, its judges {sizes[1]}, everything {sizes[2]}"
        )
