"""The judge's end of one learner process: start it, ask it, watch it, end it with everything it started."""

from __future__ import annotations

import contextlib
import math
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from autograder.judge import limits, plain
from autograder.judge.places import read_waiting
from autograder.judge.starting import CannotStart, Spawner, Started, Starter, Zygote, ZygoteGone
from autograder.loopback.waits import seconds as scaled

LOOK_EVERY = 0.05
"""Seconds between two looks of the watch."""

QUICK_LOOKS, SLOW = 20, 4
"""After so many looks, so many times as long between two: who waits for a second waits for something, and each look
takes part of a millisecond that another learner's check could use."""

LOOKS_AT_MEMORY = 10
"""At every so many looks the watch looks at the memory of a process that is alone: its own limit holds on Linux."""

TAKE_SECONDS = 10.0
"""Time for a process to take a command. It has a thread for that, and no command is long."""

MOST_MESSAGES = 2
"""Messages that answer one command: that its sockets are ready, and how it ended."""

MOST_WAITING = 2 * plain.MAX_BYTES
"""Bytes of messages that nobody has asked for yet; more would fill the judge's memory."""

PRELOAD = ("asyncio", "selectors", "struct", "json", "ssl", "hashlib", "encodings.idna")
"""Imported once, so that a fresh learner process has them at once (the last one is what getaddrinfo needs); an
assignment may name more."""

UNREADABLE = "your code's process sent something unreadable to the judge, so it was stopped"


class Gone(Exception):
    """The learner's process ended; `sentence` says how, `limit` that we ended it because it crossed a limit."""

    def __init__(self, sentence: str, *, limit: bool) -> None:
        self.sentence, self.limit = sentence, limit
        super().__init__(sentence)


class ProcessFactory:
    """Starts learner processes, warm where the system can fork, and ends what they leave behind.

    Args:
        sandbox: a command, such as bubblewrap's, that runs the command after it in a sandbox; empty: no sandbox.
    """

    def __init__(self, sandbox: Sequence[str] = ()) -> None:
        self._sandbox = tuple(sandbox)
        self._directory = tempfile.TemporaryDirectory(prefix="judge-", ignore_cleanup_errors=True)
        self._count = 0
        self._alive: set[ProcessHandle] = set()
        self._preloaded = list(PRELOAD)
        self._changing = threading.Lock()
        self._starter: Starter | None = None
        self._known: set[int] = set()
        limits.adopt_orphans()  # those of a zygote that was killed

    @property
    def sandboxed(self) -> bool:
        """Do learner processes run in a sandbox?"""
        return bool(self._sandbox)

    def preload(self, modules: Sequence[str]) -> None:
        """Have these modules imported before learner processes start; where processes are not forked, do nothing."""
        new = [name for name in modules if name not in self._preloaded]
        self._preloaded += new
        if new and self._starter is not None and self._starter.alive:
            try:
                self._starter.load(new)
            except ZygoteGone:
                pass  # the next one imports all

    def warm_up(self) -> None:
        """Start one process, so that the first check does not wait for the imports."""
        self.start().end()

    def start(self) -> ProcessHandle:
        """Start a fresh learner process.

        Raises:
            CannotStart: this machine or the sandbox does not let us.
        """
        for _ in range(2):
            self._count += 1
            try:
                place = Path(self._directory.name, str(self._count))
                process = ProcessHandle(self, self._living(), place)
            except ZygoteGone:
                continue  # it was killed since we looked
            self._alive.add(process)
            return process
        raise CannotStart("the process that starts learner processes ended, and so did its successor")

    def end(self, process: ProcessHandle, started: Started) -> None:
        """End a process, and what learner code left behind when it was the last one."""
        self._alive.discard(process)
        self.stop(started, alone=not self._alive)

    def stop(self, started: Started, *, alone: bool | None = None) -> None:
        """End a process and what it started, orphans included if it is the only one."""
        starter = self._starter
        if starter is None:
            return
        if not starter.end(started, all_else=len(self._alive) < 2 if alone is None else alone):
            self.renew()

    def tree(self, pid: int) -> set[int]:
        """A learner process and what it started, orphans included if it is the only one."""
        below = {pid} | limits.descendants(pid)
        if len(self._alive) < 2 and self._starter is not None:
            below |= self._starter.below()
        return below

    def end_all(self) -> None:
        """End every learner process at once: the check was cancelled, or the judge stops."""
        for process in list(self._alive):
            process.end("the check was stopped")

    def renew(self, sandbox: Sequence[str] | None = None) -> None:
        """Start a zygote in the sandbox that a command makes; without one, in a fresh sandbox of the same command.

        A sandbox of that very command stays in use: after each requirement nothing was left in it, or it was ended.
        """
        with self._changing:
            if sandbox is not None and tuple(sandbox) == self._sandbox and self._starter is not None:
                return
            self._end_starter()
            if sandbox is not None:
                self._sandbox = tuple(sandbox)
        with contextlib.suppress(CannotStart):  # the next process says so
            self._living()

    def close(self) -> None:
        """End everything and remove the files."""
        self.end_all()
        with self._changing:
            self._end_starter()
        remove(Path(self._directory.name))
        self._directory.cleanup()

    def _living(self) -> Starter:
        with self._changing:
            if self._starter is None or not self._starter.alive:
                self._end_starter()
                self._known = limits.children(os.getpid())
                if sys.platform == "win32":
                    self._starter = Spawner()
                else:
                    self._starter = Zygote(self._sandbox, self._preloaded)
            return self._starter

    def _end_starter(self) -> None:
        if self._starter is None:
            return
        was_alive = self._starter.alive
        self._starter.close()
        self._starter = None
        if not was_alive and sys.platform == "linux":
            limits.end_strays(self._known)  # what it could not end came to us


class ProcessHandle:
    """One learner process as the judge sees it.

    Args:
        factory: ends it.
        starter: starts it.
        place: a path that is free: its folder for temporary files, where it has no sandbox.
    """

    def __init__(self, factory: ProcessFactory, starter: Starter, place: Path) -> None:
        self._factory, self._allowed = factory, limits.Limits()
        self._place = None if factory.sandboxed else place
        if self._place is not None:
            self._place.mkdir()
        printed = place.with_suffix(".printed")
        # Read by this descriptor only: learner code may put a link where it finds a path.
        self._output = printed.open("x+b", buffering=0)
        try:
            self._started, self._connection = starter.start(self._place, printed, self._allowed)
        except BaseException:
            self._output.close()
            raise
        finally:
            if sys.platform != "win32":
                printed.unlink()
        self.pid: int = self._started.pid
        self._next_id = 0
        self._answers: dict[int, queue.SimpleQueue[tuple[dict[str, Any], int] | None]] = {}
        self._asked: dict[int, float] = {}
        self._took: dict[int, float] = {}
        self._came: Counter[int] = Counter()
        self._waiting = 0
        self._sending = threading.Lock()
        self._sending_since: float | None = None
        self._lock = threading.Lock()
        self._because = ""
        self._over = threading.Event()
        self._finished = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def ask(self, operation: str, **fields: Any) -> int:
        """Send a command; `answer` waits for what comes back under the number returned.

        Raises:
            Gone: the process is over.
        """
        with self._lock:
            self._next_id += 1
            number = self._next_id
            self._answers[number] = queue.SimpleQueue()
            self._asked[number] = time.monotonic()
        command = plain.encode({"id": number, "op": operation, **fields})
        with self._sending:
            if self.over:
                raise self._gone()
            self._sending_since = time.monotonic()
            try:
                self._connection.send_bytes(command)
            except OSError:
                raise self._gone() from None
            finally:
                self._sending_since = None
        return number

    def answer(self, number: int, seconds: float) -> dict[str, Any]:
        """Wait for the next message that answers a command.

        Raises:
            TimeoutError: none came in time; the process goes on.
            Gone: the process ended.
        """
        try:
            came = self._answers[number].get(timeout=max(seconds, 0.001))
        except queue.Empty:
            if self._over.is_set():
                raise self._gone() from None
            raise TimeoutError from None
        if came is None:
            self._answers[number].put(None)
            raise self._gone()
        message, size = came
        with self._lock:
            self._waiting -= size
        return message

    def took(self, number: int) -> float:
        """Seconds between a command and the last message that answered it, by our own clock."""
        return self._took.get(number, 0.0)

    def answered(self, number: int) -> bool:
        """Has the next message that answers a command come, or can none come any more?"""
        return self.over or not self._answers[number].empty()

    def where(self) -> list[dict[str, Any]] | None:
        """Where its threads are in learner code; None if Python itself does not respond there."""
        try:
            return read_waiting(self.answer(self.ask("where"), scaled(0.5))["waiting"])
        except (TimeoutError, Gone, KeyError, TypeError, ValueError):
            return None

    @property
    def over(self) -> bool:
        """Has the process ended?"""
        return self._over.is_set()

    @property
    def cpu_seconds(self) -> float:
        """Seconds of processor time used so far; 0.0 when it is gone."""
        try:
            times = psutil.Process(self.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    def is_computing(self) -> bool:
        """Does its main thread compute, rather than wait for something? Looks for a tenth of a second.

        Asked is whether it could run, not how long it ran: on a loaded machine a busy loop gets little time.
        """
        try:
            process = psutil.Process(self.pid)
            if sys.platform == "win32":  # where the state is always "running"
                before = self.cpu_seconds
                time.sleep(0.1)
                return self.cpu_seconds - before > 0.05
            looks = []
            for _ in range(10):
                time.sleep(0.01)
                looks.append(process.status() == psutil.STATUS_RUNNING)
            return sum(looks) > len(looks) / 2
        except psutil.Error:
            return False

    def is_waiting(self) -> bool:
        """Does every thread of it wait, so that none could run now? Where there is no /proc: the process as a whole."""
        states = limits.thread_states(self.pid)
        if states:
            return all(state == "S" for state in states)
        try:
            return bool(psutil.Process(self.pid).status() != psutil.STATUS_RUNNING)
        except psutil.Error:
            return True

    def open_sockets(self) -> int:
        """How many sockets the process has open, as the operating system counts (its channel to us included)."""
        links = Path(f"/proc/{self.pid}/fd")
        try:
            if links.is_dir():
                return sum(_is_socket(link) for link in links.iterdir())
            return len(psutil.Process(self.pid).net_connections("inet"))
        except (OSError, psutil.Error):
            return 0

    @property
    def printed(self) -> str:
        """What it printed, standard output and standard error together; 64 KiB at most."""
        try:
            self._output.seek(0)
            return self._output.read(64 * 1024).decode(errors="replace")
        except (OSError, ValueError):
            return ""

    def end(self, because: str = "") -> None:
        """End the process and all it started; harmless when it is over."""
        with self._lock:
            if self._finished:
                return
            self._finished = True
        if because:
            self._because = self._because or because
        self._factory.end(self, self._started)
        self._over.set()
        # Only the reader closes the connection: closed here, its number could be the next process's connection
        # while the reader still reads from it. So with the watch and the output.
        self._reader.join(scaled(1.0))
        self._watcher.join(scaled(1.0))
        self._output.close()
        if self._place is not None:
            remove(self._place)

    def _read(self) -> None:
        while True:
            try:
                self._take(self._connection.recv_bytes(plain.MAX_BYTES))
            except (EOFError, ConnectionError):
                break
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                self._stop(UNREADABLE)
                break
        self._over.set()
        if not self._sending.acquire(timeout=scaled(0.2)):
            self._factory.stop(self._started)  # it closed one direction, and takes nothing in the other
            self._sending.acquire()
        self._connection.close()
        self._sending.release()
        with self._lock:
            for waiting in self._answers.values():
                waiting.put(None)

    def _take(self, encoded: bytes) -> None:
        """Take one message; a ValueError, KeyError, TypeError or AttributeError if it is none that can come now."""
        arrived = time.monotonic()
        message = plain.decode(encoded)
        number = message["id"]
        waiting = self._answers[number]
        self._came[number] += 1
        with self._lock:
            self._waiting += len(encoded)
            if self._came[number] > MOST_MESSAGES or self._waiting > MOST_WAITING:
                raise ValueError("more answers than questions")
        self._took[number] = arrived - self._asked[number]
        waiting.put((message, len(encoded)))

    def _watch(self) -> None:
        looks = 0
        files = limits.files_in_scratch(self.pid)
        quick: float = QUICK_LOOKS
        if sys.platform != "linux":
            quick = math.inf  # nothing but the watch limits memory
        elif self._place is None:
            quick = 0  # its sandbox limits processes and files, too
        while not self._over.wait(LOOK_EVERY if looks < quick else SLOW * LOOK_EVERY):
            looks += 1
            sending_since = self._sending_since
            tree = self._factory.tree(self.pid)
            look_at_memory = len(tree) > 1 or looks % LOOKS_AT_MEMORY == 0 or sys.platform != "linux"
            if os.fstat(self._output.fileno()).st_size > self._allowed.output:
                self._stop(
                    f"it printed more than {self._allowed.output // limits.MIB} MiB and was stopped; "
                    "is there a print in an endless loop?"
                )
            elif len(tree) - 1 > self._allowed.processes:
                self._stop(f"it started more than {self._allowed.processes} processes and was stopped")
            elif len(tree) > 1 and limits.open_files(tree) > self._allowed.open_in_all:
                self._stop(
                    f"it and what it started had more than {self._allowed.open_in_all} files and sockets open, "
                    "and were stopped"
                )
            elif self._place is None and limits.files_in_scratch(self.pid) - files > self._allowed.files:
                self._stop(f"it made more than {self._allowed.files:,} files and was stopped")
            elif look_at_memory and limits.uses_more(tree, self._allowed.memory):
                self._stop(f"it used more than {self._allowed.memory // limits.MIB} MiB of memory and was stopped")
            elif sending_since is not None and time.monotonic() - sending_since > scaled(TAKE_SECONDS):
                self._stop("it did not take what the judge sent to it, and was stopped")

    def _stop(self, because: str) -> None:
        self._because = self._because or because
        self._factory.stop(self._started)

    def _gone(self) -> Gone:
        code = self._started.wait(scaled(1.0))
        if self._because:
            return Gone(self._because, limit=True)
        match code:
            case None if self._started.lost:
                how = "its process was ended together with the one that started it; does your code end others?"
            case None:
                how = "it closed its channel to the judge and gave no answer"
            case 0:
                how = "it ended its own process (os._exit(0)?) before it answered"
            case _ if code < 0:
                name = signal.Signals(-code).name if -code in signal.valid_signals() else str(-code)
                how = f"its process crashed or was killed: signal {name}"
            case _:
                how = f"its process ended with exit status {code} before it answered"
        return Gone(how, limit=False)


def _is_socket(link: Path) -> bool:
    try:
        return str(link.readlink()).startswith("socket:")
    except OSError:
        return False


def remove(folder: Path) -> None:
    """Remove a folder and all in it, as far as possible."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:  # folders in folders, a thousand deep
        subprocess.run(["rm", "-rf", "--", str(folder)], stderr=subprocess.DEVNULL, check=False)
