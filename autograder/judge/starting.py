"""The judge's end of what starts learner processes: a zygote, where the system can fork; else multiprocessing's spawn.

Both start, end and tell the end of a `Started` process. Whatever comes from a zygote is checked: it runs no learner
code, but it may run in a sandbox together with some.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from autograder.judge import learner_process, limits, passing, zygote
from autograder.loopback.waits import seconds as scaled

START = "from autograder.judge.zygote import main; main()"

BEGIN_SECONDS = 30.0
"""Time for a zygote to start and to import all that it was told to."""

ACT_SECONDS = 5.0
"""Time for it to do anything else."""


class CannotStart(RuntimeError):
    """Learner processes can't be started: this machine's or its sandbox's fault, with what was said about it."""


class ZygoteGone(Exception):
    """The zygote has ended, or does not answer and was ended."""


class Started:
    """A learner process as it was started. `pid` is its id as we see it; 0 if it ended before it was found."""

    def __init__(self, pid: int, inner: int) -> None:
        self.pid, self.inner = pid, inner
        self.lost = False
        """The zygote ended before it could tell how this process did."""
        self._code: int | None = None
        self._ended = threading.Event()

    def wait(self, seconds: float) -> int | None:
        """Wait for its end; return its exit code as `subprocess` counts it, None if it goes on or nobody knows."""
        self._ended.wait(seconds)
        return self._code

    @property
    def over(self) -> bool:
        """Has it ended?"""
        return self._ended.is_set()

    def tell(self, code: int | None) -> None:
        """It has ended."""
        self._code, self.lost = code, code is None
        self._ended.set()


class Starter(Protocol):
    """What starts learner processes."""

    @property
    def alive(self) -> bool:
        """Can it start more?"""

    def load(self, modules: Sequence[str]) -> None:
        """Have modules imported before processes start, if that is possible."""

    def start(self, place: Path | None, printed: Path, allowed: limits.Limits) -> tuple[Started, Connection]:
        """Start one process; arguments as for `learner_process.main`. Raises ZygoteGone, CannotStart."""

    def end(self, started: Started, *, all_else: bool) -> bool:
        """End a process and all below it, and wait for that.

        Args:
            started: the process.
            all_else: end everything else, too, that learner code started.

        Returns:
            Can this go on starting processes? Not if it is gone, or if something of learner code's is left.
        """

    def below(self) -> set[int]:
        """All processes, learner code's children and orphans included, as far as they can be told from others."""

    def close(self) -> None:
        """End everything, itself too."""


class Zygote:
    """A zygote (see `zygote`), started at once; the first request waits until it is ready.

    Args:
        sandbox: a command that runs the command after it in a sandbox, passing standard input on; empty: no sandbox.
        modules: to be imported first.
    """

    def __init__(self, sandbox: Sequence[str], modules: Sequence[str]) -> None:
        self._sandboxed = bool(sandbox)
        self._said = tempfile.TemporaryFile()
        self._control, theirs = socket.socketpair()
        path = os.pathsep.join(entry for entry in sys.path if os.path.isdir(entry))
        try:
            self._process = subprocess.Popen(
                [*sandbox, sys.executable, "-P", "-c", START],
                stdin=theirs.fileno(),
                stdout=self._said,
                stderr=self._said,
                env=os.environ | {"PYTHONPATH": path},
                start_new_session=True,
            )
        except OSError as error:
            self._control.close()
            raise CannotStart(f"{[*sandbox, sys.executable][0]} can't be started: {error}") from error
        finally:
            theirs.close()
        self._pid = 0 if self._sandboxed else self._process.pid
        self._next_id = 0
        self._lock = threading.Lock()
        self._answers: dict[int, queue.SimpleQueue[dict[str, Any] | None]] = {}
        self._started: dict[int, Started] = {}
        self._forks: dict[int, Started] = {}
        self._gone = False
        foreign = [zygote.identity(folder) for folder in zygote.scratch_folders()]
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._begun: int | None = self._send("begin", modules=list(modules), sandboxed=self._sandboxed, foreign=foreign)

    @property
    def alive(self) -> bool:
        """Is it there, as far as we know?"""
        return not self._gone

    def load(self, modules: Sequence[str]) -> None:
        """Import more."""
        self._wait_until_ready()
        self._answer(self._send("import", modules=list(modules)), BEGIN_SECONDS)

    def start(self, place: Path | None, printed: Path, allowed: limits.Limits) -> tuple[Started, Connection]:
        """Fork a learner process."""
        self._wait_until_ready()
        ours, theirs = socket.socketpair()
        try:
            with theirs, printed.open("ab") as file:
                fields = {"place": None if place is None else str(place), "limits": vars(allowed)}
                started = self._forked(self._send("fork", (theirs.fileno(), file.fileno()), **fields))
            return started, Connection(ours.detach())
        finally:
            ours.close()

    def start_kernel(self, arguments: Sequence[str]) -> Started:
        """Fork a process that becomes a notebook's kernel; arguments as for `kernel_process.main`."""
        self._wait_until_ready()
        return self._forked(self._send("kernel", arguments=list(arguments)))

    def _forked(self, number: int) -> Started:
        answer = self._answer(number, ACT_SECONDS)
        started = self._forks.pop(number)
        if "why" in answer:
            raise CannotStart(f"a process can't be forked: {str(answer['why'])[:200]}")
        return started

    def end(self, started: Started, *, all_else: bool) -> bool:
        """End a process and all below it, or all that there is."""
        if all_else:
            return self.end_all()
        try:
            self._answer(self._send("end", pid=started.inner), ACT_SECONDS)
        except ZygoteGone:
            return False
        return True

    def end_all(self) -> bool:
        """End everything but itself; return whether nothing is left of learner code, no process and no file."""
        try:
            return self._answer(self._send("end all"), ACT_SECONDS).get("clean") is True
        except ZygoteGone:
            return False

    @property
    def root(self) -> int:
        """The process that everything in the sandbox is below, as we see it."""
        return self._process.pid

    def below(self) -> set[int]:
        """All processes below it."""
        return limits.descendants(self._pid) if self._pid else set()

    def close(self) -> None:
        """End it and everything below it: it does that itself, or is killed."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        self._reader.join(scaled(ACT_SECONDS))
        self._kill()
        self._reader.join(scaled(ACT_SECONDS))
        self._process.wait()
        self._said.close()

    def said(self) -> str:
        """What it, or its sandbox's command, wrote to standard error."""
        return os.pread(self._said.fileno(), 2000, 0).decode(errors="replace").strip()

    def _wait_until_ready(self) -> None:
        with self._lock:
            number, self._begun = self._begun, None
        if number is None:
            return
        try:
            inner = self._answer(number, BEGIN_SECONDS)["pid"]
        except (ZygoteGone, KeyError):
            raise CannotStart(f"the process that starts learner processes did not start: {self.said()}") from None
        if self._sandboxed:
            # The command before it may have become it, or may be its parent, and it may have its own pid namespace.
            found = {self._process.pid} | limits.descendants(self._process.pid)
            alike = [pid for pid in found if limits.pids_inside(pid)[-1:] == [inner]]
            self._pid = max(alike, key=lambda pid: len(limits.pids_inside(pid)), default=0)  # the innermost
            if not self._pid:
                raise CannotStart("the processes of the sandbox can't be seen in /proc")

    def _seen_from_here(self, inner: int) -> int:
        """Our number of a child of the zygote."""
        if not self._sandboxed:
            return inner
        levels = len(limits.pids_inside(self._pid))
        for pid in limits.children(self._pid):
            inside = limits.pids_inside(pid)
            if len(inside) == levels and inside[-1] == inner:
                return pid
        return 0

    def _send(self, operation: str, files: tuple[int, ...] = (), **fields: Any) -> int:
        with self._lock:
            self._next_id += 1
            number = self._next_id
            self._answers[number] = queue.SimpleQueue()
            if self._gone:
                self._answers[number].put(None)
                return number
            if operation in ("fork", "kernel"):
                self._forks[number] = Started(0, 0)
            with contextlib.suppress(OSError):  # gone: the reader sees it, too
                passing.send(self._control, {"id": number, "op": operation, **fields}, files)
        return number

    def _answer(self, number: int, seconds: float) -> dict[str, Any]:
        try:
            answer = self._answers[number].get(timeout=scaled(seconds))
        except queue.Empty:
            self._kill()
            answer = None
        del self._answers[number]
        if answer is None:
            raise ZygoteGone
        return answer

    def _read(self) -> None:
        with contextlib.suppress(EOFError, OSError, ValueError, KeyError, TypeError):
            while True:
                self._take(passing.receive(self._control)[0])
        self._kill()
        # Closed here alone: closed elsewhere, its number could be another file's while we still read from it.
        with self._lock:
            self._control.close()
            for waiting in self._answers.values():
                waiting.put(None)
        for started in self._started.values():
            if started.pid:
                limits.end_tree(started.pid)
            started.tell(None)

    def _take(self, message: dict[str, Any]) -> None:
        """Take one message; a KeyError, ValueError or TypeError if it is none that can come now."""
        if "ended" in message:
            self._started.pop(message["ended"]).tell(int(message["code"]))
            return
        number = message["id"]
        if number in self._forks and "pid" in message:
            started = self._forks[number]
            started.inner = int(message["pid"])
            started.pid = self._seen_from_here(started.inner)
            self._started[started.inner] = started
        self._answers[number].put(message)

    def _kill(self) -> None:
        self._gone = True
        limits.end_tree(self._process.pid)


class Spawner:
    """Windows has no fork: each process is a new Python that imports everything anew."""

    alive = True

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")

    def load(self, modules: Sequence[str]) -> None:
        """Nothing: no process outlives another here."""

    def start(self, place: Path | None, printed: Path, allowed: limits.Limits) -> tuple[Started, Connection]:
        """Start a new Python."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_spawned, args=(theirs, str(printed), str(place), allowed))
        process.start()
        theirs.close()
        started = Started(process.pid or 0, process.pid or 0)

        def wait() -> None:
            process.join()
            started.tell(process.exitcode)

        threading.Thread(target=wait, daemon=True).start()
        return started, ours

    def end(self, started: Started, *, all_else: bool) -> bool:
        """End a process and all below it; nothing more can be told from other processes."""
        if started.wait(0) is None:
            limits.end_tree(started.pid)
        started.wait(scaled(ACT_SECONDS))
        return True

    def below(self) -> set[int]:
        """None that `limits.descendants` does not tell."""
        return set()

    def close(self) -> None:
        """Nothing."""


def _spawned(*arguments: Any) -> None:
    learner_process.prepare()
    learner_process.main(*arguments)
