"""A small class in a scratch course, and the real ``python -m autograder grade`` at work on it.

The assignment is a part of 01-osi-model, which needs no sockets and is quick, with two cells more: a written answer
that a person grades, and an instructor's own asserts, which nbgrader's rule grades.
"""

from __future__ import annotations

import gc
import hashlib
import io
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, chdir, closing, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat
import psutil

from autograder.cli import main
from autograder.judge import catalogue
from autograder.loopback.waits import seconds as scaled
from tests import bank
from tests.nbgrader.classroom import Classroom, Command, cells, read

ASSIGNMENT = "01-osi-model"

EXERCISES = ("layer_of", "internet_checksum")

WRITTEN = {"grade_id": "why-layers", "grade": True, "solution": True, "locked": False, "points": 3}

ASSERTS = {"grade_id": "own-asserts", "grade": True, "solution": False, "locked": True, "points": 2}

BROKEN = '{"cells": [}'

HANGS = """
def layer_of(name: str) -> int:
    import time

    time.sleep(1000)
"""

HANGING_CELL = "import time\ntime.sleep(1000)\n"

DIES = "import os\nos._exit(3)\n"

PATIENCE = 400.0
"""Seconds for one command, before they are scaled: a loaded machine is slow."""

ROWS = {
    "student": "SELECT id, first_name, last_name, email, lms_user_id FROM student",
    "submitted_assignment": """
        SELECT assignment.name, student_id, extension FROM submitted_assignment
        JOIN assignment ON assignment.id = submitted_assignment.assignment_id""",
    "submitted_notebook": """
        SELECT student_id, notebook.name, flagged, late_submission_penalty FROM submitted_notebook
        JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
        JOIN notebook ON notebook.id = submitted_notebook.notebook_id""",
    "grade": """
        SELECT student_id, notebook.name, base_cell.name, auto_score, manual_score, extra_credit, needs_manual_grade
        FROM grade JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
        JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
        JOIN notebook ON notebook.id = submitted_notebook.notebook_id
        JOIN base_cell ON base_cell.id = grade.cell_id""",
    "comment": """
        SELECT student_id, notebook.name, base_cell.name, auto_comment, manual_comment
        FROM comment JOIN submitted_notebook ON submitted_notebook.id = comment.notebook_id
        JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
        JOIN notebook ON notebook.id = submitted_notebook.notebook_id
        JOIN base_cell ON base_cell.id = comment.cell_id""",
    "base_cell": """
        SELECT assignment.name, notebook.name, base_cell.name, base_cell.type, grade_cells.max_score,
               grade_cells.cell_type
        FROM base_cell JOIN notebook ON notebook.id = base_cell.notebook_id
        JOIN assignment ON assignment.id = notebook.assignment_id
        LEFT JOIN grade_cells ON grade_cells.id = base_cell.id""",
    "source_cell": """
        SELECT notebook.name, source_cell.name, cell_type, locked, source, checksum FROM source_cell
        JOIN notebook ON notebook.id = source_cell.notebook_id""",
}
"""Every table that grading reads or writes, with names in place of the random ids, and without the time of day."""

Row = tuple[Any, ...]


def release(folder: Path) -> Classroom:
    """Make the course, with its assignment released."""
    course = Classroom.make(folder, ASSIGNMENT)
    path = course.root / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = read(path)
    kept = {*EXERCISES, *(f"check-{name.replace('_', '-')}" for name in EXERCISES)}
    notebook.cells = [
        cell for cell in notebook.cells if "nbgrader" not in cell.metadata or cell.metadata.nbgrader["grade_id"] in kept
    ]
    written = nbformat.v4.new_markdown_cell("### BEGIN SOLUTION\nOne may change without the others.\n### END SOLUTION")
    asserts = nbformat.v4.new_code_cell("assert internet_checksum(bytes(2)) == 0xFFFF")
    for cell, about in ((written, WRITTEN), (asserts, ASSERTS)):
        cell.metadata["nbgrader"] = about | {"cell_type": cell.cell_type, "schema_version": 3, "task": False}
        notebook.cells.append(cell)
    nbformat.write(notebook, path)
    course.generate_assignment(ASSIGNMENT)
    return course


def copy(course: Classroom, folder: Path) -> Classroom:
    """The same course in another folder, with its gradebook and its secret."""
    shutil.copytree(course.folder, folder, dirs_exist_ok=True)
    return Classroom(folder, course.sockets)


def answer(exercise: str, name: str) -> dict[str, str]:
    """An answer of the bank."""
    return {exercise: (bank.ANSWERS / exercise / f"{name}.py").read_text(encoding="utf-8")}


def right(course: Classroom) -> dict[str, str]:
    """The course's own answers."""
    return course.solutions(ASSIGNMENT)


def exercise_points() -> dict[str, float]:
    """What the check of each exercise is worth."""
    return {name: catalogue.load(name).max_points for name in EXERCISES}


def hand_in(course: Classroom, learner: str, answers: dict[str, str], first_cell: str = "") -> Path:
    """Hand in the release, filled in; `first_cell` is put in front."""
    path = course.hand_in(learner, ASSIGNMENT, answers)
    if first_cell:
        notebook = read(path)
        notebook.cells.insert(0, nbformat.v4.new_code_cell(first_cell))
        nbformat.write(notebook, path)
    return path


def tamper(path: Path) -> None:
    """Edit a locked cell of what was handed in."""
    notebook = read(path)
    cells(notebook)["check-layer-of"].source = "4"
    nbformat.write(notebook, path)


def hand_in_a_dozen(course: Classroom) -> list[str]:
    """Twelve submissions of all kinds; return whose."""
    solutions = right(course)
    hand_in(course, "ada", solutions)
    hand_in(course, "alan", answer("layer_of", "right_dict") | answer("internet_checksum", "right_remainder"))
    hand_in(course, "barbara", answer("layer_of", "right_match") | answer("internet_checksum", "wrong_odd_byte_low"))
    hand_in(course, "claude", answer("layer_of", "wrong_from_zero") | answer("internet_checksum", "wrong_text"))
    hand_in(course, "donald", solutions | answer("layer_of", "wrong_key_error"))
    hand_in(course, "edsger", {"why-layers": "So that each may change."})
    hand_in(course, "frances", {})
    hand_in(course, "grace", solutions | {"layer_of": DIES})
    hand_in(course, "hedy", solutions | {"internet_checksum": "def internet_checksum(data: bytes) -> int:\n    exit()"})
    hand_in(course, "ivan", solutions | {"internet_checksum": "this is no Python"})
    tamper(hand_in(course, "joan", solutions | answer("layer_of", "wrong_four_layers")))
    hand_in(course, "kay", solutions, first_cell="import sys\nprint('warning', file=sys.stderr)\n")
    return sorted(path.name for path in (course.root / "submitted").iterdir())


def start(course: Classroom, *options: str, assignment: str = ASSIGNMENT) -> Command:
    """Start the command; as from a terminal, in a process group of its own."""
    return course.start("autograder", "grade", assignment, *options, *_at_once(options))


def _at_once(options: tuple[str, ...]) -> list[str]:
    """Three submissions at once where the options say nothing else: each place of work takes a second to start."""
    return [] if {"--jobs", "--scheduler"} & set(options) else ["--jobs", "3"]


def start_elsewhere(course: Classroom, *options: str) -> Command:
    """The same, for a course that takes no files: what the command says is kept beside the tests' own files."""
    log = Path(tempfile.mkdtemp(), "log")
    return Command(["autograder", "grade", ASSIGNMENT, *options], course.root, course.environment, log)


def end_of(command: Command) -> int:
    """Wait for the end of a command, and return its exit code."""
    try:
        return command.process.wait(scaled(PATIENCE))
    except subprocess.TimeoutExpired:
        raise AssertionError(f"{command.arguments} goes on:\n{command.output}") from None


def grade(course: Classroom, *options: str, assignment: str = ASSIGNMENT) -> tuple[int, str]:
    """Run the command to its end; return its exit code and what it said, both streams together.

    In this process, since a new one would import nbgrader for seconds.
    """
    said, before = io.StringIO(), logging.root.manager.disable
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, course.environment, clear=True))
        stack.enter_context(chdir(course.root))
        stack.enter_context(warnings.catch_warnings())
        stack.callback(_collect)
        stack.enter_context(redirect_stdout(said))
        stack.enter_context(redirect_stderr(said))
        stack.callback(logging.disable, before)
        try:
            return main(["grade", assignment, *options, *_at_once(options)]), said.getvalue()
        except SystemExit as error:  # argparse
            return int(error.code or 0), said.getvalue()


def _collect() -> None:
    """The event loops of the run's threads are closed when they are collected, and say so: here, in no other test."""
    warnings.simplefilter("ignore", ResourceWarning)
    gc.collect()


def rows(course: Classroom) -> dict[str, list[Row]]:
    """What the gradebook holds, by table, ids and times apart."""
    with closing(sqlite3.connect(course.root / "gradebook.db")) as database:
        return {table: sorted(database.execute(query), key=repr) for table, query in ROWS.items()}


def rows_of(course: Classroom, learner: str) -> list[Row]:
    """What the gradebook holds about one learner."""
    return [(table, *row) for table, found in rows(course).items() for row in found if learner in row]


def is_sound(course: Classroom) -> bool:
    """Does SQLite find its file in order?"""
    with closing(sqlite3.connect(course.root / "gradebook.db")) as database:
        checks = [database.execute(f"PRAGMA {name}").fetchall() for name in ("integrity_check", "foreign_key_check")]
    return checks == [[("ok",)], []]


def graded(course: Classroom) -> dict[str, int]:
    """Whose submission is graded, and when, in nanoseconds."""
    found = (course.root / "autograded").glob(f"*/{ASSIGNMENT}/{ASSIGNMENT}.ipynb")
    return {path.parents[1].name: path.stat().st_mtime_ns for path in found}


def files(course: Classroom) -> dict[str, str]:
    """Everything in a course: a digest for each file."""
    found = sorted(path for path in course.root.rglob("*") if path.is_file())
    return {str(path.relative_to(course.root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def wait_until(condition: Any, command: Command, what: str) -> None:
    """Wait until a condition holds while a command is at work."""
    until = time.monotonic() + scaled(PATIENCE)
    while not condition():
        assert command.process.poll() is None, f"it ended before {what}:\n{command.output}"
        assert time.monotonic() < until, f"not {what} in time:\n{command.output}"
        time.sleep(0.02)


class Family:
    """All processes that a command starts, as far as they live long enough to be seen."""

    def __init__(self, pid: int) -> None:
        self._top = psutil.Process(pid)
        self._seen: set[psutil.Process] = set()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def left(self, seconds: float = 10.0) -> list[str]:
        """Wait until all have ended, and return the command lines of those that have not."""
        self._over.set()
        self._watcher.join()
        _, alive = psutil.wait_procs(list(self._seen), timeout=scaled(seconds))
        return [_command_line(process) for process in alive if _is_alive(process)]

    def running(self, word: str) -> list[psutil.Process]:
        """Those that run now with a word in their command lines."""
        return [process for process in list(self._seen) if _is_alive(process) and word in _command_line(process)]

    def _watch(self) -> None:
        while not self._over.wait(0.03):
            try:
                self._seen.update(self._top.children(recursive=True))
            except psutil.Error:
                return


@contextmanager
def watched(command: Command) -> Iterator[Family]:
    """Look at the processes of a command, and end it."""
    family = Family(command.process.pid)
    try:
        yield family
    finally:
        if command.process.poll() is None:
            os.killpg(command.process.pid, signal.SIGKILL)
            command.process.wait()
        family.left(0.0)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


