"""What a learner's process leaves behind is found and ended, and its limits hold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from autograder.judge import limits
from autograder.loopback import waits

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, sessions and rlimits are Unix")

Run = Callable[..., "subprocess.Popen[str]"]

# Forks a tree: a child and a grandchild of its own group, one with its own session, and a daemon whose parent has
# gone. Each writes a line with its pid; then all wait.
TREE = """
import os, sys, time
def tell():
    os.write(1, b"%d\\n" % os.getpid())
tell()
if os.fork() == 0:
    tell()
    if os.fork() == 0:
        tell()
        time.sleep(600)
    time.sleep(600)
if os.fork() == 0:
    os.setsid()
    tell()
    time.sleep(600)
DAEMON
time.sleep(600)
"""

DAEMON = """
middle = os.fork()
if middle == 0:
    os.setsid()
    me = os.getpid()
    if os.fork() == 0:
        while os.getppid() == me:  # an orphan only when the one in the middle has gone
            time.sleep(0.001)
        tell()
        time.sleep(600)
    os._exit(0)
os.waitpid(middle, 0)
"""


@pytest.fixture
def run() -> Iterator[Run]:
    """``run(program, *arguments)``: starts a Python program; whatever happens, nothing of it survives the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(program: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:  # else its number may be somebody else's by now
            limits.end_tree(process.pid)
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def lines(process: subprocess.Popen[str], count: int) -> list[int]:
    """The next lines, each a number."""
    assert process.stdout is not None
    return [int(process.stdout.readline()) for _ in range(count)]


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def all_end(pids: list[int]) -> bool:
    """Are these all gone, at once or after the moment that a kill takes?"""
    until = time.monotonic() + waits.seconds(5.0)
    while any(map(alive, pids)):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_descendants_are_all_levels_below(run: Run) -> None:
    process = run(TREE.replace("DAEMON", ""))
    pids = lines(process, 4)
    assert pids[0] == process.pid
    assert limits.descendants(process.pid) == set(pids[1:])
    assert len(limits.children(process.pid)) == 2
    assert process.pid in limits.children(os.getpid())


def test_a_process_that_is_gone_has_none() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    limits.end_tree(process.pid)  # it has ended, and nobody has asked how yet
    assert process.wait() == 0
    assert limits.children(process.pid) == limits.descendants(process.pid) == set()
    assert limits.memory_of([process.pid]) == 0


@pytest.mark.parametrize("fast", [True, False])
def test_a_tree_is_ended_with_other_groups_and_sessions_in_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, fast: bool
) -> None:
    if not fast:  # as on systems whose kernel does not list the children
        monkeypatch.setattr(limits, "_CHILDREN_FILES", False)
    bystander = run("import time\nprint(0, flush=True)\ntime.sleep(600)")
    lines(bystander, 1)
    process = run(TREE.replace("DAEMON", ""))
    pids = lines(process, 4)
    assert all(map(alive, pids)), "nothing to end, so this test proves nothing"
    limits.end_tree(process.pid)
    assert all_end(pids)
    assert process.wait() == -signal.SIGKILL
    assert alive(bystander.pid)


def test_processes_that_multiply_while_they_are_ended(run: Run) -> None:
    process = run(
        """
        import os, time
        print(os.getpid(), flush=True)
        for _ in range(200):
            if os.fork() == 0:
                time.sleep(600)
            time.sleep(0.001)
        time.sleep(600)
        """
    )
    lines(process, 1)
    time.sleep(0.05)
    limits.end_tree(process.pid)
    process.wait()
    group = process.pid
    until = time.monotonic() + waits.seconds(5.0)
    while _members(group) and time.monotonic() < until:
        time.sleep(0.01)
    assert not _members(group)


def _members(group: int) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (OSError, psutil.Error):
            continue
    return found


# A little judge: it adopts orphans, keeps one child of its own, runs the tree to its end, and ends what it left.
JUDGE = """
import subprocess, sys, time
from autograder.judge import limits
ADOPT
helper = subprocess.Popen(["sleep", "600"])
known = limits.children(__import__("os").getpid())
tree = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, text=True, start_new_session=True)
for _ in range(5):
    print(tree.stdout.readline().strip(), flush=True)
limits.end_tree(tree.pid)
tree.wait()
ended = len(limits.end_strays(known))
print(ended, flush=True)
print(int(helper.poll() is None), flush=True)
print(len(limits.descendants(__import__("os").getpid()) - known), flush=True)
helper.kill()
helper.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="adopting orphans is Linux's PR_SET_CHILD_SUBREAPER")
def test_a_daemon_with_its_own_session_is_found_and_ended(run: Run) -> None:
    judge = run(JUDGE.replace("ADOPT", "limits.adopt_orphans()"), TREE.replace("DAEMON", DAEMON))
    pids = lines(judge, 5)
    ended, helper_lives, left = lines(judge, 3)
    assert not any(map(alive, pids)), "end_strays waits until they are gone"
    assert ended >= 1
    assert helper_lives == 1, "what was known is not a stray"
    assert left == 0, "no zombie either"


@pytest.mark.skipif(sys.platform != "linux", reason="adopting orphans is Linux's PR_SET_CHILD_SUBREAPER")
def test_without_adoption_the_daemon_would_survive(run: Run) -> None:
    judge = run(JUDGE.replace("ADOPT", ""), TREE.replace("DAEMON", DAEMON))
    pids = lines(judge, 5)
    lines(judge, 3)
    until = time.monotonic() + 5
    while len(survivors := [pid for pid in pids if alive(pid)]) > 1 and time.monotonic() < until:
        time.sleep(0.02)  # on a loaded machine, dying takes its time
    for pid in survivors:
        os.kill(pid, signal.SIGKILL)
    assert len(survivors) == 1, "the daemon: so the test above tests something"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("[os.open(os.devnull, os.O_RDONLY) for _ in range(30)]", "OSError"),
        ("open(sys.argv[1], 'wb').write(bytes(2 * MIB))", "OSError"),
        pytest.param(
            "bytearray(800 * MIB)",
            "MemoryError",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is watched, not limited"),
        ),
        ("resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))", "ValueError"),
        ("bytearray(100 * MIB)", "nothing"),
    ],
)
def test_limits_hold(run: Run, tmp_path: Path, code: str, said: str) -> None:
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if as_root and "setrlimit" in code:
        pytest.skip("root may lift its own limits")
    program = f"""
    import os, resource, signal, sys
    from autograder.judge.limits import MIB, Limits, apply
    apply(Limits(memory=700 * MIB, open_files=20, file_size=MIB))
    try:
        {code}
    except BaseException as error:
        print(type(error).__name__)
    else:
        print("nothing")
    """
    process = run(program, str(tmp_path / "large"))
    assert process.stdout is not None
    assert process.stdout.read().split() == [said]


def test_a_limit_that_is_lower_already_stays(run: Run) -> None:
    program = """
    import resource
    from autograder.judge.limits import Limits, apply
    resource.setrlimit(resource.RLIMIT_NOFILE, (15, 15))
    apply(Limits(open_files=20))
    print(*resource.getrlimit(resource.RLIMIT_NOFILE), *resource.getrlimit(resource.RLIMIT_CORE))
    """
    process = run(program)
    assert process.stdout is not None
    assert process.stdout.read().split() == ["15", "15", "0", "0"]
