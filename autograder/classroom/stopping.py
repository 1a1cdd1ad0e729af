"""Ends what other threads are at work on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class CalledOff(Exception):
    """Nobody wants the notebook's verdicts any more."""


class Stoppable(Protocol):
    """Something that another thread can end."""

    def kill(self) -> None:
        """End it."""


class Stop:
    """Lets another thread end the notebooks that `execution.run` is at work on; their kernels are killed."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._asked = False
        self._running: set[Stoppable] = set()

    @property
    def asked(self) -> bool:
        """Was everything called off?"""
        return self._asked

    def ask(self) -> None:
        """End all that runs, and let nothing more begin."""
        with self._changing:
            self._asked = True
            running = list(self._running)
        for one in running:
            one.kill()

    @contextmanager
    def covering(self, one: Stoppable) -> Iterator[None]:
        """What runs inside is ended by `ask`."""
        with self._changing:
            self._running.add(one)
        try:
            yield
        finally:
            with self._changing:
                self._running.remove(one)
