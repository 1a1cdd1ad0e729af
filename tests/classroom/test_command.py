"""``python -m autograder grade``: what it says to a person, and to whoever asked for what can't be done."""

from __future__ import annotations

import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.classroom import sandbox, telling
from autograder.classroom.grade import Summary
from autograder.loopback.waits import seconds as scaled
from tests.classroom import small_class
from tests.classroom.small_class import ASSIGNMENT, PATIENCE, files, grade, hand_in, right
from tests.nbgrader.classroom import Classroom

Change = Callable[[Classroom], object]

SECOND = "02-nothing"


def nothing(course: Classroom) -> None:
    """Leave the course as it is."""


def without_config(course: Classroom) -> None:
    (course.root / "nbgrader_config.py").unlink()


def without_our_steps(course: Classroom) -> None:
    (course.root / "nbgrader_config.py").write_text("c = get_config()\n", encoding="utf-8")


def without_restoring(course: Classroom) -> None:
    path = course.root / "nbgrader_config.py"
    path.write_text(path.read_text(encoding="utf-8").replace("autograder.classroom.restore.RestoreCells", "x"))


def with_broken_config(course: Classroom) -> None:
    (course.root / "nbgrader_config.py").write_text("c = get_config(\n", encoding="utf-8")


def without_gradebook(course: Classroom) -> None:
    (course.root / "gradebook.db").unlink()


def with_broken_gradebook(course: Classroom) -> None:
    (course.root / "gradebook.db").write_bytes(b"no database at all, and long enough to be seen as none" * 100)


def without_hand_ins(course: Classroom) -> None:
    shutil.rmtree(course.root / "submitted")


def with_second_assignment(course: Classroom) -> None:
    (course.root / "solutions" / SECOND).mkdir()


REFUSED: dict[str, tuple[Change, list[str], str]] = {
    "unknown assignment": (nothing, ["01-osi-modle"], "no assignment '01-osi-modle'. Did you mean 01-osi-model?"),
    "not generated": (with_second_assignment, [SECOND], f"nbgrader generate_assignment {SECOND} --force puts it there"),
    "no gradebook": (without_gradebook, [ASSIGNMENT], "is not in the gradebook yet: nbgrader generate_assignment"),
    "broken gradebook": (with_broken_gradebook, [ASSIGNMENT], "can't be read: file is not a database"),
    "nobody handed in": (without_hand_ins, [ASSIGNMENT], "Nobody has handed in 01-osi-model: collect it"),
    "unknown student": (
        nothing,
        [ASSIGNMENT, "--student", "ada", "--student", "graec"],
        "'graec' has not handed in 01-osi-model. Did you mean grace?",
    ),
    "no config": (without_config, [ASSIGNMENT], "no nbgrader_config.py in"),
    "not our steps": (without_our_steps, [ASSIGNMENT], "does not name our steps (c.Autograde.sanitize_preprocessors"),
    "one step missing": (without_restoring, [ASSIGNMENT], "without autograder.classroom.restore.RestoreCells"),
    "broken config": (with_broken_config, [ASSIGNMENT], "nbgrader_config.py can't be read. SyntaxError"),
    "no jobs": (nothing, [ASSIGNMENT, "--jobs", "0"], "--jobs 0: at least one submission must be at work"),
    "jobs are no number": (nothing, [ASSIGNMENT, "--jobs", "many"], "argument --jobs: invalid int value: 'many'"),
    "jobs on a cluster": (
        nothing,
        [ASSIGNMENT, "--jobs", "2", "--scheduler", "tcp://127.0.0.1:8786"],
        "--jobs is about this machine",
    ),
    "no folder for the report": (nothing, [ASSIGNMENT, "--report", "no/class.html"], "There is no folder"),
    "the report is a folder": (nothing, [ASSIGNMENT, "--report", "."], "is a folder, and the report is a file"),
    "another sandbox": (nothing, [ASSIGNMENT, "--sandbox", "docker"], "invalid choice: 'docker'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_a_sentence_with_the_cure_and_changes_nothing(case: str, course: Classroom) -> None:
    change, arguments, sentence = REFUSED[case]
    for learner in ("ada", "grace"):
        hand_in(course, learner, {})
    change(course)
    before = files(course)
    code, told = grade(course, *arguments[1:], assignment=arguments[0])
    assert code == 2, told
    assert sentence in told
    assert "Traceback" not in told
    assert files(course) == before


def test_a_scheduler_that_does_not_answer(course: Classroom) -> None:
    hand_in(course, "ada", {})
    before = files(course)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and never listens
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        code, told = grade(course, "--scheduler", address)
    assert code == 2, told
    assert f"No Dask scheduler answers at {address}" in told
    assert "Traceback" not in told
    assert files(course) == before


def test_an_address_that_is_none(course: Classroom) -> None:
    hand_in(course, "ada", {})
    code, told = grade(course, "--scheduler", "smoke://signals")
    assert code == 2, told
    assert "No Dask scheduler answers at smoke://signals" in told
    assert "Traceback" not in told


def run_with(course: Classroom, environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, *options]
    return subprocess.run(
        command,
        cwd=course.root,
        env=course.environment | environment,
        capture_output=True,
        text=True,
        timeout=scaled(PATIENCE),
        check=False,
    )


def test_distributed_is_not_installed(course: Classroom, tmp_path: Path) -> None:
    hand_in(course, "ada", {})
    (tmp_path / "distributed.py").write_text("raise ModuleNotFoundError('none here', name='distributed')\n")
    before = files(course)
    done = run_with(course, {"PYTHONPATH": str(tmp_path)}, "--scheduler", "tcp://127.0.0.1:8786")
    assert done.returncode == 2, done
    assert done.stderr == "--scheduler needs the package distributed: pip install distributed\n"
    assert files(course) == before


def test_without_bubblewrap_it_says_so_with_the_ways_out(course: Classroom, tmp_path: Path) -> None:
    hand_in(course, "ada", {})
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("prlimit", "choom", "setpriv", "sh"):
        (programs / name).symlink_to(shutil.which(name) or pytest.skip(f"no {name} here"))
    before = files(course)
    done = run_with(course, {"PATH": str(programs)})
    assert done.returncode == 2, done
    assert "The program bwrap is not installed." in done.stderr
    assert "apt install bubblewrap" in done.stderr
    assert "--sandbox none" in done.stderr
    assert files(course) == before


def on_terminal(course: Classroom, *options: str) -> tuple[int, str]:
    """Run the command on a terminal; return its exit code and what it wrote there."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, *options]
    with subprocess.Popen(command, cwd=course.root, env=course.environment, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # EIO: nobody has the other end
                break
            if not part:
                break
            written += part
        os.close(ours)
        return process.wait(scaled(PATIENCE)), written.decode()


def test_on_a_terminal_there_is_a_bar_and_no_sandbox_is_red(course: Classroom) -> None:
    for learner in ("ada", "grace"):
        hand_in(course, learner, right(course) | small_class.answer("layer_of", "wrong_from_zero"))
    locked = small_class.copy(course, course.folder.with_name("locked"))
    code, told = on_terminal(course, "--sandbox", "none")
    assert code == 0, told
    assert f"\x1b[1;31m{sandbox.NO_SANDBOX}\x1b[0m" in told
    assert re.search(r"01-osi-model: 0 of 2 \|.*\| \? a minute, 00:00 gone, \? left", told)
    assert re.search(r"01-osi-model: 2 of 2 \|.*\| \d+ a minute, \d\d:\d\d gone, 00:00 left", told)
    assert "2 graded in" in told
    assert "Warning" not in told

    (locked.root / ".autograder").mkdir()
    shutil.copy(course.root / ".autograder" / "grading.key", locked.root / ".autograder")
    code, told = grade(locked)
    assert code == 0, told
    assert sandbox.NO_SANDBOX not in told
    assert small_class.rows(course) == small_class.rows(locked)


def test_where_there_is_no_terminal_there_are_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = telling.progress("03", total=10, at_once=8)
    assert capsys.readouterr().err == "03: 10 handed in, 8 at once\n"
    summary = Summary(total=10, before=["x", "y"], seconds=30.0)
    shown.show(summary)
    assert capsys.readouterr().err == "", "not yet"
    monkeypatch.setattr(telling, "LINE_EVERY", 0.0)
    shown = telling.progress("03", total=10, at_once=20)
    shown.show(summary)
    summary.graded += ["a", "b", "c"]
    summary.failed["d"] = "it is empty"
    summary.complaint = "waiting for a worker"
    shown.show(summary)
    shown.close()
    assert capsys.readouterr().err.splitlines() == [
        "03: 10 handed in, 10 at once",
        "03: 0 of 8 done",
        "03: 4 of 8 done, 8 a minute, 00:30 left, 1 failed, waiting for a worker",
    ]
