"""Where submissions are run and judged: on this machine. `cluster` has the same on the workers of a Dask cluster."""

from __future__ import annotations

import threading
from typing import Protocol

from nbformat import NotebookNode

from autograder.classroom.sandbox import Sandbox
from autograder.classroom.station import Station
from autograder.classroom.stopping import CalledOff, Stop
from autograder.classroom.submission import Submission
from autograder.classroom.verdicts import Verdicts

Done = list[tuple[NotebookNode, Verdicts]]
"""The notebooks of one submission with their outputs, and what was decided about them."""


class Unusable(RuntimeError):
    """Nothing more can be graded, whatever was handed in; the text says why."""


class Place(Protocol):
    """Where submissions are run and judged; several threads use it."""

    at_once: int
    """Submissions that had better be on their way at the same time, each in a thread that waits for it."""

    def run(self, notebooks: list[Submission]) -> Done:
        """Run and judge the notebooks of one submission.

        Raises:
            CalledOff: after `call_off`.
            Exception: something of ours failed, and failed twice.
        """

    def leave(self) -> None:
        """The calling thread runs nothing more."""

    def call_off(self) -> None:
        """End what runs, with all of its processes, and let nothing more begin; takes a few seconds."""

    def complaint(self) -> str:
        """Why nothing goes on just now, in a few words; usually empty."""


class Workplace:
    """Threads of this process, each with its station: what takes time is elsewhere, in kernels and learner processes.

    Args:
        sandbox: what learner code is locked up in.
        at_once: submissions at the same time.
    """

    def __init__(self, sandbox: Sandbox, at_once: int = 1) -> None:
        self.at_once = at_once
        self._sandbox = sandbox
        self._mine = threading.local()
        self._changing = threading.Lock()
        self._stations: set[Station] = set()
        self._busy = 0
        self._stop = Stop()

    @property
    def busy(self) -> bool:
        """Is a submission at work?"""
        return self._busy > 0

    def run(self, notebooks: list[Submission]) -> Done:
        """Run and judge the notebooks of one submission, at this thread's station."""
        with self._changing:
            if self._stop.asked:
                raise CalledOff
            if not hasattr(self._mine, "station"):
                self._mine.station = Station(self._sandbox, self._stop)
                self._stations.add(self._mine.station)
            self._busy += 1
        try:
            return [self._mine.station.run(one) for one in notebooks]
        except Exception as error:
            if self._stop.asked:  # whatever fails then
                raise CalledOff from error
            raise
        finally:
            with self._changing:
                self._busy -= 1

    def leave(self) -> None:
        """Close this thread's station."""
        if hasattr(self._mine, "station"):
            station: Station = self._mine.station
            del self._mine.station
            station.close()
            with self._changing:
                self._stations.discard(station)

    def call_off(self) -> None:
        """Kill all kernels, and close all stations."""
        self._stop.ask()
        with self._changing:
            stations = list(self._stations)
        closing = [threading.Thread(target=station.close, daemon=True) for station in stations]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()

    def complaint(self) -> str:
        """None: this machine is here."""
        return ""
