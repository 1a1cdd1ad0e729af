"""The judge's end of one learner process: start it, ask it, watch it, end it with everything it started."""

from __future__ import annotations

import multiprocessing
import os
import queue
import shutil
import signal
import sys
import tempfile
import threading
import time
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import psutil

from autograder.judge import learner_process, limits, plain
from autograder.judge.places import read_waiting
from autograder.loopback.waits import seconds as scaled

LOOK_EVERY = 0.05
"""Seconds between two looks of the watch."""

PRELOAD = ["autograder.judge.learner_process", "asyncio", "selectors", "struct", "json", "ssl", "hashlib"]
"""Imported once in the forkserver, so that a fresh learner process has them at once; an assignment may name more."""


class Gone(Exception):
    """The learner's process ended; `sentence` says how, `limit` that we ended it because it crossed a limit."""

    def __init__(self, sentence: str, *, limit: bool) -> None:
        self.sentence, self.limit = sentence, limit
        super().__init__(sentence)


class ProcessFactory:
    """Starts learner processes, warm where the platform has a forkserver, and ends what they leave behind."""

    def __init__(self) -> None:
        methods = multiprocessing.get_all_start_methods()
        self._context: BaseContext = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            self._context.set_forkserver_preload(PRELOAD)
        self._directory = tempfile.TemporaryDirectory(prefix="judge-", ignore_cleanup_errors=True)
        self._count = 0
        self._alive: set[ProcessHandle] = set()
        self._known: set[int] = set()
        self._preloaded: set[str] = set()
        limits.adopt_orphans()

    def preload(self, modules: tuple[str, ...]) -> None:
        """Have these modules imported before learner processes start; where there is no forkserver, do nothing.

        A forkserver imports when it starts. One that lacks something is replaced by one that has it all, so the first
        check that needs a large library waits for it once, and not every learner process.
        """
        if set(modules) <= self._preloaded or self._context.get_start_method() != "forkserver":
            return
        self._preloaded |= set(modules)
        self._context.set_forkserver_preload([*PRELOAD, *sorted(self._preloaded)])
        # multiprocessing has no public name for this; its own tests use it.
        forkserver._forkserver._stop()  # type: ignore[attr-defined]

    def warm_up(self) -> None:
        """Start the forkserver and one process, so that the first check does not wait for it."""
        self.start().end()

    def start(self) -> ProcessHandle:
        """Start a fresh learner process."""
        self._count += 1
        place = Path(self._directory.name, str(self._count))
        place.mkdir()
        process = ProcessHandle(self, self._context, place, limits.Limits())
        if not self._alive:
            # Nothing of a learner's can be among our children now: these are the forkserver and its helper.
            self._known |= limits.children(os.getpid())
        self._alive.add(process)
        return process

    def ended(self, process: ProcessHandle) -> None:
        """Note that a process is over, and end what it left behind."""
        self._alive.discard(process)
        if not self._alive:
            limits.end_strays(self._known)

    def end_all(self) -> None:
        """End every learner process at once: the check was cancelled, or the judge stops."""
        for process in list(self._alive):
            process.end("the check was stopped")

    def close(self) -> None:
        """End everything and remove the files."""
        self.end_all()
        self._directory.cleanup()


class ProcessHandle:
    """One learner process as the judge sees it."""

    def __init__(self, factory: ProcessFactory, context: BaseContext, place: Path, allowed: limits.Limits) -> None:
        self._factory, self._place, self._allowed = factory, place, allowed
        self._output = place / limits.PRINTED
        self._output.touch()
        self._connection, theirs = context.Pipe()
        self._process = context.Process(  # type: ignore[attr-defined]
            target=learner_process.main, args=(theirs, str(place), allowed)
        )
        self._process.start()
        theirs.close()
        self.pid: int = self._process.pid
        self._next_id = 0
        self._answers: dict[int, queue.SimpleQueue[dict[str, Any] | None]] = {}
        self._lock = threading.Lock()
        self._because = ""
        self._over = threading.Event()
        self._finished = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        threading.Thread(target=self._watch, daemon=True).start()

    def ask(self, operation: str, **fields: Any) -> int:
        """Send a command; `answer` waits for what comes back under the number returned.

        Raises:
            Gone: the process is over.
        """
        with self._lock:
            self._next_id += 1
            number = self._next_id
            self._answers[number] = queue.SimpleQueue()
        try:
            self._connection.send_bytes(plain.encode({"id": number, "op": operation, **fields}))
        except OSError:
            raise self._gone() from None
        return number

    def answer(self, number: int, seconds: float) -> dict[str, Any]:
        """Wait for the next message that answers a command.

        Raises:
            TimeoutError: none came in time; the process goes on.
            Gone: the process ended.
        """
        try:
            message = self._answers[number].get(timeout=max(seconds, 0.001))
        except queue.Empty:
            if self._over.is_set():
                raise self._gone() from None
            raise TimeoutError from None
        if message is None:
            self._answers[number].put(None)
            raise self._gone()
        return message

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
            with self._output.open("rb") as file:
                return file.read(64 * 1024).decode(errors="replace")
        except OSError:
            return ""

    def end(self, because: str = "") -> None:
        """End the process and all it started; harmless when it is over."""
        if self._finished:
            return
        self._finished = True
        if because:
            self._because = self._because or because
        if self._process.exitcode is None:
            limits.end_tree(self.pid)
        self._process.join(scaled(5.0))
        self._over.set()
        self._factory.ended(self)
        # Only the reader closes the connection: closed here, its number could be the next process's connection
        # while the reader still reads from it.
        self._reader.join(scaled(1.0))
        shutil.rmtree(self._place, ignore_errors=True)

    def _read(self) -> None:
        while True:
            try:
                message = plain.decode(self._connection.recv_bytes(plain.MAX_BYTES))
                waiting = self._answers[message["id"]]
            except (EOFError, OSError):
                break
            except (ValueError, KeyError, TypeError, AttributeError):
                self._stop("your code's process sent something unreadable to the judge, so it was stopped")
                break
            waiting.put(message)
        self._over.set()
        self._connection.close()
        with self._lock:
            for waiting in self._answers.values():
                waiting.put(None)

    def _watch(self) -> None:
        while not self._over.wait(LOOK_EVERY):
            try:
                printed = self._output.stat().st_size
            except OSError:
                return
            if printed > self._allowed.output:
                self._stop(
                    f"it printed more than {self._allowed.output // limits.MIB} MiB and was stopped; "
                    "is there a print in an endless loop?"
                )
            elif len(limits.descendants(self.pid)) > self._allowed.processes:
                self._stop(f"it started more than {self._allowed.processes} processes and was stopped")
            elif sys.platform != "linux" and limits.memory_of(self.pid) > self._allowed.memory:
                self._stop(f"it used more than {self._allowed.memory // limits.MIB} MiB of memory and was stopped")

    def _stop(self, because: str) -> None:
        self._because = self._because or because
        limits.end_tree(self.pid)

    def _gone(self) -> Gone:
        self._process.join(scaled(1.0))
        if self._because:
            return Gone(self._because, limit=True)
        code = self._process.exitcode
        match code:
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
