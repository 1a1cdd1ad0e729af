"""A run that ends too early: the gradebook is whole, nothing goes on, and the same command does what is missing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from autograder.loopback.waits import seconds as scaled
from tests.classroom import small_class
from tests.classroom.small_class import (
    HANGING_CELL,
    Family,
    answer,
    end_of,
    grade,
    graded,
    hand_in,
    is_sound,
    right,
    rows,
    rows_of,
    start,
    wait_until,
    watched,
)
from tests.nbgrader.classroom import Classroom, Command

pytestmark = pytest.mark.timeout(1200)

LEARNERS = ("ada", "bob", "eve", "guy", "joe", "kay")

HANGING = ("bob", "guy")
"""Their first cells hang, longer than any test lasts; later they hand in better ones."""

AT_WORK = "autograder.judge.zygote"
"""In the command line of a sandbox's first process."""

MOMENTS = ("at the start", "when a kernel runs", "when one is graded", "when all but those that hang are graded")


@pytest.fixture(scope="module")
def handed_in(released: Classroom, tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """Six submissions; two have a cell that hangs."""
    course = small_class.copy(released, tmp_path_factory.mktemp("handed-in") / "class")
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text(encoding="utf-8") + "\nc.JudgedExecute.timeout = 3000\n")
    hand_in(course, "ada", right(course))
    hand_in(course, "eve", answer("layer_of", "wrong_from_zero"))
    hand_in(course, "joe", answer("internet_checksum", "wrong_text"))
    hand_in(course, "kay", {})
    hand_in_instead(course, first_cell=HANGING_CELL)
    return course


def hand_in_instead(course: Classroom, first_cell: str = "") -> None:
    """Hand in what the two learners have whose notebooks hang."""
    hand_in(course, "bob", right(course), first_cell)
    hand_in(course, "guy", {}, first_cell)


@pytest.fixture(scope="module")
def undisturbed(handed_in: Classroom, tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """The same course, graded without an interruption. What is handed in has the secret of this one from now on."""
    course = small_class.copy(handed_in, tmp_path_factory.mktemp("undisturbed") / "class")
    hand_in_instead(course)
    code, told = grade(course)
    assert code == 0, told
    shutil.copytree(course.root / ".autograder", handed_in.root / ".autograder")
    return course


@pytest.fixture
def course(handed_in: Classroom, undisturbed: Classroom, tmp_path: Path) -> Classroom:
    """What is handed in, for one test alone."""
    return small_class.copy(handed_in, tmp_path / "class")


def wait_for(moment: str, command: Command, family: Family, course: Classroom) -> None:
    """Wait until the run is so far."""
    match moment:
        case "at the start":
            wait_until(lambda: f"{len(LEARNERS)} handed in" in command.output, command, moment)
        case "when a kernel runs":
            begun = f"{len(LEARNERS)} handed in"
            wait_until(lambda: begun in command.output and family.running(AT_WORK), command, moment)
        case "when one is graded":
            wait_until(lambda: graded(course), command, moment)
        case _:
            wait_until(lambda: len(graded(course)) == len(LEARNERS) - len(HANGING), command, moment)


def assert_whole(course: Classroom, undisturbed: Classroom) -> None:
    """Each learner's rows are all there or not at all, and whoever has a graded folder has the rows."""
    assert is_sound(course)
    for learner in LEARNERS:
        found = rows_of(course, learner)
        assert found in ([], rows_of(undisturbed, learner)), learner
        assert found or learner not in graded(course)


def assert_the_rest_is_done(course: Classroom, undisturbed: Classroom) -> None:
    """The same command does what is missing and only that, and then there is no difference to an undisturbed run."""
    hand_in_instead(course)
    before = graded(course)
    code, told = grade(course)
    assert code == 0, told
    count = len(LEARNERS) - len(before)
    assert f"{count} graded in" in told if count else "nothing to do" in told
    assert not before or f"{len(before)} w" in told
    after = graded(course)
    assert after.keys() == set(LEARNERS)
    assert {name: after[name] for name in before} == before
    assert rows(course) == rows(undisturbed)


@pytest.mark.parametrize(
    ("number", "moment"), [(signal.SIGINT, MOMENTS[1]), (signal.SIGINT, MOMENTS[3]), (signal.SIGTERM, MOMENTS[2])]
)
def test_a_signal_ends_it_at_once_and_nothing_is_lost(
    number: signal.Signals, moment: str, course: Classroom, undisturbed: Classroom
) -> None:
    command = start(course)
    with watched(command) as family:
        wait_for(moment, command, family, course)
        asked = time.monotonic()
        if number == signal.SIGINT:
            os.killpg(command.process.pid, number)  # as a terminal does
        else:
            command.process.send_signal(number)
        code = end_of(command)
        took = time.monotonic() - asked
        told = command.output
        assert code == 128 + number, told
        assert "Interrupted. What is graded is in the gradebook; the same command does the rest." in told
        assert "Traceback" not in told
        assert f"{len(graded(course))} graded in" in told
        assert took < scaled(20), f"it took {took:.1f} s"
        assert family.left() == []
    assert_whole(course, undisturbed)
    assert_the_rest_is_done(course, undisturbed)


def test_ctrl_c_before_anything_has_begun(course: Classroom) -> None:
    before = small_class.files(course)
    command = start(course)
    with watched(command) as family:
        time.sleep(1.0)  # it imports
        os.killpg(command.process.pid, signal.SIGINT)
        code = end_of(command)
        assert code in (130, -signal.SIGINT), command.output
        assert family.left() == []
    assert not graded(course)
    assert small_class.files(course).keys() - before.keys() <= {".autograder/grading.key"}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_grader_that_is_killed_leaves_nothing_half_done(
    moment: str, course: Classroom, undisturbed: Classroom
) -> None:
    command = start(course)
    with watched(command) as family:
        wait_for(moment, command, family, course)
        command.process.kill()
        command.process.wait()
        assert family.left() == []
    assert_whole(course, undisturbed)
    assert_the_rest_is_done(course, undisturbed)


def test_a_grader_that_is_killed_again_and_again_comes_to_an_end(course: Classroom, undisturbed: Classroom) -> None:
    hand_in_instead(course)
    for count in (1, 2, 3):
        command = start(course, "--jobs", "1")
        with watched(command) as family:
            wait_until(partial(_are_graded, course, count), command, f"{count} are graded")
            command.process.kill()
            command.process.wait()
            assert family.left() == []
        assert_whole(course, undisturbed)
    assert_the_rest_is_done(course, undisturbed)


def _are_graded(course: Classroom, count: int) -> bool:
    return len(graded(course)) >= count


def mounted(folder: Path, *options: str) -> bool:
    """Change what is mounted there; only root can."""
    if shutil.which("mount") is None:
        return False
    return subprocess.run(["mount", *options, str(folder)], capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(course: Classroom, tmp_path: Path) -> Iterator[Classroom]:
    """The course on a file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mounted(folder, "-t", "tmpfs", "-o", "size=8m", "none"):
        pytest.skip("a file system can be mounted only by root")
    try:
        hand_in_instead(course)
        yield small_class.copy(course, folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_stops_the_run_with_one_sentence(small_disk: Classroom, undisturbed: Classroom) -> None:
    course = small_disk
    code, told = grade(course, "--student", "ada")
    assert code == 0, told
    held = rows(course)
    filler = course.folder / "filler"
    filler.write_bytes(bytes(max(0, shutil.disk_usage(course.folder).free - 100 * 1024)))
    with filler.open("ab") as file:
        while shutil.disk_usage(course.folder).free > 24 * 1024:  # room for its log, not for a notebook
            file.write(bytes(4096))
            file.flush()
    code, told = grade(course)
    assert code == 1, told
    assert "Stopped, for nothing more could be graded:" in told
    assert "No space left" in told or "disk is full" in told
    assert "When that is put right, the same command does the rest." in told
    assert "failed, and" not in told
    assert "Traceback" not in told
    assert is_sound(course)
    assert rows(course) == held
    filler.unlink()
    assert_whole(course, undisturbed)
    assert_the_rest_is_done(course, undisturbed)


def test_a_gradebook_that_cannot_be_written_stops_it_before_anything_runs(small_disk: Classroom) -> None:
    course = small_disk
    before = small_class.files(course)
    assert mounted(course.folder, "-o", "remount,ro")
    try:
        command = small_class.start_elsewhere(course)
        with watched(command) as family:
            code, told = end_of(command), command.output
            assert family.left() == []
    finally:
        assert mounted(course.folder, "-o", "remount,rw")
    assert code == 1, told
    assert "Stopped, for nothing more could be graded:" in told
    assert "the gradebook says: attempt to write a readonly database" in told
    assert "Traceback" not in told
    assert small_class.files(course) == before
