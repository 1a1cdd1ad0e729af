"""The zygote: a process that has imported everything, never runs learner code, and is forked for each requirement.

`starting.Zygote` starts it, in a sandbox or not, with one end of a Unix socket as its standard input. Messages as in
`passing`, each with a number `id` that the answer repeats:

=============  =================================================  =================================================
``op``         fields                                             answer
=============  =================================================  =================================================
``begin``      ``modules`` to import, ``sandboxed``, ``foreign``  ``pid``: its own, as it is seen from inside
``import``     ``modules``                                        empty
``fork``       ``place``, ``limits``, and two open files:         ``pid`` of the learner process as it is seen from
               its connection, what it prints to                  inside; or ``why`` there is none
``kernel``     ``arguments`` of `kernel_process.main`             ``pid`` or ``why``, as above
``end``        ``pid``: that process and all below it             empty, when it is gone
``end all``                                                       ``clean``: nothing is left of learner code
=============  =================================================  =================================================

When a learner process has ended, the zygote says ``{"ended": pid, "code"}``, the code as `subprocess` counts it.
When the socket ends, it ends all and exits.

With ``bwrap --as-pid-1`` the zygote is the first process of its pid namespace (pid_namespaces(7)): orphans become its
children, one kill reaches all, and a signal from inside that it has no handler for does nothing, not even SIGKILL.
Elsewhere it adopts orphans where the system lets it (Linux), and walks the tree to end them.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import shutil
import signal
import socket
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from autograder.judge import learner_process, limits, passing


def main() -> None:
    """Serve the judge over standard input until it is gone."""
    Zygote(socket.socket(fileno=0)).serve()
    os._exit(0)


def scratch_folders() -> list[Path]:
    """The folders where programs may leave files: the home, /tmp, shared memory."""
    named = [os.environ.get("HOME"), "/tmp", "/var/tmp", "/dev/shm"]
    return [Path(name) for name in named if name and Path(name).is_dir()]


def identity(folder: Path) -> list[int]:
    """What tells a folder from every other one on this machine, whatever it is called: device and inode."""
    status = folder.stat()
    return [status.st_dev, status.st_ino]


class Zygote:
    """The zygote's own end: one thread, one message after another."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._learners: set[int] = set()
        self._sandboxed = False
        self._own_folders: dict[Path, set[str]] = {}
        """Emptied after each requirement, but for what was shown there from the beginning: where the course lies."""
        self._is_used_once = False

    def serve(self) -> None:
        """Do what the judge asks for until its end of the socket closes."""
        limits.die_first()  # before the next line makes its files in /proc root's
        limits.allow_tracing(False)
        limits.adopt_orphans()
        learner_process.prepare()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Python's own handler would let one through to a pid 1
        signal.signal(signal.SIGCHLD, _nothing)
        woken, waker = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector, contextlib.suppress(EOFError, OSError):
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if woken in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(woken, 4096)
                    self._reap()
                if self._control.fileno() in ready:
                    message, files = passing.receive(self._control, max_files=2)
                    passing.send(self._control, {"id": message["id"]} | self._do(message, files))
        with contextlib.suppress(OSError):
            self._end_all()

    def _do(self, message: dict[str, Any], files: list[int]) -> dict[str, Any]:
        match message["op"]:
            case "begin":
                return self._begin(message)
            case "import":
                self._import(message["modules"])
            case "fork":
                return self._fork(lambda: self._become_learner(message, *files), files)
            case "kernel":
                return self._fork(lambda: self._become_kernel(message["arguments"]), files)
            case "end":
                self._end(message["pid"])
            case "end all":
                return {"clean": self._end_all()}
        return {}

    def _begin(self, message: dict[str, Any]) -> dict[str, Any]:
        self._sandboxed = message["sandboxed"]
        if self._sandboxed:
            # A folder is the sandbox's own when it is none of the judge's: nothing else is ever emptied.
            self._own_folders = {
                folder: {path.name for path in folder.iterdir()}
                for folder in scratch_folders()
                if identity(folder) not in message["foreign"] and os.access(folder, os.W_OK)
            }
            # The folders above what is shown are an ordinary user's own: learner code could leave something in there.
            shown = [Path(folder, name) for folder, names in self._own_folders.items() for name in names]
            self._is_used_once = any(os.access(path, os.W_OK) for path in shown)
        self._import(message["modules"])
        return {"pid": os.getpid()}

    def _import(self, modules: list[str]) -> None:
        for name in modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        gc.collect()
        gc.freeze()  # so that a collection in a learner process leaves these pages shared

    def _fork(self, become: Callable[[], None], files: list[int]) -> dict[str, Any]:
        try:
            pid = os.fork()
            if pid == 0:
                self._become(become)
        except OSError as error:
            return {"why": str(error)}
        finally:
            for number in files:
                os.close(number)
        self._learners.add(pid)
        return {"pid": pid}

    def _become(self, become: Callable[[], None]) -> NoReturn:
        try:
            limits.allow_tracing(True)  # the judge looks at it, in /proc
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            become()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def _become_learner(self, message: dict[str, Any], connection: int, printed: int) -> None:
        allowed = limits.Limits(**message["limits"])
        learner_process.main(Connection(connection), printed, message["place"], allowed, self._sandboxed)

    def _become_kernel(self, arguments: list[str]) -> None:
        from autograder.judge import kernel_process  # only a kernel's sandbox has imported it

        kernel_process.main(arguments)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._tell(pid, status)

    def _tell(self, pid: int, status: int) -> None:
        if pid in self._learners:
            self._learners.discard(pid)
            passing.send(self._control, {"ended": pid, "code": os.waitstatus_to_exitcode(status)})

    def _end(self, pid: int) -> None:
        if pid in self._learners:
            limits.end_tree(pid)
            self._tell(*os.waitpid(pid, 0))

    def _end_all(self) -> bool:
        if os.getpid() == 1:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                while True:
                    self._tell(*os.waitpid(-1, 0))
        else:
            for pid, status in limits.end_strays(set()).items():
                self._tell(pid, status)
            if limits.children(os.getpid()):
                return False
        left = [folder for folder, shown in self._own_folders.items() if not _emptied(folder, shown)]
        return not left and not self._is_used_once


def _emptied(folder: Path, shown: set[str]) -> bool:
    """Remove all from a folder but what is shown in it; return whether nothing else is left.

    No other process may be at work in it.
    """
    for entry in os.scandir(folder):
        if entry.name in shown:
            continue
        # Folders nested too deep for us, or without permissions, stay: then the sandbox is not used again.
        with contextlib.suppress(OSError, RecursionError):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
    return set(os.listdir(folder)) <= shown


def _nothing(signal_number: int, frame: object) -> None:
    """A handler, so that the signal wakes the selector."""
