"""Learner processes are forked by a zygote, which nothing that they do may harm, outside of a sandbox and inside."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.judge import limits, passing, starting
from autograder.judge.client import Judge
from autograder.judge.exercise import Exercise
from autograder.judge.failures import Ended
from autograder.judge.learner import Learner
from autograder.judge.payload import pack_file
from autograder.judge.process import PRELOAD, ProcessFactory
from autograder.judge.starting import CannotStart, Zygote
from autograder.loopback import waits
from tests import bank

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork, and so no zygote")

BUBBLEWRAP = (
    *("bwrap", "--unshare-pid", "--unshare-ipc", "--as-pid-1", "--die-with-parent", "--new-session"),
    *("--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"),
)

Answer = Callable[..., Any]


def why_no_sandbox() -> str:
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    tried = subprocess.run([*BUBBLEWRAP, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return tried.stderr.decode(errors="replace").strip() if tried.returncode else ""


@pytest.fixture(scope="module", autouse=True)
def _adopts_no_orphans_afterwards() -> Iterator[None]:
    yield
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER off again


@pytest.fixture(params=["plain", "sandboxed"])
def factory(request: pytest.FixtureRequest) -> Iterator[ProcessFactory]:
    """Starts learner processes without a sandbox, and in one."""
    if request.param == "sandboxed" and (reason := why_no_sandbox()):
        pytest.skip(reason)
    made = ProcessFactory(BUBBLEWRAP if request.param == "sandboxed" else ())
    yield made
    made.close()


@pytest.fixture
def learner(factory: ProcessFactory) -> Iterator[Callable[[str], Learner]]:
    """``learner(body)``: one whose ``answer(x)`` has this body."""
    made: list[Learner] = []

    def begin(body: str) -> Learner:
        text = "import os, signal, sys, time\n\ndef answer(x):\n" + textwrap.indent(textwrap.dedent(body), "    ")
        exercise = Exercise("answer", "99-nowhere", "", "function", ("x",), ())
        made.append(Learner(factory, exercise, pack_file(Path("answer.py"), text)))
        return made[-1]

    yield begin
    for one in made:
        one.close()


@pytest.fixture
def answer(learner: Callable[[str], Learner]) -> Answer:
    """``answer(body, x)``: what that returns, from a process that is ended then."""

    def ask(body: str, x: object = None) -> Any:
        one = learner(body)
        try:
            return one(x)
        finally:
            one.close()

    return ask


def zygote_of(factory: ProcessFactory) -> int:
    """Our number of the zygote."""
    starter = factory._starter
    assert isinstance(starter, Zygote)
    return starter._pid


def test_each_process_is_new_and_has_the_same_parent(answer: Answer, factory: ProcessFactory) -> None:
    seen = [answer("return os.getpid(), os.getppid(), os.getsid(0) == os.getpid()") for _ in range(2)]
    assert seen[0][0] != seen[1][0]
    assert seen[0][1] == seen[1][1] == (1 if factory.sandboxed else zygote_of(factory))
    assert seen[0][2]


def test_the_judge_finds_the_process_under_its_own_number(learner: Callable[[str], Learner]) -> None:
    one = learner("return os.getpid()")
    inner = one(None)
    assert one._started is not None
    if sys.platform == "linux":
        assert limits.pids_inside(one._started.pid)[-1] == inner
    assert psutil.Process(one._started.pid).cmdline()[-1] == starting.START
    assert one.open_sockets() == 1, "the connection"


def test_nothing_of_the_zygotes_is_open_in_a_learner_process(answer: Answer) -> None:
    body = """
    import stat
    found = []
    for number in range(256):
        try:
            found.append((number, stat.S_ISSOCK(os.fstat(number).st_mode)))
        except OSError:
            pass
    return found
    """
    found = answer(body)
    assert [number for number, _ in found[:3]] == [0, 1, 2] and len(found) == 4
    assert [is_socket for _, is_socket in found] == [False, False, False, True]


def test_signals_are_handled_as_python_does_it(answer: Answer) -> None:
    body = "return [signal.getsignal(one) == signal.SIG_DFL for one in (signal.SIGCHLD, signal.SIGTERM)]"
    assert answer(body) == [True, True]
    body = """
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    except KeyboardInterrupt:
        return "interrupted"
    """
    assert answer(body) == "interrupted"


def test_preloaded_modules_are_there_and_more_are_added(factory: ProcessFactory, answer: Answer) -> None:
    assert answer("return [name in sys.modules for name in x]", list(PRELOAD)) == [True] * len(PRELOAD)
    assert not answer("return 'colorsys' in sys.modules")
    before = zygote_of(factory)
    factory.preload(("colorsys", "no_such_module"))
    assert answer("return 'colorsys' in sys.modules")
    assert zygote_of(factory) == before
    factory.renew()
    assert answer("return 'colorsys' in sys.modules")
    assert zygote_of(factory) != before


# What learner code may try.


def test_daemons_are_ended_with_the_process(learner: Callable[[str], Learner], factory: ProcessFactory) -> None:
    body = """
    for _ in range(3):
        reading, writing = os.pipe()
        middle = os.fork()
        if middle == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()
                os.write(writing, b"x")
                time.sleep(600)
            os._exit(0)
        os.read(reading, 1)
        os.waitpid(middle, 0)
    return os.getpid()
    """
    one = learner(body)
    one(None)
    zygote = zygote_of(factory)
    adopted = limits.descendants(zygote)
    if sys.platform == "linux":
        assert len(adopted) == 4, "the process and three orphans: else this test proves nothing"
    one.close()
    assert not limits.descendants(zygote), "no zombie either"
    assert not [pid for pid in adopted if psutil.pid_exists(pid)]


def test_orphans_count_as_processes_of_their_own(answer: Answer) -> None:
    body = """
    for _ in range(60):
        if os.fork() == 0:
            if os.fork() == 0:
                time.sleep(600)
            os._exit(0)
        os.wait()
    time.sleep(600)
    """
    if sys.platform != "linux":
        pytest.skip("only Linux lets a process adopt orphans")
    with pytest.raises(Ended, match="it started more than 32 processes and was stopped"):
        answer(body)
    assert answer("return 7") == 7


def test_a_fork_bomb_is_stopped_and_the_next_process_is_right(answer: Answer, factory: ProcessFactory) -> None:
    if not factory.sandboxed:
        pytest.skip("without a sandbox a fork bomb that is fast enough is stopped late")
    with pytest.raises(Ended, match="it started more than 32 processes and was stopped"):
        answer("while True:\n    os.fork()")
    assert answer("return 7") == 7


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each process is watched, and none is alone")
def test_memory_is_counted_over_the_whole_tree(learner: Callable[[str], Learner], factory: ProcessFactory) -> None:
    one = learner("""
    shared = bytearray(b"x" * (40 << 20))
    children = 3
    for _ in range(children):
        if os.fork() == 0:
            own = bytearray(b"y" * (x << 20))
            time.sleep(600)
    time.sleep(600)
    """)
    process = one._process()
    process._allowed = limits.Limits(memory=400 * limits.MIB)
    with pytest.raises(Ended, match="it used more than 400 MiB of memory and was stopped"):
        one(150, seconds=20)


def test_a_signalled_zygote_goes_on_or_is_replaced(answer: Answer, factory: ProcessFactory) -> None:
    # Asked once: when the zygote is gone, the parent is the process that adopts orphans, which is the one of this test.
    body = """
    zygote = os.getppid()
    for one in x:
        try:
            os.kill(zygote, one)
        except ProcessLookupError:
            break
    return len(x)
    """
    numbers = [2, 9, 15] if sys.platform == "darwin" else list(range(1, 65))
    before = None
    for signals in ([2], [17, 17, 17] if sys.platform == "linux" else [20]):
        assert answer(body, signals) == len(signals)
        before = before or zygote_of(factory)
        assert zygote_of(factory) == before, "it has no use for these, and survives"
    try:
        sent = answer(body, numbers)
    except Ended as ended:
        assert not factory.sandboxed
        assert "together with the one that started it" in ended.how or "signal" in ended.how
    else:
        assert sent == len(numbers)
    assert answer("return 7") == 7
    assert (zygote_of(factory) == before) == factory.sandboxed


def test_a_stopped_zygote_is_replaced(answer: Answer, factory: ProcessFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "ACT_SECONDS", 0.5)
    assert answer("return 7") == 7
    before = zygote_of(factory)
    psutil.Process(before).suspend()
    assert answer("return 8") == 8
    assert zygote_of(factory) != before
    assert not psutil.pid_exists(before) or psutil.Process(before).status() == psutil.STATUS_ZOMBIE


def test_a_zygote_that_talks_nonsense_is_replaced(
    answer: Answer, factory: ProcessFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer("return 7") == 7
    real, before = passing.receive, zygote_of(factory)
    for nonsense in ("x", {"id": 10**6}, {"ended": [1]}, {"ended": 5, "code": 0}, {}, None):
        monkeypatch.setattr(passing, "receive", lambda sock, value=nonsense: (real(sock), (value, []))[1])
        factory.preload((f"nothing_of_{nonsense}",))
        monkeypatch.setattr(passing, "receive", real)
        assert answer("return 8") == 8
        assert zygote_of(factory) != before
        before = zygote_of(factory)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_the_zygotes_memory_and_files_are_not_to_be_read(answer: Answer) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything; see the next test")
    body = "try:\n    return os.listdir(f'/proc/{os.getppid()}/fd')\nexcept PermissionError:\n    return 'denied'"
    assert answer(body) == "denied"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_the_zygote_hides_itself_and_its_children_do_not(factory: ProcessFactory, answer: Answer) -> None:
    body = """
    import ctypes
    return ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), os.stat("/proc/self").st_uid
    """
    get_dumpable, own = answer(body)
    assert (get_dumpable, own) == (1, os.geteuid())
    if os.geteuid() != 0:
        assert os.stat(f"/proc/{zygote_of(factory)}").st_uid == 0, (
            "root's, as proc(5) tells of one that is not dumpable"
        )


def test_a_link_in_place_of_the_printed_file_is_not_followed(learner: Callable[[str], Learner], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the judge alone may read this")
    one = learner("""
    import contextlib, glob, tempfile
    print("printed")
    for path in glob.glob(tempfile.gettempdir() + "/*") + glob.glob(tempfile.gettempdir() + "*"):
        if not os.path.isdir(path):
            os.unlink(path)
    for name in ("printed", "1.printed", "2.printed"):
        for folder in (tempfile.gettempdir(), os.path.dirname(tempfile.gettempdir())):
            with contextlib.suppress(OSError):  # above a sandbox's /tmp nothing can be written
                os.symlink(x, os.path.join(folder, name))
    """)
    one(str(secret))
    assert one.printed == "printed\n"


@pytest.mark.parametrize("reported", ["-1e9", "0.001", "1e9", "float('inf')"])
def test_a_forged_time_does_not_help(learner: Callable[[str], Learner], reported: str) -> None:
    one = learner(f"""
    time.sleep(x)
    time.perf_counter = lambda: {reported}
    """)
    seconds = waits.seconds(0.5) + 0.3
    started = time.monotonic()
    one(seconds, seconds=60)
    took = time.monotonic() - started
    assert 0.3 <= one.elapsed <= took


def test_a_time_that_is_no_number_is_unreadable(learner: Callable[[str], Learner]) -> None:
    one = learner("return 1")
    one._payload = pack_file(
        Path("answer.py"), "import time\ndef answer(x): return 1\ntime.perf_counter = lambda: float('nan')\n"
    )
    with pytest.raises(Ended, match="unreadable"):
        one(None)


FLOOD = """
import gc
from autograder.judge import plain
from autograder.judge.learner_process import LearnerProcess
process = next(one for one in gc.get_objects() if isinstance(one, LearnerProcess))
while True:
    process._connection.send_bytes(plain.encode({"id": 1, "kind": "returned", "value": bytes(x)}))
"""


@pytest.mark.parametrize("size", [1, 7 * limits.MIB])
def test_answers_that_nobody_asked_for_are_stopped(answer: Answer, size: int) -> None:
    with pytest.raises(Ended, match="sent something unreadable"):
        answer("import gc\ngc.unfreeze()\n" + FLOOD, size)
    assert answer("return 7") == 7


def test_a_process_that_takes_nothing_more_is_stopped(
    learner: Callable[[str], Learner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.judge.process.TAKE_SECONDS", 0.3)
    one = learner("os.kill(os.getpid(), signal.SIGSTOP)")
    running = one.start(None)
    with pytest.raises(Ended, match="it did not take what the judge sent to it"):
        one(bytes(15 * limits.MIB))
    with pytest.raises(Ended):
        running.ended()


# What is left for the next one.


def test_files_in_a_sandbox_are_gone_for_the_next_process(answer: Answer, factory: ProcessFactory) -> None:
    if not factory.sandboxed:
        pytest.skip("without a sandbox only the folder of its own is removed")
    body = """
    for folder in ("/tmp/a/b", "/dev/shm/a"):
        os.makedirs(folder)
        open(folder + "/file", "w").write("left")
    os.symlink("/", "/tmp/link")
    """
    answer(body)
    before = zygote_of(factory)
    assert answer("return os.listdir('/tmp'), os.listdir('/dev/shm')") == ([], [])
    assert zygote_of(factory) == before


def test_what_cannot_be_removed_ends_the_sandbox(answer: Answer, factory: ProcessFactory) -> None:
    if not factory.sandboxed:
        pytest.skip("this is about a sandbox's own /tmp")
    answer("os.chdir('/tmp')\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')")
    assert not answer("return os.listdir('/tmp')")


def test_a_folder_of_its_own_is_removed(answer: Answer, factory: ProcessFactory) -> None:
    if factory.sandboxed:
        pytest.skip("this is about processes without a sandbox")
    place = answer(
        "import tempfile\nos.chdir(tempfile.gettempdir())\n"
        "for _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\n"
        "return tempfile.gettempdir()"
    )
    assert not Path(place).exists()


def test_a_folder_that_is_not_the_sandboxs_own_is_never_emptied(tmp_path: Path) -> None:
    if reason := why_no_sandbox():
        pytest.skip(reason)
    (tmp_path / "precious").write_text("here before")
    factory = ProcessFactory((*BUBBLEWRAP[:-4], "--bind", str(tmp_path), "/tmp"))
    try:
        factory.warm_up()
        factory.warm_up()
    finally:
        factory.close()
    assert (tmp_path / "precious").read_text() == "here before"


# Starting and ending.


def test_a_sandbox_that_does_not_start_is_said_with_its_words() -> None:
    factory = ProcessFactory(("sh", "-c", "echo no sandbox today >&2; exit 1", "sh"))
    with pytest.raises(CannotStart, match="no sandbox today"):
        factory.warm_up()
    factory.close()
    missing = ProcessFactory(("/nowhere/bwrap",))
    with pytest.raises(CannotStart, match="/nowhere/bwrap can't be started"):
        missing.warm_up()
    missing.close()


def test_a_zygote_ends_with_its_factory(factory: ProcessFactory) -> None:
    process = factory.start()
    zygote = zygote_of(factory)
    factory.close()
    assert not psutil.pid_exists(process.pid) and not psutil.pid_exists(zygote)


@pytest.mark.parametrize("ending", ["close", "kill"])
@pytest.mark.parametrize("sandboxed", [False, True])
def test_a_judge_takes_all_with_it(ending: str, sandboxed: bool) -> None:
    if sandboxed and (reason := why_no_sandbox()):
        pytest.skip(reason)
    judge = Judge(sandbox=BUBBLEWRAP if sandboxed else ())
    right = next(answer for answer in bank.answers() if str(answer) == "fetch/right_recv_loop")
    try:
        for _ in range(2):
            report = bank.judge_text(judge, "fetch", right.path, right.path.read_text(encoding="utf-8"), seed=1)
            assert report.full_marks
            below = psutil.Process(judge.pid).children(recursive=True)
            assert below
            judge.renew()
    finally:
        report = bank.judge_text(judge, "fetch", right.path, right.path.read_text(encoding="utf-8"), seed=1)
        now = psutil.Process(judge.pid).children(recursive=True)
        assert not set(below) & set(now), "renewed"
        if ending == "kill":
            psutil.Process(judge.pid).kill()
        judge.close()
    assert psutil.wait_procs(now, timeout=waits.seconds(5.0))[1] == []
