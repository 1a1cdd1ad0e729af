"""The same class on a Dask cluster, eight at once, and one at a time by nbgrader: the same rows, whoever is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from autograder.loopback.waits import seconds as scaled
from tests.classroom import small_class
from tests.classroom.small_class import (
    HANGING_CELL,
    end_of,
    grade,
    graded,
    hand_in,
    right,
    rows,
    start,
    wait_until,
    watched,
)
from tests.nbgrader.classroom import Classroom

pytest.importorskip("distributed")

from distributed import Client, LocalCluster

pytestmark = pytest.mark.timeout(1200)


@contextmanager
def cluster(threads: int = 2) -> Iterator[LocalCluster]:
    """Two worker processes on this machine."""
    with LocalCluster(
        n_workers=2,
        threads_per_worker=threads,
        processes=True,
        host="127.0.0.1",
        scheduler_port=0,
        dashboard_address="127.0.0.1:0",
        silence_logs="CRITICAL",
    ) as made:
        yield made


def worker_pids(made: LocalCluster) -> dict[str, int]:
    """The processes of the workers, by their addresses."""
    with Client(made.scheduler_address, set_as_default=False) as client:
        found: dict[str, int] = client.run(os.getpid)
        return found


def below(pids: list[int]) -> set[psutil.Process]:
    """What these processes started and what that started."""
    found: set[psutil.Process] = set()
    for pid in pids:
        try:
            found.update(psutil.Process(pid).children(recursive=True))
        except psutil.Error:
            continue
    return found


def ours(processes: set[psutil.Process]) -> list[psutil.Process]:
    """Judges, sandboxes and what runs in them, among those."""
    found = []
    for process in processes:
        try:
            words = " ".join(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and ("autograder" in words or "bwrap" in words):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="module")
def dozen(released: Classroom, tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """Twelve submissions of all kinds."""
    course = small_class.copy(released, tmp_path_factory.mktemp("dozen") / "class")
    assert len(small_class.hand_in_a_dozen(course)) == 12
    return course


@pytest.fixture(scope="module")
def eight_at_once(dozen: Classroom, tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """Graded on this machine. The class has the secret of this one from now on."""
    course = small_class.copy(dozen, tmp_path_factory.mktemp("eight") / "class")
    code, told = grade(course, "--jobs", "8")
    assert code == 0, told
    shutil.copytree(course.root / ".autograder", dozen.root / ".autograder")
    return course


def test_all_kinds_of_points_are_there(eight_at_once: Classroom) -> None:
    grades = {tuple(row[:3]): row[3:] for row in rows(eight_at_once)["grade"]}
    assert len(grades) == 12 * 4
    name = small_class.ASSIGNMENT
    assert grades["ada", name, "check-layer-of"][0] == small_class.exercise_points()["layer_of"]
    assert grades["ada", name, "own-asserts"][0] == 2
    assert grades["claude", name, "own-asserts"][0] == 0
    assert grades["barbara", name, "check-internet-checksum"][0] == 5
    assert grades["edsger", name, "why-layers"] == (None, None, None, 1), "a person decides"
    assert grades["grace", name, "check-layer-of"][0] == 0


def test_one_at_a_time_by_nbgrader_gives_the_same_rows(
    dozen: Classroom, eight_at_once: Classroom, tmp_path: Path
) -> None:
    course = small_class.copy(dozen, tmp_path / "class")
    course.start("nbgrader", "autograde", small_class.ASSIGNMENT).result(scaled(small_class.PATIENCE))
    assert rows(course) == rows(eight_at_once)


def test_a_cluster_gives_the_same_rows_although_a_worker_is_killed(
    dozen: Classroom, eight_at_once: Classroom, tmp_path: Path
) -> None:
    course = small_class.copy(dozen, tmp_path / "class")
    with cluster() as made:
        pids = worker_pids(made)
        command = start(course, "--scheduler", made.scheduler_address)
        with watched(command):
            wait_until(lambda: 1 <= len(graded(course)) < 8, command, "some are graded")
            victim = psutil.Process(next(iter(pids.values())))
            lost = ours(below([victim.pid]))
            assert lost, "it was at work"
            victim.kill()
            assert end_of(command) == 0, command.output
            assert "12 graded in" in command.output
            assert "Traceback" not in command.output
        _, alive = psutil.wait_procs(lost, timeout=scaled(10))
        assert not alive, "what the lost worker had started goes on"
        assert rows(course) == rows(eight_at_once)

        now = list(worker_pids(made).values())
        _, alive = psutil.wait_procs(ours(below(now)), timeout=scaled(20))
        assert not alive, "the workers keep judges after the run"
        code, told = grade(course, "--scheduler", made.scheduler_address)
        assert code == 0, told
        assert "nothing to do" in told


def test_ctrl_c_ends_what_the_workers_do(course: Classroom) -> None:
    for learner in ("ada", "bob", "eve"):
        hand_in(course, learner, right(course), first_cell=HANGING_CELL)
    with cluster() as made:
        pids = list(worker_pids(made).values())
        command = start(course, "--scheduler", made.scheduler_address)
        with watched(command):
            wait_until(lambda: len(ours(below(pids))) > 4, command, "the workers are at work")
            at_work = ours(below(pids))
            os.killpg(command.process.pid, 2)
            assert end_of(command) == 130, command.output
            assert "Interrupted." in command.output
            assert "Traceback" not in command.output
        _, alive = psutil.wait_procs(at_work, timeout=scaled(20))
        assert not alive
        assert not graded(course)


def test_workers_end_their_judges_when_they_end(course: Classroom) -> None:
    hand_in(course, "ada", right(course), first_cell=HANGING_CELL)
    with cluster() as made:
        pids = list(worker_pids(made).values())
        command = start(course, "--scheduler", made.scheduler_address)
        with watched(command):
            wait_until(lambda: len(ours(below(pids))) > 2, command, "a worker is at work")
            at_work = ours(below(pids))
            made.close()
            _, alive = psutil.wait_procs(at_work, timeout=scaled(20))
            assert not alive
            assert end_of(command) == 1, command.output
            assert "Stopped, for nothing more could be graded: The scheduler at" in command.output
            assert "Traceback" not in command.output
    assert not graded(course)


def test_a_worker_without_bubblewrap_is_a_clear_error(
    course: Classroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(course, "ada", right(course))
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("prlimit", "choom", "setpriv", "sh"):
        (programs / name).symlink_to(shutil.which(name) or pytest.skip(f"no {name} here"))
    before = small_class.files(course)
    with monkeypatch.context() as changed:
        changed.setenv("PATH", str(programs))
        with cluster() as made:
            changed.undo()
            code, told = grade(course, "--scheduler", made.scheduler_address)
    assert code == 2, told
    assert "The worker tcp://127.0.0.1:" in told
    assert "can't lock learner code up. The program bwrap is not installed." in told
    assert "Traceback" not in told
    assert small_class.files(course) == before


def test_a_cluster_without_a_worker_is_a_clear_error(course: Classroom) -> None:
    hand_in(course, "ada", right(course))
    with LocalCluster(
        n_workers=0, host="127.0.0.1", scheduler_port=0, dashboard_address="127.0.0.1:0", silence_logs="CRITICAL"
    ) as made:
        code, told = grade(course, "--scheduler", made.scheduler_address)
    assert code == 2, told
    assert f"The Dask cluster at {made.scheduler_address} has no worker." in told
