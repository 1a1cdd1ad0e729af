"""The judge process: takes one check after another from its channel, runs the requirements, sends the events.

Started by `client.Judge`; it lives as long as the kernel does, and ends when the channel ends.

Its command line ends with the command of the learner processes' sandbox, if there is one.

Messages in:  ``{"op": "check", "id", "exercise", "payload", "seed", "hidden"}``, ``{"op": "cancel"}``, and
``{"op": "renew", "sandbox"}``: the next checks are in a fresh sandbox, made by that command.
Messages out: ``{"event": "ready"}`` once, and for a check, each with its ``id``: ``begin``, ``requirement`` for every
one, then ``end`` with the report; or, instead of all these, ``no such exercise`` or ``broke``.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from typing import Any, BinaryIO

from autograder.judge import catalogue
from autograder.judge.channel import Channel
from autograder.judge.plugin import CheckPlugin
from autograder.judge.process import ProcessFactory
from autograder.judge.session import CheckSession
from autograder.loopback.waits import seconds as scaled


def main() -> None:
    """Serve the parent over standard input and output until it is gone."""
    # The channel gets the real standard output; whatever else in this process prints goes to standard error.
    writer: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for variable in ("CI", "BUILD_NUMBER"):
        # With one of these set, pytest works out the whole difference of two values, minutes for megabytes of bytes.
        os.environ.pop(variable, None)
    for variable in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[variable]  # learner code talks to this computer only, and never by way of a proxy
    channel = Channel(os.fdopen(os.dup(0), "rb"), writer)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    server = Server(channel, sys.argv[1:])
    try:
        server.serve()
    except BaseException:
        traceback.print_exc()
    # Threads that still read from a learner's process must not hold the judge.
    sys.stderr.flush()
    os._exit(0)


class Server:
    """One judge. `serve` runs checks in the main thread; another thread listens, so that a check can be stopped.

    Args:
        channel: to the kernel.
        sandbox: the command of the learner processes' sandbox; empty: none.
    """

    def __init__(self, channel: Channel, sandbox: Sequence[str] = ()) -> None:
        self._channel = channel
        self._factory = ProcessFactory(sandbox)
        self._checks: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._plugin = CheckPlugin(self._factory)
        self._session = CheckSession(catalogue.SETTINGS, self._plugin)

    def serve(self) -> None:
        """Run checks until the channel ends."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._factory.warm_up()
        self._session.serve(self._take_requests)
        self._factory.close()

    def _take_requests(self) -> None:
        with contextlib.suppress(OSError):
            self._channel.send({"event": "ready"})
            while (request := self._checks.get()) is not None:
                if request["op"] == "renew":
                    self._factory.renew(request["sandbox"])
                    continue
                self._channel.send({"id": request["id"], **self._check(request)})

    def _listen(self) -> None:
        while True:
            try:
                message = self._channel.receive()
            except (EOFError, OSError, ValueError) as error:
                if isinstance(error, ValueError):
                    print(f"the kernel sent something that is not a message: {error}", file=sys.stderr)
                self._cancel()
                self._checks.put(None)
                # The main thread ends the process, unless a check file computes there: that must not outlive a kernel.
                time.sleep(scaled(3.0))
                self._factory.close()
                os._exit(0)
            if message["op"] == "cancel":
                self._cancel()
            else:
                self._checks.put(message)

    def _cancel(self) -> None:
        self._plugin.cancelled = True
        self._factory.end_all()

    def _check(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            path = catalogue.path_of(request["exercise"])
        except catalogue.NoSuchExercise as error:
            return {"event": "no such exercise", "sentence": str(error)}

        def emit(event: dict[str, Any]) -> None:
            self._channel.send({"id": request["id"], **event})

        plugin = self._plugin
        plugin.begin(request["payload"], emit, seed=request["seed"], hidden=request["hidden"])
        started = time.monotonic()
        complaint = self._session.run(path)
        plugin.report.seconds = time.monotonic() - started
        if complaint:
            return {"event": "broke", "sentence": f"The grader broke, not your code:\n{complaint[-3000:]}"}
        return {"event": "end", "report": plugin.report.to_plain(), "cancelled": plugin.cancelled}
