"""What learner code sees in the sandbox, what it does not, and what becomes of it when the grader ends."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.classroom import sandbox, syscalls
from autograder.classroom.sandbox import HOME, OPEN_FILES, SCRATCH, Sandbox, SandboxUnavailable, choose, why_not
from autograder.judge import limits
from autograder.loopback.waits import seconds as scaled

needs_bubblewrap = pytest.mark.skipif(bool(why_not()), reason=why_not() or "bubblewrap runs here")

PACKAGE = Path(sandbox.__file__).resolve().parents[1]

SYSTEM_PYTHON = "/usr/bin/python3"

COURSE_IS_IN = {part for place in (__file__, sys.prefix, sys.base_prefix) for part in Path(place).resolve().parts}
"""Names of folders that the sandbox may have for the course and its Python alone."""

PROBE = """
import ctypes, errno, glob, json, os, resource, socket, stat, sys

found = {}
libc = ctypes.CDLL(None, use_errno=True)

def attempt(name, act):
    try:
        found[name] = act()
    except OSError as error:
        found[name] = errno.errorcode[error.errno]

def called(function, *arguments):
    if function(*arguments) == -1:
        raise OSError(ctypes.get_errno(), "")
    return 0

def write(path):
    with open(path, "w") as file:
        return file.write("x")

def room(path):
    about = os.statvfs(path)
    return about.f_blocks * about.f_frsize

def status():
    lines = open("/proc/self/status").read().splitlines()
    return {line.split(":")[0]: line.split(":")[1].split()[0] for line in lines if len(line.split(":")[1].split()) == 1}

found["status"] = status()
found["root"] = sorted(os.listdir("/"))
found["etc"] = sorted(os.listdir("/etc"))
found["package"] = sorted(os.listdir(sys.argv[1]))
found["home"] = os.listdir(os.environ["HOME"])
found["working folder"] = os.getcwd()
found["scratch"] = {folder: [room(folder), os.listdir(folder)] for folder in ("/tmp", "/dev/shm")}
found["environment"] = dict(os.environ)
found["processes"] = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
found["pid"] = os.getpid()
found["host name"] = socket.gethostname()
found["interfaces"] = socket.if_nameindex()
found["namespaces"] = {name: os.readlink(f"/proc/self/ns/{name}") for name in ("pid", "net", "ipc", "uts", "mnt")}
found["user"] = os.getuid()
found["groups"] = os.getgroups()
found["files"] = resource.getrlimit(resource.RLIMIT_NOFILE)
readable, writable = [], []
for path in sys.argv[2:]:
    if os.path.exists(path):
        readable.append(path)
for folder in ("/", "/usr", "/usr/lib", "/etc", "/dev", "/home", os.environ["HOME"], sys.prefix, sys.argv[1], "/proc",
               "/tmp", "/dev/shm", "/var/tmp", "/run"):
    try:
        write(os.path.join(folder, "written"))
        writable.append(folder)
    except OSError:
        pass
found["readable"], found["writable"] = readable, writable
found["devices"] = sorted(name for name in os.listdir("/dev") if stat.S_ISCHR(os.lstat(f"/dev/{name}").st_mode))
attempt("memfd", lambda: os.memfd_create("x"))
attempt("shared pages", lambda: __import__("mmap").mmap(-1, 4096).size())
attempt("zeroes", lambda: os.open("/dev/zero", os.O_RDWR))
attempt("shmget", lambda: called(libc.shmget, 1, 4096, 0o1666))
attempt("user namespace", lambda: called(libc.unshare, 0x10000000))
attempt("mount", lambda: called(libc.mount, b"none", b"/tmp", b"tmpfs", 0, None))
attempt("limits of the first process", lambda: resource.prlimit(1, resource.RLIMIT_NPROC, (0, 0)) and 0)
attempt("trace", lambda: called(libc.ptrace, 16, os.getppid(), None, None))
attempt("raw socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).fileno())
attempt("packet socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).fileno())
attempt("host of a virtual machine", lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).fileno())
attempt("closed connections", lambda: open("/proc/sys/net/ipv4/tcp_max_tw_buckets").read().strip())
attempt("settings", lambda: write("/proc/sys/net/ipv4/tcp_max_tw_buckets"))
attempt("outside", lambda: socket.create_connection(("192.0.2.1", 80), 0.2).fileno())
print(json.dumps(found))
"""

WORKS = """
import asyncio, json, multiprocessing, os, socket, subprocess, sys, tempfile, threading
from multiprocessing import shared_memory

async def child():
    process = await asyncio.create_subprocess_exec("echo", "child", stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode().strip()

async def loopback():
    async def serve(reader, writer):
        writer.write(await reader.readline())
        writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"asyncio\\n")
    return (await reader.read()).decode().strip()

said = [asyncio.run(child()), asyncio.run(loopback()), subprocess.check_output(["echo", "run"], text=True).strip()]
thread = threading.Thread(target=said.append, args=("thread",))
thread.start()
thread.join()
with multiprocessing.get_context("fork").Pool(2) as pool:
    said.append(pool.map(abs, [-1, -2]))
said.append(multiprocessing.Value("i", 3).value)
memory = shared_memory.SharedMemory(create=True, size=10)
memory.unlink()
said.append(socket.getaddrinfo("localhost", 80, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])
with tempfile.TemporaryFile() as file:
    said.append(file.write(b"four"))
with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
    said.append(server.getsockname()[0])
print(json.dumps(said))
"""

# As an ordinary user this Python may be out of reach, below /root say; the system's own is enough for a probe.
OUTSIDE = """
import json, os, subprocess, sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from autograder.classroom.sandbox import Sandbox

kind, rest = sys.argv[2], sys.argv[3:]
chosen = Sandbox(locked=True)
with tempfile.TemporaryDirectory(dir="/tmp") as name:
    folder = Path(name)
    folder.chmod(0o755)
    files, channels = folder / "files", folder / "channels"
    files.mkdir()
    channels.mkdir(mode=0o700)
    (files / "data.csv").write_text("1,2")
    for path in (files, files / "data.csv"):
        path.chmod(0o755)
    prefix = chosen.kernel(files, channels) if kind == "kernel" else (*chosen.judge, *chosen.learner(files))
    inner = [*prefix, sys.executable, "-P", *rest]
    done = subprocess.run(inner, stdin=subprocess.DEVNULL, capture_output=True, text=True)
print(json.dumps([done.returncode, done.stdout, done.stderr]))
"""


def ordinary() -> tuple[str, ...]:
    """A command that runs what follows as a user who is nobody."""
    return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all")


def why_nobody_can() -> str:
    """Why an ordinary user can't make a sandbox here; empty where one can."""
    if os.geteuid() != 0:
        return "these tests run as an ordinary user already"
    if not os.access(SYSTEM_PYTHON, os.X_OK):
        return f"there is no {SYSTEM_PYTHON} that an ordinary user could run"
    program = "import sys; sys.path.insert(0, sys.argv[1]); import autograder.classroom.sandbox"
    tried = subprocess.run(
        [*ordinary(), SYSTEM_PYTHON, "-B", "-P", "-c", program, str(PACKAGE.parent)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode:
        return f"an ordinary user can't read the course with {SYSTEM_PYTHON}: {tried.stderr[-200:]}"
    spaces = subprocess.run([*ordinary(), "unshare", "--user", "true"], capture_output=True, check=False)
    return "an ordinary user can't make user namespaces here" if spaces.returncode else ""


Inside = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=["as we are", "as an ordinary user"], scope="module")
def inside(request: pytest.FixtureRequest) -> Inside:
    """``inside(kind, program, *arguments)``: run a Python program in the learner's or the kernel's sandbox."""
    prefix: tuple[str, ...] = ()
    python = sys.executable
    if request.param == "as an ordinary user":
        if reason := why_nobody_can():
            pytest.skip(reason)
        prefix, python = ordinary(), SYSTEM_PYTHON

    def run(kind: str, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*prefix, python, "-B", "-P", "-c", OUTSIDE, str(PACKAGE.parent), kind, "-c", program, *arguments]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=scaled(60), check=False
        )
        assert done.returncode == 0, done.stderr
        code, out, err = json.loads(done.stdout)
        return subprocess.CompletedProcess(command, code, out, err)

    return run


@pytest.fixture(scope="module")
def secrets() -> Iterator[list[str]]:
    """Files that everybody on this machine may read, but nobody inside."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    planted = folder / "gradebook.db"
    planted.write_text("grades", encoding="utf-8")
    planted.chmod(0o644)
    ours = [str(PACKAGE / name) for name in ("checks", "classroom")] + [str(PACKAGE.parent / "solutions")]
    of_the_system = ["/etc/hostname", "/etc/shadow", "/etc/machine-id", "/var", "/run", "/sys", "/boot", "/root/.ssh"]
    yield [str(planted), *ours, *of_the_system]
    shutil.rmtree(folder)


@pytest.fixture(scope="module", params=["learner", "kernel"])
def seen(request: pytest.FixtureRequest, inside: Inside, secrets: list[str]) -> dict[str, Any]:
    """What a program in the sandbox found out, with ``kind`` in it."""
    done = inside(request.param, PROBE, str(PACKAGE), *secrets)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    found["kind"] = request.param
    return found


@needs_bubblewrap
def test_the_system_is_there_to_be_read_and_nothing_else(seen: dict[str, Any]) -> None:
    assert {name.strip("/") for name in seen["readable"]} <= COURSE_IS_IN
    assert {"usr", "etc", "dev", "proc", "tmp", "home"} <= set(seen["root"])
    assert not {"var", "run", "boot", "sys", "mnt", "media", "srv"} - COURSE_IS_IN & set(seen["root"])
    assert set(seen["package"]) == {"__init__.py", "notebook.py", "progress.py", "judge", "loopback", "report", "wire"}
    assert not {"shadow", "gshadow", "hostname", "resolv.conf", "ssh", "sudoers"} & set(seen["etc"])
    assert set(seen["devices"]) == {"console", "full", "null", "random", "tty", "urandom", "zero"} - {"console"}


@needs_bubblewrap
def test_only_folders_of_its_own_can_be_written_to_and_they_are_small(seen: dict[str, Any]) -> None:
    own = ["/tmp", "/dev/shm"] + ([HOME] if seen["kind"] == "kernel" else [])
    assert sorted(seen["writable"]) == sorted(own)
    assert {room for room, _ in seen["scratch"].values()} == {SCRATCH}
    there = [name for _, names in seen["scratch"].values() for name in names if name not in COURSE_IS_IN]
    assert len(there) == (seen["kind"] == "kernel")  # the folder of its channels is below /tmp


@needs_bubblewrap
def test_the_home_holds_what_was_handed_in_and_is_the_working_folder(seen: dict[str, Any]) -> None:
    assert seen["home"] == ["data.csv"]
    assert seen["working folder"] == seen["environment"]["HOME"] == HOME


@needs_bubblewrap
def test_the_environment_is_made_and_not_handed_on(
    inside: Inside, secrets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_TOKEN", "secret")
    monkeypatch.setenv("AUTOGRADER_TIME_FACTOR", "3")
    found = json.loads(inside("learner", PROBE, str(PACKAGE), *secrets).stdout)["environment"]
    expected = {"HOME", "LANG", "LOGNAME", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "TMPDIR", "USER"}
    # PWD, LC_CTYPE and the like are made by the programs on the way.
    assert set(found) - {"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"} - set(sandbox.PASSED_ON) == {
        *expected,
        *sandbox.GRADING,
    }
    assert found["AUTOGRADER_TIME_FACTOR"] == "3"


@needs_bubblewrap
def test_processes_network_and_names_are_its_own(seen: dict[str, Any]) -> None:
    assert seen["processes"] == sorted({1, seen["pid"]}) or len(seen["processes"]) <= 3
    assert seen["interfaces"] == [[1, "lo"]]
    assert seen["host name"] == "learner"
    for name, here in seen["namespaces"].items():
        assert here != os.readlink(f"/proc/self/ns/{name}"), name


@needs_bubblewrap
def test_it_has_no_rights_and_gets_none(seen: dict[str, Any]) -> None:
    status = seen["status"]
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert seen["user"] != 0
    # One group: its own. As an ordinary user what else there is has no number inside.
    assert set(seen["groups"]) <= {seen["user"], 65534}
    for name in ("user namespace", "mount", "limits of the first process", "trace", "raw socket", "settings"):
        assert seen[name] in ("EPERM", "EACCES", "EROFS"), name


@needs_bubblewrap
def test_there_is_no_memory_that_nobody_is_charged_for(seen: dict[str, Any]) -> None:
    assert [seen[name] for name in ("memfd", "shared pages", "shmget")] == ["EPERM"] * 3
    assert seen["zeroes"] == "EACCES"
    if seen["kind"] == "kernel":
        assert seen["files"] == [OPEN_FILES, OPEN_FILES]


@needs_bubblewrap
def test_sockets_reach_loopback_only(seen: dict[str, Any]) -> None:
    assert seen["packet socket"] == seen["host of a virtual machine"] == "EAFNOSUPPORT"
    assert seen["outside"] == "ENETUNREACH"
    if seen["kind"] == "learner":
        assert seen["closed connections"] == str(sandbox.CLOSED_CONNECTIONS)


@needs_bubblewrap
@pytest.mark.parametrize("kind", ["learner", "kernel"])
def test_what_honest_programs_need_works(inside: Inside, kind: str) -> None:
    done = inside(kind, WORKS)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["child", "asyncio", "run", "thread", [1, 2], 3, "127.0.0.1", 4, "::1"]


@needs_bubblewrap
def test_each_sandbox_of_root_has_a_user_of_its_own() -> None:
    chosen = Sandbox(locked=True)
    users = [[word for word in chosen.learner(Path("/tmp")) if word.startswith("--reuid=")] for _ in range(3)]
    if os.geteuid() == 0:
        assert len({user for (user,) in users}) == 3
        assert all(int(user.partition("=")[2]) >= sandbox.FIRST_USER_ID for (user,) in users)
    else:
        assert users == [[], [], []]


# Between the judge and the learner's sandbox.

SERVES = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    while True:
        connection, _ = server.accept()
        connection.sendall(b"from inside")
        connection.close()
"""

JUDGES = """
import json, socket, subprocess, sys
process = subprocess.Popen(json.loads(sys.argv[1]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
port = int(process.stdout.readline())
with socket.create_connection(("127.0.0.1", port), 5) as sock:
    print(sock.recv(100).decode(), flush=True)
process.kill()
"""

KNOCKS = """
import socket, sys
for host, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
    with socket.socket(family) as sock:
        try:
            sock.connect((host, int(sys.argv[1])))
            print("connected to", host)
        except OSError:
            pass
"""


@pytest.fixture
def files() -> Iterator[Path]:
    """An empty folder that everybody may read."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@needs_bubblewrap
def test_the_judge_reaches_ports_inside(files: Path) -> None:
    chosen = Sandbox(locked=True)
    inner = [*chosen.learner(files), sys.executable, "-P", "-c", SERVES]
    judge = [*chosen.judge, sys.executable, "-P", "-c", JUDGES, json.dumps(inner)]
    done = subprocess.run(judge, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "from inside\n", done.stderr


@needs_bubblewrap
def test_nobody_inside_reaches_the_loopback_of_the_machine(files: Path) -> None:
    chosen = Sandbox(locked=True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = str(server.getsockname()[1])
        for prefix in ([*chosen.judge, *chosen.learner(files)], chosen.judge):
            done = subprocess.run(
                [*prefix, sys.executable, "-P", "-c", KNOCKS, port],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert (done.returncode, done.stdout) == (0, ""), done.stderr
        with pytest.raises(TimeoutError):
            server.accept()


CLOSES = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    for _ in range(3000):
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        client.close()
        accepted.close()
with open("/proc/net/sockstat") as file:
    words = file.read().split()
print(words[words.index("tw") + 1])
"""


@needs_bubblewrap
def test_closed_connections_do_not_wear_out_the_ports(files: Path) -> None:
    chosen = Sandbox(locked=True)
    done = subprocess.run(
        [*chosen.judge, *chosen.learner(files), sys.executable, "-P", "-c", CLOSES],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=scaled(60),
        check=False,
    )
    assert 0 < int(done.stdout) <= sandbox.CLOSED_CONNECTIONS, done.stderr


# When the grader ends.

STAYS = """
import os, sys, time
child = os.fork()
if child == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(1)
    os._exit(0)
os.waitpid(child, 0)
print("running", flush=True)
while True:
    time.sleep(1)
"""

STARTS = """
import json, subprocess, sys, time
subprocess.Popen(json.loads(sys.argv[1]), stdin=subprocess.DEVNULL)
while True:
    time.sleep(1)
"""


@needs_bubblewrap
@pytest.mark.parametrize("killed", ["grader", "judge"])
def test_everything_inside_ends_with_the_grader_and_with_the_judge(files: Path, killed: str) -> None:
    chosen = Sandbox(locked=True)
    inner = [*chosen.learner(files), sys.executable, "-P", "-c", STAYS, "mark-of-the-inner"]
    judge = [*chosen.judge, sys.executable, "-P", "-c", STARTS, json.dumps(inner)]
    grader = subprocess.Popen(
        [sys.executable, "-P", "-c", STARTS, json.dumps(judge)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    learners: list[psutil.Process] = []
    try:
        assert grader.stdout is not None and grader.stdout.readline() == "running\n"
        below = psutil.Process(grader.pid).children(recursive=True)
        learners = [one for one in below if _last_word(one) == "mark-of-the-inner" and _is_python(one)]
        assert len(learners) >= 2  # the program, and the daemon that left it
        if killed == "grader":
            grader.kill()
        else:
            (of_judge,) = [one for one in below if _last_word(one) == json.dumps(inner) and _is_python(one)]
            of_judge.kill()
        # Reaped by whoever adopted them; a zombie runs nothing any more.
        until = time.monotonic() + scaled(20)
        while (left := [one for one in learners if _runs(one)]) and time.monotonic() < until:
            time.sleep(0.05)
        assert left == []
    finally:
        limits.end_tree(grader.pid)
        for one in learners:
            limits.end_tree(one.pid)
        grader.communicate()


def _last_word(process: psutil.Process) -> str:
    try:
        return process.cmdline()[-1]
    except (psutil.Error, IndexError):
        return ""


def _is_python(process: psutil.Process) -> bool:
    try:
        return "python" in process.name()
    except psutil.Error:
        return False


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


# Where it can't be had.


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is all of PATH, with what a sandbox needs but bubblewrap."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "prlimit", "choom", "setpriv"):
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"{name} is not installed")
        (folder / name).symlink_to(path)
    monkeypatch.setenv("PATH", str(folder))
    why_not.cache_clear()
    yield folder
    why_not.cache_clear()


def written(path: Path, text: str) -> None:
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    path.chmod(0o755)


def test_a_missing_program_is_named(programs: Path) -> None:
    assert why_not() == "The program bwrap is not installed."
    with pytest.raises(SandboxUnavailable) as refused:
        choose("bubblewrap")
    said = str(refused.value)
    assert said.startswith("The program bwrap is not installed.\nLearners' code is not graded without a sandbox.")
    assert "apt install bubblewrap" in said and "--sandbox none" in said and "user namespaces" in said


def test_what_bubblewrap_says_is_told(programs: Path) -> None:
    written(programs / "bwrap", "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    assert why_not() == "bubblewrap can't make its sandbox here: bwrap: No permissions to create new namespace"
    with pytest.raises(SandboxUnavailable, match="No permissions to create new namespace\nLearners' code is not"):
        choose("bubblewrap")


def test_a_bubblewrap_that_says_nothing_has_a_status(programs: Path) -> None:
    written(programs / "bwrap", "#!/bin/sh\nexit 7\n")
    assert why_not() == "bubblewrap can't make its sandbox here: exit status 7"


def test_a_missing_libseccomp_is_named(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(programs / "bwrap", "#!/bin/sh\nexit 0\n")

    def missing(path: Path) -> None:
        raise syscalls.NoFilter("the library libseccomp, version 2, is not installed")

    monkeypatch.setattr(syscalls, "write_filter", missing)
    sandbox._own_settings.cache_clear()
    try:
        assert why_not() == "The library libseccomp, version 2, is not installed."
    finally:
        sandbox._own_settings.cache_clear()


def test_on_another_system_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    why_not.cache_clear()
    try:
        assert why_not() == "There is no bubblewrap on this system: it is a program for Linux."
    finally:
        why_not.cache_clear()


def test_none_is_none() -> None:
    chosen = choose("none")
    assert not chosen.locked
    assert chosen.judge == chosen.learner(Path("/tmp")) == chosen.kernel(Path("/tmp"), Path("/tmp")) == ()
