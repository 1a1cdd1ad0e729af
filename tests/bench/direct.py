"""The requirements of an exercise run directly: no judge, no process apart, no pytest.

The probes are the same functions as in the check file, on the same sockets; only the `learner` fixture is another
one, which calls the answer in this process. What a check costs beyond this is the price of the judge.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from autograder.judge.recipes import Recipe
from autograder.loopback import RecordedSocket, connect


class DirectRunning:
    """A started call in a thread of this process."""

    def __init__(self, answer: Callable[..., Any], arguments: list[Any]) -> None:
        self._sockets = arguments
        self._thread = threading.Thread(target=answer, args=arguments, daemon=True)
        self.address: tuple[str, int] = arguments[0].getsockname()[:2]
        self._thread.start()

    def connect(self, *, title: str = "", **options: Any) -> RecordedSocket:
        """Connect to it."""
        return connect(self.address, title=title, **options)

    def ended(self, seconds: float = 2.0) -> None:
        """Wait for its end."""
        self._thread.join(seconds)

    @property
    def still_running(self) -> bool:
        """Has it not returned?"""
        return self._thread.is_alive()

    def stop_listening(self) -> None:
        """Shut down and close its listener."""
        for sock in self._sockets:
            sock.shutdown(2)
            time.sleep(0.1)  # as the judge does
            sock.close()


class DirectHandle:
    """A socket that was made beforehand."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method of the socket."""
        return getattr(self.sock, method)(*arguments)


class DirectLearner:
    """The part of `autograder.judge.learner.Learner` that a server's requirements use."""

    cpu_seconds = 0.0

    def __init__(self, answer: Callable[..., Any]) -> None:
        self._answer = answer
        self._running: list[DirectRunning] = []

    def start(self, *arguments: Any) -> DirectRunning:
        """Start the answer in a thread."""
        made = [self.make(item).sock if isinstance(item, Recipe) else item.sock for item in arguments]
        self._running.append(DirectRunning(self._answer, made))
        return self._running[-1]

    def make(self, recipe: Recipe) -> DirectHandle:
        """Make a recipe's socket."""
        return DirectHandle(recipe.make())

    def instrument(self, **_: Any) -> None:
        """Nothing is changed in this process."""

    def is_waiting(self) -> bool:
        """Told by the time alone."""
        return True

    def open_sockets(self) -> int:
        """Not counted: in this process both ends of a conversation would be."""
        return 0

    def close(self) -> None:
        """Stop what runs."""
        for running in self._running:
            for sock in running._sockets:
                try:
                    sock.shutdown(2)
                    sock.close()
                except OSError:
                    pass


def run(module: ModuleType, answer: Callable[..., Any], seed: int) -> float:
    """Run all requirements of a check file on an answer; return the seconds taken.

    Raises:
        AssertionError, …: a requirement does not hold.
    """
    started = time.perf_counter()
    for name, test in list(vars(module).items()):
        if name.startswith("test_"):
            learner = DirectLearner(answer)
            given = {
                "learner": learner,
                "rng": random.Random(f"{seed} {name}"),
                "likely": lambda condition, sentence: None,
            }
            wanted = test.__code__.co_varnames[: test.__code__.co_argcount]
            test(**{key: given[key] for key in wanted})
            learner.close()
    return time.perf_counter() - started
