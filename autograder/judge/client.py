"""The kernel's end of the judge: one judge process for the kernel's whole life, started early."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, cast

from autograder.judge.channel import Channel
from autograder.loopback.waits import seconds as scaled

START = "from autograder.judge.server import main; main()"


class JudgeBroke(RuntimeError):
    """The judge ended or complained: the grader's fault, never the learner's."""


class NoSuchExercise(LookupError):
    """There is no exercise of that name."""


class Judge:
    """A judge process. Starting it returns at once; the first check waits until it is ready.

    Args:
        prefix: a command that runs the judge's own command after it, passing standard input and output on.
        sandbox: a command that runs the command after it in a sandbox: learner processes are below it. Standard input
            must be passed on; /tmp and the home, if they are its own, are emptied after each requirement.
    """

    def __init__(self, prefix: Sequence[str] = (), sandbox: Sequence[str] = ()) -> None:
        self._log = tempfile.TemporaryFile()
        # -P: a learner's file socket.py in the notebook's folder must not become the judge's socket module.
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-P", "-c", START, *sandbox],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if os.path.isdir(entry))},
            **_apart(),
        )
        self._channel = Channel(cast(BinaryIO, self._process.stdout), cast(BinaryIO, self._process.stdin))
        self._messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._next_id = 0
        threading.Thread(target=self._read, name="judge-reader", daemon=True).start()

    @property
    def pid(self) -> int:
        """The judge's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Is the process there?"""
        return self._process.poll() is None

    def check(
        self, exercise: str, payload: dict[str, Any], *, seed: int, hidden: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Run one check; yield its events as they come, the last one ``end``.

        When the iteration is left early (an interrupt), the check is stopped and its processes are ended.

        Raises:
            NoSuchExercise: the judge knows no exercise of that name.
            JudgeBroke: the judge ended, or its check file is broken.
        """
        self._next_id += 1
        number = self._next_id
        self._send(
            {
                "op": "check",
                "id": number,
                "exercise": exercise,
                "payload": payload,
                "seed": seed,
                "hidden": hidden,
            }
        )
        with self._stopped_when_left():
            while True:
                message = self._receive()
                if message.get("id") != number:
                    continue  # "ready", or the rest of a check that was stopped
                match message["event"]:
                    case "no such exercise":
                        raise NoSuchExercise(message["sentence"])
                    case "broke":
                        raise JudgeBroke(message["sentence"])
                    case "end":
                        yield message
                        return
                    case _:
                        yield message

    def cancel(self) -> None:
        """Stop the check that runs; from any thread. What it has found by then is its report."""
        with suppress(OSError):
            self._channel.send({"op": "cancel"})

    def renew(self, sandbox: Sequence[str] | None = None) -> None:
        """Run the next checks in the sandbox that this command makes; without one, in a fresh one of the same command.

        What earlier checks left is gone in any case: a sandbox in which something is left is not used again.
        """
        self._send({"op": "renew", "sandbox": None if sandbox is None else list(sandbox)})

    def close(self) -> None:
        """End the judge; it ends its learner processes."""
        with suppress(OSError):
            cast(BinaryIO, self._process.stdin).close()  # the rest of the channel only when nobody reads from it
        try:
            self._process.wait(scaled(5.0))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._channel.close()
        self._log.close()

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._channel.send(message)
        except OSError as error:
            raise JudgeBroke(self._last_words()) from error

    def _receive(self) -> dict[str, Any]:
        while True:
            try:
                # In slices: on Windows a plain wait can't be interrupted.
                message = self._messages.get(timeout=0.2)
            except queue.Empty:
                continue
            if message is None:
                raise JudgeBroke(self._last_words())
            return message

    def _read(self) -> None:
        while True:
            try:
                self._messages.put(self._channel.receive())
            except (EOFError, OSError, ValueError):
                self._messages.put(None)
                return

    @contextmanager
    def _stopped_when_left(self) -> Iterator[None]:
        try:
            yield
        except (KeyboardInterrupt, GeneratorExit):
            self.cancel()
            raise

    def _last_words(self) -> str:
        try:
            self._log.seek(0)
            log = self._log.read()[-2000:].decode(errors="replace").strip()
        except (OSError, ValueError):
            log = ""
        code = self._process.poll()
        return f"The grader broke, not your code: the judge ended (status {code}).\n{log}".rstrip()


def _apart() -> dict[str, Any]:
    """Its own session (a process group on Windows): an interrupt of the kernel is not one of the judge."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


_judge: tuple[int, Judge] | None = None
"""The judge and the process that started it: a fork must not talk to its parent's."""
_starting = threading.Lock()


def the_judge() -> Judge:
    """This process's judge, started at the first call, started anew if it ended or if this process was forked."""
    global _judge
    with _starting:
        if _judge is None or _judge[0] != os.getpid() or not _judge[1].alive:
            _judge = os.getpid(), Judge()
        return _judge[1]


def run_check(
    exercise: str,
    payload: dict[str, Any],
    *,
    seed: int,
    hidden: bool = False,
    on_event: Callable[[dict[str, Any]], None] = lambda event: None,
) -> dict[str, Any]:
    """Run one check on this process's judge and return its last event."""
    last: dict[str, Any] = {}
    for event in the_judge().check(exercise, payload, seed=seed, hidden=hidden):
        on_event(event)
        last = event
    return last
