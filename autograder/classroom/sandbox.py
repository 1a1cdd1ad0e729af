"""The sandbox around learner code: command lines for bubblewrap, and whether it can run here.

What is inside sees a read-only system, this Python, the part of `autograder` that it needs, a home and a /tmp of its
own that are empty, limited in size and gone afterwards, loopback, and its own processes. Not there: other files, the
environment, the checks, the gradebook, other submissions, any network, any other process. `syscalls` says what it can't
ask of the kernel.

Three command prefixes, since the judge's probes talk to learner code over loopback and nothing else may:

========  ===========================================================================================
judge     trusted: everything as it is, but a network of its own with nothing except loopback
learner   inside of the judge's network: the zygote whose children run the learner's functions
kernel    the notebook's kernel, in a third network; it talks to us over Unix sockets in one folder
========  ===========================================================================================

An ordinary user's sandbox has a user namespace. Root's has none, but a user id that owns nothing: with a user
namespace, root's files would still be its own.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import autograder
from autograder.classroom import syscalls
from autograder.loopback.waits import seconds as scaled

MIB = 1024 * 1024

HOME = "/home/learner"
"""The home and the working folder of learner code."""

HANDED_IN = "/handed-in"
"""Where the kernel's sandbox finds the files handed in beside the notebook; they are copied into the home."""

SCRATCH = 64 * MIB
"""Bytes that each of /tmp, /dev/shm and the home can hold; they lie in memory."""

KERNEL_MEMORY = 4096 * MIB
"""Bytes of address space of one process of the kernel's sandbox: libraries reserve much more than they use."""

PROCESSES = 256
"""Processes and threads of a kernel's sandbox."""

OPEN_FILES = 1024
"""Open files and sockets of one process of the kernel's sandbox, a usual limit."""

PARTS = ("__init__.py", "notebook.py", "progress.py", "judge", "loopback", "report", "wire")
"""What learner code sees of the package: not the checks, not the classroom."""

SYSTEM_SETTINGS = (
    "alternatives",
    "fonts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
)
"""What is shown of /etc."""

CLOSED_CONNECTIONS = 1000
"""Closed connections whose ports stay taken (TIME_WAIT, RFC 9293 section 3.6.1); all ports are 28 times as many."""

OWN_SETTINGS = {
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "passwd": f"learner:x:65534:65534:learner:{HOME}:/bin/sh\n",
    "group": "learner:x:65534:\n",
}
"""What /etc holds besides: nothing of this machine's names and people."""

PASSED_ON = ("AUTOGRADER_TIME_FACTOR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "TZ")
"""Variables of the environment that learner code gets, where they are set: they are about the machine."""

FILTER = "seccomp"
"""The file of `syscalls`, beside `OWN_SETTINGS`."""

GRADING = {"AUTOGRADER_JUDGE": "outside", "NBGRADER_EXECUTION": "autograde"}
"""Variables that tell `check` in the notebook's kernel that it is not the one who checks."""

FIRST_USER_ID = 0x7000_0000
"""Root's sandboxes have user ids from here on, each its own: far above those of people and services."""


class SandboxUnavailable(RuntimeError):
    """Learner code can't be locked up here; the text says why, and the ways out."""


WAYS_OUT = """\
Learners' code is not graded without a sandbox. The ways out:
  - install bubblewrap and libseccomp (Debian, Ubuntu: apt install bubblewrap libseccomp2; Fedora: dnf install
    bubblewrap libseccomp), on Linux;
  - allow user namespaces, which bubblewrap needs when you are not root: sysctl kernel.unprivileged_userns_clone=1 on
    older Debian systems; on Ubuntu 24.04 and newer an AppArmor profile for /usr/bin/bwrap;
  - in a container (JupyterHub, CI): allow it to make namespaces, or grade on the host; see autograder/README.md;
  - on a machine that holds nothing else: --sandbox none, and learner code runs with your rights."""

NO_SANDBOX = (
    "NO SANDBOX: learners' code runs with your rights. It can read and change your files, the gradebook and other "
    "submissions, reach the network, and change its own points."
)


@dataclass(frozen=True)
class Sandbox:
    """A way to lock learner code up; `locked` is False where there is none."""

    locked: bool

    @property
    def judge(self) -> tuple[str, ...]:
        """The prefix of the judge's command."""
        if not self.locked:
            return ()
        # Its network outlives a submission, and so do the ports of connections that were closed, for a minute.
        few_closed = f'echo {CLOSED_CONNECTIONS} > /proc/sys/net/ipv4/tcp_max_tw_buckets; exec "$@"'
        network = ("bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent")
        if os.geteuid() == 0:
            return (*network, "--", "sh", "-c", few_closed, "sh")
        without_rights = ("setpriv", "--inh-caps=-all", "--ambient-caps=-all")
        return (*network, "--cap-add", "CAP_NET_ADMIN", "--", "sh", "-c", few_closed, "sh", *without_rights)

    def learner(self, files: Path) -> tuple[str, ...]:
        """The prefix of the zygote's command.

        Args:
            files: a folder with what was handed in beside the notebook: the home, read-only.
        """
        if not self.locked:
            return ()
        return (*_base(), *_shown(files, Path(HOME)), *_closed(), *_command(as_user=_next_user()))

    def kernel(self, files: Path, channels: Path) -> tuple[str, ...]:
        """The prefix of the kernel's command.

        Args:
            files: as for `learner`; the home is a copy of it.
            channels: the folder of the kernel's sockets and connection file. It belongs to learner code from now on.
        """
        if not self.locked:
            return ()
        user = _next_user()
        if user:
            for path in (channels, *channels.iterdir()):
                os.chown(path, user, user, follow_symlinks=False)
        return (
            *_base(),
            *_folders_above(Path(HOME)),
            *_scratch(HOME),
            "--unshare-net",
            *_shown(files, Path(HANDED_IN)),
            *_folders_above(channels),
            *("--bind", str(channels), str(channels)),
            *_closed(),
            *_command(as_user=user),
            *("prlimit", f"--as={KERNEL_MEMORY}", f"--nproc={PROCESSES}", f"--fsize={SCRATCH}", "--core=0"),
            f"--nofile={OPEN_FILES}",
            *("choom", "--adjust", "1000", "--"),
            *("sh", "-c", f'cp -R {HANDED_IN}/. . ; exec "$@"', "sh"),
        )


def choose(name: str) -> Sandbox:
    """The sandbox of a name: ``bubblewrap``, or ``none``.

    Raises:
        SandboxUnavailable: bubblewrap can't run here.
    """
    if name == "none":
        return Sandbox(locked=False)
    reason = why_not()
    if reason:
        raise SandboxUnavailable(f"{reason}\n{WAYS_OUT}")
    return Sandbox(locked=True)


@functools.cache
def why_not() -> str:
    """Why learner code can't be locked up here, as a sentence; empty where it can. Tries it once."""
    if sys.platform != "linux":
        return "There is no bubblewrap on this system: it is a program for Linux."
    for program in ("bwrap", "prlimit", "choom", "setpriv"):
        if shutil.which(program) is None:
            return f"The program {program} is not installed."
    try:
        _own_settings()
    except syscalls.NoFilter as error:
        return f"{str(error)[:1].upper()}{str(error)[1:]}."
    sandbox = Sandbox(locked=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        inner = [*sandbox.learner(Path(folder)), sys.executable, "-c", "import autograder.judge.zygote"]
        try:
            tried = subprocess.run(
                [*sandbox.judge, *inner], stdin=subprocess.DEVNULL, capture_output=True, timeout=scaled(60), check=False
            )
        except subprocess.TimeoutExpired:
            return "A program in bubblewrap's sandbox did not end."
    if tried.returncode == 0:
        return ""
    said = tried.stderr.decode(errors="replace").strip()
    if "No module named" in said or "ermission denied" in said and "Python" in said:
        said += "\nLearner code runs as a user of its own: that one must be able to read this Python and the course."
    return f"bubblewrap can't make its sandbox here: {said[-600:] or f'exit status {tried.returncode}'}"


_users = itertools.count(secrets.randbelow(0x0F00_0000))


def _next_user() -> int:
    """A user id for one more sandbox; 0 for an ordinary user, whose sandboxes have user namespaces."""
    return FIRST_USER_ID + next(_users) if os.geteuid() == 0 else 0


def _base() -> Iterator[str]:
    yield from ("sh", "-c", 'exec "$@" 9<"$0"', str(_own_settings() / FILTER))
    if os.geteuid() == 0:
        # What ends with its parent is killed with the parent's rights, and bubblewrap's root has none over another
        # user. Over its own first process it has, and that takes all below it along.
        yield from ("bwrap", "--dev-bind", "/", "/", "--unshare-pid", "--die-with-parent", "--")
    yield from ("bwrap", "--seccomp", "9", "--as-pid-1", "--die-with-parent", "--new-session")
    yield from ("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", "learner")
    if os.geteuid() != 0:
        yield from ("--unshare-user", "--uid", "65534", "--gid", "65534")
    yield from ("--cap-drop", "ALL", "--clearenv")
    for name, value in _environment().items():
        yield from ("--setenv", name, value)
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--ro-bind", "/dev/null", "/dev/zero")  # which, mapped, would be memory of nobody, see `syscalls`
    yield from _scratch("/dev/shm")
    yield from _scratch("/tmp")  # before what is shown, for Python or the course may lie in there
    for path in _system():
        if path.is_symlink():
            yield from ("--symlink", os.readlink(path), str(path))
        else:
            yield from _shown(path)
    yield from _folders_above(Path("/etc/ssl/certs"))
    for name in SYSTEM_SETTINGS:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    for name in OWN_SETTINGS:
        yield from _shown(_own_settings() / name, Path("/etc", name))
    for path in _python():
        yield from _shown(path)
    yield from _package()


def _shown(path: Path, at: Path | None = None) -> Iterator[str]:
    """Show a file or folder read-only, at its own place unless another is named."""
    yield from _folders_above(at or path)
    yield from ("--ro-bind", str(path), str(at or path))


def _folders_above(path: Path) -> Iterator[str]:
    """Bubblewrap makes missing folders for itself alone, where learner code of another user id can't pass."""
    for folder in reversed(path.parents[:-1]):
        yield from ("--dir", str(folder))


def _scratch(path: str) -> Iterator[str]:
    yield from ("--perms", "1777", "--size", str(SCRATCH), "--tmpfs", path)


def _closed() -> Iterator[str]:
    """Bubblewrap's own tmpfs behind / and /dev would take files without a limit."""
    yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME)


def _command(as_user: int) -> Iterator[str]:
    if not as_user:
        yield "--"
        return
    yield from ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP", "--", "setpriv")
    yield from (f"--reuid={as_user}", f"--regid={as_user}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all")
    yield from ("--pdeathsig", "KILL", "--")  # which a change of user clears


def _environment() -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return passed_on | GRADING | {
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "LOGNAME": "learner",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(_root()),
        "TMPDIR": "/tmp",
        "USER": "learner",
    }


def _system() -> list[Path]:
    named = [Path("/usr"), *(Path("/", name) for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"))]
    return [path for path in named if path.exists()]


def _python() -> list[Path]:
    """This Python and its libraries, where they are not below /usr."""
    found = {Path(name) for name in (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)}
    found |= {path.resolve() for path in found} | {Path(os.path.realpath(sys.executable)).parents[1]}
    return sorted(path for path in found if path.parts[1] != "usr")


def _root() -> Path:
    return Path(autograder.__file__).resolve().parents[1]


def _package() -> Iterator[str]:
    package = _root() / "autograder"
    if any(path in package.parents for path in [Path("/usr"), *_python()]):
        # Installed among Python's libraries, it is there as a whole: hide it.
        yield from ("--tmpfs", str(package))
    for name in PARTS:
        yield from _shown(package / name)


@functools.cache
def _own_settings() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sandbox-etc-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    for name, text in OWN_SETTINGS.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o644)
    syscalls.write_filter(folder / FILTER)
    return folder
