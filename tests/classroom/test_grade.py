"""A small class from what was handed in to the gradebook, by ``python -m autograder grade``."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from traitlets.config import Config

from autograder.classroom import grade as grading
from autograder.classroom import memory, preprocessors
from autograder.classroom.grade import Run, Summary
from autograder.classroom.submission import Submission
from autograder.classroom.verdicts import Verdicts
from autograder.classroom.workplace import Done
from autograder.judge.client import JudgeBroke
from tests.classroom.small_class import (
    ASSIGNMENT,
    BROKEN,
    HANGS,
    answer,
    end_of,
    grade,
    graded,
    hand_in,
    right,
    rows,
    rows_of,
    start,
    tamper,
    wait_until,
    watched,
)
from tests.nbgrader.classroom import Classroom

pytestmark = pytest.mark.timeout(900)

FAILING: dict[str, tuple[str, bytes, str]] = {
    "broken": (f"{ASSIGNMENT}.ipynb", BROKEN.encode(), "is no notebook, for it is not JSON, line 1"),
    "picture": (f"{ASSIGNMENT}.ipynb", b"\x89PNG\r\n", "is no notebook: byte 0 is no text in UTF-8"),
    "empty": (f"{ASSIGNMENT}.ipynb", b"", f"{ASSIGNMENT}.ipynb is empty"),
    "list": (f"{ASSIGNMENT}.ipynb", b"[]", f"{ASSIGNMENT}.ipynb is no notebook"),
    "deep": (f"{ASSIGNMENT}.ipynb", b"[" * 100_000 + b"]" * 100_000, f"{ASSIGNMENT}.ipynb is no notebook"),
    "future": (f"{ASSIGNMENT}.ipynb", b'{"nbformat": 9, "cells": []}', f"{ASSIGNMENT}.ipynb is no notebook"),
    "huge": (f"{ASSIGNMENT}.ipynb", b" " * 10_000_001, "has more than 10,000,000 bytes"),
    "misnamed": ("mine.ipynb", b"{}", f"mine.ipynb is not the name of a notebook of this assignment: {ASSIGNMENT}"),
    "nothing": ("notes.txt", b"I forgot", "no notebook was handed in"),
}
"""By learner: the file that is handed in, and why it can't be graded."""


def hand_in_unreadable(course: Classroom) -> None:
    for learner, (name, content, _) in FAILING.items():
        path = course.root / "submitted" / learner / ASSIGNMENT / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    secret = course.root / "submitted" / "link" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    secret.parent.mkdir(parents=True)
    secret.symlink_to(course.root / "submitted" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")


def test_a_class_is_graded_and_told_about(course: Classroom) -> None:
    hand_in(course, "ada", right(course))
    hand_in(course, "bob", right(course) | {"layer_of": HANGS})
    hand_in(course, "eve", answer("layer_of", "wrong_from_zero"))
    tamper(course.root / "submitted" / "eve" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    hand_in_unreadable(course)
    page = course.folder / "class.html"
    code, told = grade(course, "--report", str(page))
    assert code == 1, told
    assert "Warning" not in told
    assert "Traceback" not in told
    assert f"{ASSIGNMENT}: 13 handed in, " in told
    assert f"{ASSIGNMENT}: 3 graded in" in told
    assert "Points by the judge: 17." in told  # 10 of ada, 6 of bob, 1 of eve
    assert "Points by nbgrader's rule, from outputs that learner code wrote: 4." in told
    assert "Some cells wait for a person" in told
    assert "1 hung, in a cell or in a check: bob." in told
    assert "1 suspicious, for something that nobody does by accident (a reason to look, no verdict): eve." in told
    assert f"{len(FAILING) + 1} failed, and their rows in the gradebook are as they were:" in told
    lines = {line.split(":")[0].strip(): line for line in told.splitlines() if line.startswith("  ")}
    assert lines.keys() == {*FAILING, "link"}
    for learner, (_, _, why) in FAILING.items():
        assert why in lines[learner]
        assert not rows_of(course, learner)
    assert f"{ASSIGNMENT}.ipynb is a link or a folder, and no file" in lines["link"]
    assert graded(course).keys() == {"ada", "bob", "eve"}
    assert f"The report: {page}" in told
    assert "misnamed" in page.read_text(encoding="utf-8")


def test_only_what_is_missing_is_done_and_force_does_all(course: Classroom) -> None:
    for learner in ("ada", "bob", "eve"):
        hand_in(course, learner, right(course))
    code, told = grade(course, "--student", "ada", "--student", "eve")
    assert code == 0, told
    assert graded(course).keys() == {"ada", "eve"}
    assert "2 graded in" in told
    first = graded(course)

    code, told = grade(course)
    assert code == 0, told
    assert "1 graded in" in told
    assert "2 were graded before and not handed in anew; --force grades again." in told
    second = graded(course)
    assert {name: second[name] for name in first} == first
    held = rows(course)

    code, told = grade(course)
    assert code == 0, told
    assert f"{ASSIGNMENT}: nothing to do." in told
    assert (graded(course), rows(course)) == (second, held)

    hand_in(course, "bob", right(course) | answer("layer_of", "wrong_from_zero"))
    code, told = grade(course)
    assert code == 0, told
    assert "1 graded in" in told
    third = graded(course)
    assert {name for name in third if third[name] != second[name]} == {"bob"}
    assert ("grade", "bob", ASSIGNMENT, "check-layer-of", 1.0, None, None, 0) in rows_of(course, "bob")

    held = rows(course)
    code, told = grade(course, "--force", "--student", "ada")
    assert code == 0, told
    assert "1 graded in" in told
    fourth = graded(course)
    assert {name for name in fourth if fourth[name] != third[name]} == {"ada"}
    assert rows(course) == held


def test_a_judge_that_is_killed_costs_nobody_anything(course: Classroom) -> None:
    hand_in(course, "ada", right(course), first_cell="import time\ntime.sleep(4)\n")
    command = start(course)
    with watched(command) as family:
        wait_until(lambda: family.running("autograder.judge.server"), command, "a judge has started")
        wait_until(lambda: family.running("autograder.judge.zygote"), command, "a submission has begun")
        for judge in family.running("autograder.judge.server"):
            judge.kill()
        assert end_of(command) == 0, command.output
        assert "1 graded in" in command.output
        assert "Points by the judge: 10." in command.output
        assert family.left() == []


# Inside the process: what a run keeps, and who waits for whom.


class Class:
    """A run over students whose submissions are made up: nothing is read, run or recorded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
        self.at_once, self.now, self.most = at_once, 0, 0
        self.lock = threading.Lock()
        self.notebooks: weakref.WeakSet[Any] = weakref.WeakSet()
        self.submissions: weakref.WeakSet[Submission] = weakref.WeakSet()
        self.alive: list[int] = []
        self.prepared: Callable[[str], None] = lambda student: None
        self.judged: Callable[[str], None] = lambda student: None
        self.recorded: Callable[[str], None] = lambda student: None
        monkeypatch.setattr(grading, "_try_to_write", lambda config: None)
        monkeypatch.setattr(grading, "graded_already", lambda config, student, assignment: False)
        monkeypatch.setattr(grading, "prepare", self._prepare)
        monkeypatch.setattr(grading, "record", self._record)

    def grade(self, students: list[str], progress: Callable[[Summary], None] = lambda summary: None) -> Summary:
        self.whole = Run(Config(), ASSIGNMENT, students, self)
        gc.collect()
        gc.freeze()  # so that it takes no second to see what is left of a submission
        try:
            return self.whole.whole(progress)
        finally:
            gc.unfreeze()

    def _prepare(self, config: Config, student: str, assignment: str) -> list[Submission]:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.prepared(student)
        one = Submission(student, assignment, assignment, "{}", "", b"")
        return [one]

    def run(self, notebooks: list[Submission]) -> Done:
        self.judged(notebooks[0].student)
        done: Done = []
        for one in notebooks:
            notebook = _Notebook(nbformat.v4.new_notebook())
            self.notebooks.add(notebook)
            done.append((notebook, Verdicts(one.student, one.assignment, one.notebook)))
        return done

    def _record(self, config: Config, student: str, assignment: str, **options: Any) -> None:
        assert (student, assignment, assignment) in preprocessors.DONE
        try:
            self.recorded(student)
        finally:
            with self.lock:
                self.now -= 1
                gc.collect()
                self.alive.append(len(self.notebooks))

    def leave(self) -> None:
        """Nothing."""

    def call_off(self) -> None:
        """Nothing."""

    def complaint(self) -> str:
        return "everything is slow"


class _Notebook(nbformat.NotebookNode):
    """One that a weak set can hold."""

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


def test_what_is_on_its_way_does_not_grow_with_the_class(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Class(monkeypatch, at_once=3)
    students = [f"learner-{number}" for number in range(15)]
    summary = made.grade(students)
    assert sorted(summary.graded) == sorted(students)
    assert made.most <= 3
    assert max(made.alive) <= 3
    assert not preprocessors.DONE
    gc.collect()
    assert not made.notebooks


def test_freed_memory_is_given_back_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    given_back: list[int] = []
    made = Class(monkeypatch, at_once=1)
    monkeypatch.setattr(grading, "GIVE_BACK_EVERY", 4)
    monkeypatch.setattr(memory, "give_back", lambda: given_back.append(len(made.alive)))
    made.grade([f"learner-{number}" for number in range(13)])
    assert len(given_back) == 3


def test_one_submission_that_takes_long_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Class(monkeypatch, at_once=2)
    goes_on = threading.Event()
    made.prepared = lambda student: None if student != "slow" else _wait_for(goes_on)
    looks = []

    def look(summary: Summary) -> None:
        looks.append((len(summary.graded), summary.complaint))
        if looks[-1] == (9, "everything is slow"):  # the bar moves on though nothing happens
            goes_on.set()

    summary = made.grade(["slow", *(f"learner-{number}" for number in range(9))], look)
    assert goes_on.is_set()
    assert len(summary.graded) == 10


def _wait_for(event: threading.Event) -> None:
    assert event.wait(60)


def test_what_fails_for_one_fails_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Class(monkeypatch, at_once=2)

    def fail(student: str) -> None:
        if student == "eve":
            raise JudgeBroke("The grader broke, not your code: the judge ended (status 1).\nMemoryError")
        if student == "mallory":
            raise PermissionError(13, "Permission denied", "/submitted/mallory")

    made.judged = fail
    summary = made.grade(["ada", "bob", "eve", "mallory"])
    assert summary.failed == {
        "eve": "The grader broke, not your code: the judge ended (status 1).\nMemoryError",
        "mallory": "Permission denied: /submitted/mallory",
    }
    assert sorted(summary.graded) == ["ada", "bob"]
    assert not preprocessors.DONE


def test_what_would_fail_for_all_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Class(monkeypatch, at_once=2)

    def fail(student: str) -> None:
        raise OSError(28, "No space left on device")

    made.recorded = fail
    students = [f"learner-{number}" for number in range(50)]
    summary = made.grade(students)
    assert summary.stopped == "No space left on device"
    assert not summary.failed
    assert not summary.graded
    assert len(made.alive) <= 2, "it went on"


def test_a_run_that_is_stopped_does_not_wait_for_what_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Class(monkeypatch, at_once=2)
    never = threading.Event()
    begun = threading.Event()
    monkeypatch.setattr(grading, "END_SECONDS", 0.3)

    def hang(student: str) -> None:
        if student == "slow":
            begun.set()
            never.wait(120)

    made.judged = hang

    def look(summary: Summary) -> None:
        if begun.is_set():
            made.whole.stop()

    started = time.monotonic()
    try:
        summary = made.grade(["slow", "ada"], look)
        assert summary.interrupted
        assert time.monotonic() - started < 60
    finally:
        never.set()


def test_progress_is_told_by_the_thread_that_takes_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Class(monkeypatch, at_once=2)
    tellers = set()
    made.grade(["ada", "bob"], lambda summary: tellers.add(threading.current_thread()))
    assert tellers == {threading.main_thread()}
