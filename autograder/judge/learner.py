"""The `learner` fixture: call the learner's code, or start it and talk to it over a socket."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from functools import partial
from typing import Any

from autograder.judge.exercise import Exercise
from autograder.judge.failures import Ended, Failure, NotPlainAnswer, Raised, Silent, WrongAnswer
from autograder.judge.places import read_error
from autograder.judge.process import Gone, ProcessFactory, ProcessHandle
from autograder.judge.recipes import Recipe
from autograder.loopback import RecordedSocket, connect
from autograder.loopback.waits import seconds as scaled
from autograder.wire import Transcript, quote

LOAD_SECONDS = 5.0
"""Time to open the payload: it may import a library for the first time."""

UNREADABLE = "its process sent something unreadable to the judge"

SLACK_SECONDS = 0.5
"""How much longer than the learner's process says a call may seem to us to have taken: the way there and back."""

SPREAD_SECONDS = 0.2
"""How long an exception may take from the learner's process to here, once its socket told us that it ended."""


class Learner:
    """The learner's code in a process of its own, made at first use and ended by `close`."""

    def __init__(
        self, factory: ProcessFactory, exercise: Exercise, payload: dict[str, Any], patience: float = 1.0
    ) -> None:
        self._factory, self._exercise, self._payload = factory, exercise, payload
        self._patience = patience
        self._started: ProcessHandle | None = None
        self._loaded = self._used = False
        self._running: list[Running] = []
        self.calls: list[str] = []
        """What was called, as a learner would write it; the report's SENT begins with these."""
        self.transcripts: list[Transcript] = []
        """The recorded conversations of this requirement, in the order they began."""
        self.elapsed: float = 0.0
        """Seconds that the last call took, measured around it in the learner's process.

        That one may lie, so it is what our own clock allows: no more than until the answer came, and not much less.
        """

    # What checks use.

    def __call__(self, *arguments: object, seconds: float = 2.0) -> Any:
        """Call the learner's object and return its answer, which is plain data.

        Args:
            arguments: plain data, recipes, handles.
            seconds: the deadline, before scaling.

        Raises:
            Failure: it raised, was silent, ended its process, or answered with something that is not plain.
        """
        return self._finish(self._begin(arguments), seconds).get("value")

    def keep(self, *arguments: object, seconds: float = 2.0) -> Handle:
        """Call the learner's object and keep over there what it returns: an object of a class, else a socket.

        Raises:
            Failure: as a call does; WrongAnswer where a function did not return a socket.
        """
        call = self._begin(arguments, keep=True)
        answer = self._finish(call, seconds)
        if self._exercise.kind == "class":
            return Handle(self, answer, name=self._exercise.object_name)
        if not answer["is_socket"]:
            raise WrongAnswer(
                call.text, f"{self._exercise.name} must return a socket; it returned {_a(answer['type'])}"
            )
        return Handle(self, answer)

    def make(self, recipe: Recipe) -> Handle:
        """Make a recipe's object now, so that it can be an argument of several calls."""
        call = self._ask(f"making {type(recipe).__name__}", "make", recipe=recipe.to_plain())
        return Handle(self, self._finish(call, 2.0), word=recipe.word)

    def start(self, *arguments: object) -> Running:
        """Start a call that goes on while the check talks to it; returns as soon as its sockets are made."""
        return self._run(self._begin(arguments))

    def serve(self, *arguments: object) -> Running:
        """Call the learner's object, which makes an ASGI application, and serve that with uvicorn.

        A request that comes before uvicorn is ready waits in the listener's queue.
        """
        return self._run(self._begin(arguments, operation="serve"))

    def _run(self, call: _Call) -> Running:
        running = Running(self, call)
        self._running.append(running)
        return running

    def must_raise(
        self,
        expected: type[BaseException] | tuple[type[BaseException], ...],
        *arguments: object,
        seconds: float = 2.0,
    ) -> None:
        """Call the learner's object and see that it raises one of the exceptions.

        Raises:
            WrongAnswer: it returned, or raised another.
            Failure: as a call does.
        """
        self._must_raise(expected, self._begin(arguments), seconds)

    def _must_raise(
        self, expected: type[BaseException] | tuple[type[BaseException], ...], call: _Call, seconds: float
    ) -> None:
        wanted = expected if isinstance(expected, tuple) else (expected,)
        names = " or ".join(kind.__name__ for kind in wanted)
        try:
            answer = self._finish(call, seconds)
        except Raised as raised:
            if raised.is_a(*wanted):
                return
            raised.wanted = names
            raise
        except NotPlainAnswer as other:
            raise WrongAnswer(call.text, f"{names} must be raised; it returned {_a(other.type_name)}") from None
        value = answer.get("value")
        shown = quote(value) if isinstance(value, bytes) else repr(value)[:200]
        raise WrongAnswer(call.text, f"{names} must be raised; it returned {shown}")

    def instrument(self, *, short_send: int | None = None, hold_sockets: bool = False) -> None:
        """Change ``socket.socket`` in the learner's process; before the first call, and in a fresh process.

        Args:
            short_send: ``send`` takes at most so many bytes, as send(2) allows it to.
            hold_sockets: sockets that were never closed stay open even when nobody refers to them.
        """
        if self._used:
            raise RuntimeError("instrument comes before the first call")
        if self._loaded and self._started is not None:  # what was loaded may have the sockets as they were
            self._started.end()
            self._started, self._loaded = None, False
        process = self._process(load=False)
        process.answer(process.ask("instrument", short_send=short_send, hold_sockets=hold_sockets), scaled(2.0))

    @property
    def cpu_seconds(self) -> float:
        """Seconds of processor time that the learner's process used so far."""
        return self._process().cpu_seconds

    def is_waiting(self) -> bool:
        """Does every thread of the learner's process wait for something?"""
        return self._process().is_waiting()

    def open_sockets(self) -> int:
        """How many sockets the learner's process has open; compare two readings, the first after `make` or a call."""
        return self._process().open_sockets()

    @property
    def printed(self) -> str:
        """What learner code printed so far."""
        return self._started.printed if self._started else ""

    # What the plugin uses.

    def shape(self) -> dict[str, Any]:
        """Open the payload and return what is in it (`shape.shape_of`).

        Raises:
            Failure: it raised while it was opened, hung, or ended the process.
        """
        call = self._ask("loading it", "load", payload=self._payload, name=self._exercise.name)
        self._loaded = True
        shape: dict[str, Any] = self._finish(call, LOAD_SECONDS)["shape"]
        return shape

    def sudden_end(self) -> Exception | None:
        """The failure behind a broken conversation: a started call that raised or ended meanwhile, if one did."""
        for running in self._running:
            try:
                running.ended(SPREAD_SECONDS)
            except Silent:
                continue
            except Exception as failure:
                return failure
        return None

    def silence(self, call: str, seconds: float) -> Silent:
        """A `Silent` failure for now: the stack is taken at once."""
        if self._started is None or self._started.over:
            return Silent(call, seconds, None, computing=False)
        return Silent(call, seconds, self._started.where(), computing=self._started.is_computing())

    @property
    def current_call(self) -> str:
        """The last call as text."""
        return self.calls[-1] if self.calls else self._exercise.name

    def close(self) -> None:
        """Close the clients and end the process."""
        for running in self._running:
            running.hang_up()
        if self._started is not None:
            self._started.end()

    # How it is done.

    def _process(self, load: bool = True) -> ProcessHandle:
        if self._started is None:
            self._started = self._factory.start()
        if load and not self._loaded:
            self.shape()
        return self._started

    def _begin(self, arguments: tuple[object, ...], *, operation: str = "call", keep: bool = False) -> _Call:
        text = _call_text(self._exercise.name, arguments)
        self._process()
        self.calls.append(text)
        call = self._ask(text, operation, arguments=[_pack(argument) for argument in arguments], keep=keep)
        ready = self._wait(call, scaled(LOAD_SECONDS))
        try:
            call.addresses = [(str(host), int(port)) for host, port in ready["addresses"]]
        except (KeyError, TypeError, ValueError):
            raise Ended(text, UNREADABLE) from None
        return call

    def _finish(self, call: _Call, seconds: float) -> dict[str, Any]:
        return self._wait(call, scaled(seconds * self._patience))

    def _ask(self, text: str, operation: str, **fields: Any) -> _Call:
        """Send a command about a call, of which `text` is what a learner would write."""
        self._used = self._used or operation != "load"
        try:
            return _Call(self._process(load=operation != "load").ask(operation, **fields), text)
        except Gone as gone:
            raise Ended(text, gone.sentence, limit=gone.limit) from None

    def _wait(self, call: _Call, deadline: float) -> dict[str, Any]:
        """The next message that answers a call, or the failure that it tells of; `deadline` in real seconds."""
        process = self._process(load=False)
        try:
            answer = process.answer(call.number, deadline)
        except TimeoutError:
            raise self.silence(call.text, deadline) from None
        except Gone as gone:
            raise Ended(call.text, gone.sentence, limit=gone.limit) from None
        try:
            self.elapsed = _believed(float(answer.get("elapsed", 0.0)), process.took(call.number))
            match answer["kind"]:
                case "raised":
                    raise Raised(read_error(answer["error"]), call.text)
                case "not plain":
                    raise NotPlainAnswer(call.text, str(answer["where"]), str(answer["type"]), str(answer["why"]))
                case "no application":
                    name, type_name = self._exercise.name, str(answer["type"])
                    raise WrongAnswer(call.text, f"{name} must return an ASGI application; it returned {_a(type_name)}")
                case "not made":
                    raise RuntimeError(str(answer["why"]))  # the check file's mistake or this machine's
            return answer
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Ended(call.text, UNREADABLE) from None


class _Call:
    """A call under way: its number, its text, the addresses of the sockets among its arguments."""

    def __init__(self, number: int, text: str) -> None:
        self.number, self.text = number, text
        self.addresses: list[tuple[str, int]] = []


class Running:
    """A started call. Its conversations are recorded and part of the report."""

    def __init__(self, learner: Learner, call: _Call) -> None:
        self._learner, self._call = learner, call
        self._answer: Callable[[], Any] | None = None
        self._clients: list[RecordedSocket] = []

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the first socket among the arguments."""
        return self._call.addresses[0]

    def connect(self, *, title: str = "", **options: Any) -> RecordedSocket:
        """Connect to it; the conversation is recorded.

        Args:
            title: what the report calls this client, where there are several.
            options: those of `autograder.loopback.connect`.
        """
        options.setdefault("timeout", 2.0 * self._learner._patience)
        client = connect(self.address, title=title or f"client {len(self._learner.transcripts) + 1}", **options)
        self._learner.transcripts.append(client.transcript)
        self._clients.append(client)
        return client

    def hang_up(self) -> None:
        """Close every client that `connect` made."""
        for client in self._clients:
            client.close()

    def ended(self, seconds: float = 2.0) -> Any:
        """Wait for the call to end and return its answer.

        Raises:
            Failure: as a call does; Silent when it goes on.
        """
        if self._answer is None:
            try:
                value = self._learner._wait(self._call, scaled(seconds)).get("value")
                self._answer = lambda: value
            except Silent:
                raise
            except Failure as failure:
                self._answer = partial(_raise, failure)
        return self._answer()

    @property
    def still_running(self) -> bool:
        """Has the call neither returned nor raised nor ended its process?"""
        return self._answer is None and not self._learner._process().answered(self._call.number)

    def stop_listening(self) -> None:
        """Shut down and close the sockets among its arguments, so that ``accept`` fails there and a server can end."""
        process = self._learner._process()
        process.answer(process.ask("stop listening", seconds=scaled(1.0)), scaled(2.0))


class Handle:
    """Something that stays in the learner's process: what a recipe made, or an object of the learner's class.

    Args:
        name: what a report calls an object of the learner's class, whose calls are told there; "" for anything else.
        word: what a report writes for it among the arguments of a call.
    """

    def __init__(self, learner: Learner, kept: dict[str, Any], name: str = "", word: str = "sock") -> None:
        self._learner, self._kept, self.name, self.word = learner, kept, name, name or word
        self.index: int = kept["handle"]

    @property
    def address(self) -> tuple[str, int]:
        """Its own host and port (``getsockname``)."""
        if self._kept["address"] is None:
            raise WrongAnswer(self._learner.current_call, "the socket it returned is closed")
        host, port = self._kept["address"]
        return str(host), int(port)

    @property
    def path(self) -> str:
        """The path of a folder over there."""
        return str(self._kept["path"])

    def call(self, method: str, *arguments: object, seconds: float = 2.0) -> Any:
        """Call one of its methods over there and return the plain answer.

        Raises:
            OSError, TimeoutError, …: what a socket's method raised, where it is a built-in exception.
            Failure: for everything else that goes wrong.
        """
        return self._finish(self._begin(method, arguments), seconds).get("value")

    def must_raise(
        self,
        expected: type[BaseException] | tuple[type[BaseException], ...],
        method: str,
        *arguments: object,
        seconds: float = 2.0,
    ) -> None:
        """Call one of its methods and see that it raises one of the exceptions; failures as `Learner.must_raise`."""
        self._learner._must_raise(expected, self._begin(method, arguments), seconds)

    def accept(self, seconds: float = 2.0) -> Handle:
        """Accept a connection over there and keep it."""
        return Handle(self._learner, self._finish(self._begin("accept", (), keep=True), seconds))

    def close(self) -> None:
        """Close it over there."""
        self.call("close")

    def _begin(self, method: str, arguments: tuple[object, ...], *, keep: bool = False) -> _Call:
        packed = [_pack(argument) for argument in arguments]
        text = f"{method} on the socket"
        if self.name:
            text = _call_text(f"{self.name}.{method}", arguments)
            self._learner.calls.append(text)
        return self._learner._ask(text, "method", handle=self.index, method=method, arguments=packed, keep=keep)

    def _finish(self, call: _Call, seconds: float) -> dict[str, Any]:
        try:
            return self._learner._finish(call, seconds)
        except Raised as raised:
            if self.name:
                raise
            kind = getattr(builtins, raised.error["type"], None)
            if isinstance(kind, type) and issubclass(kind, Exception):
                raise kind(raised.error["message"]) from raised
            raise


def _pack(argument: object) -> dict[str, Any]:
    if isinstance(argument, Recipe):
        return argument.to_plain()
    if isinstance(argument, Handle):
        return {"handle": argument.index}
    return {"plain": argument}


def _call_text(name: str, arguments: tuple[object, ...]) -> str:
    """A call as a learner would write it."""
    return f"{name}({', '.join(_argument_text(argument) for argument in arguments)})"


def _argument_text(argument: object) -> str:
    match argument:
        case bytes():
            return quote(argument, limit=100)
        case Recipe() | Handle():
            return argument.word
        case _:
            text = repr(argument)
            return text if len(text) <= 60 else f"{text[:57]}…"


def _a(type_name: str) -> str:
    if type_name == "NoneType":
        return "None"
    return f"{'an' if type_name[:1].lower() in 'aeiou' else 'a'} {type_name}"


def _raise(failure: Failure) -> Any:
    raise failure


def _believed(reported: float, took: float) -> float:
    """How long a call took, by what its process reports and by how long we waited for the answer."""
    if math.isnan(reported):
        raise ValueError("not a number of seconds")
    return min(max(reported, took - scaled(SLACK_SECONDS), 0.0), took)
