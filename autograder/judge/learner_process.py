"""What runs in the learner's process: it opens the payload, makes the call, and answers in plain data.

One such process serves one requirement. The main thread runs learner code; a second thread listens to the judge, so
that "where are you?" is answered while learner code hangs, and so that the process ends when the judge does.
"""

from __future__ import annotations

import asyncio
import inspect
import io
import os
import queue
import socket
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cloudpickle

from autograder.judge import limits, plain
from autograder.judge.places import Sources
from autograder.judge.recipes import Listener, Recipe
from autograder.judge.shape import kind_of, shape_of
from autograder.loopback.odd_sockets import ShortSendSocket


def main(
    connection: Connection, printed: int | str, place: str | None, allowed: limits.Limits, sandboxed: bool = False
) -> None:
    """Serve the judge until it says enough; after `prepare`.

    Args:
        connection: to the judge; plain messages both ways.
        printed: the file that takes what learner code prints: its descriptor, open for appending, or its path.
        place: path of a folder of its own for temporary files, which the judge removes; None: /tmp is its sandbox's.
        allowed: the limits of this process.
        sandboxed: what is around this process is its sandbox's own.
    """
    if hasattr(os, "setsid"):
        os.setsid()  # its own process group: the judge ends the whole of it, and a Ctrl-C in a terminal passes by
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(printed, os.O_WRONLY | os.O_APPEND) if isinstance(printed, str) else printed
    for number, target in ((0, nothing), (1, written), (2, written)):
        os.dup2(target, number)
    if sys.platform != "win32":
        os.closerange(3, connection.fileno())
        os.closerange(connection.fileno() + 1, 4096)
        os.set_inheritable(connection.fileno(), False)
    if place is not None:
        os.environ["TMPDIR"] = place
    tempfile.tempdir = place or "/tmp"
    limits.apply(allowed, sandboxed=sandboxed)
    LearnerProcess(connection).serve()


def prepare() -> None:
    """What learner processes need and have from the process that they are forked from."""
    # Nobody speaks TLS here, and httpx would read all certificate authorities for every client, and so for every
    # request of `httpx.get`, which takes a twentieth of a second.
    os.environ.pop("SSL_CERT_FILE", None)
    os.environ["SSL_CERT_DIR"] = os.devnull
    # Over the file descriptors 0, 1 and 2, whatever these will be.
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    # Line by line, so that what was printed before a crash is there to be shown.
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)


class NotMade(Exception):
    """A recipe failed: nothing that the learner's code did."""


class LearnerProcess:
    """The commands of the judge, and what the learner's code made so far."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._pid = os.getpid()
        self._sources = Sources()
        self._answer: Any = None
        self._is_async = False
        self._kept: list[Any] = []
        self._arguments: list[Any] = []
        self._idle = threading.Event()
        """Set while no learner code runs."""

    def serve(self) -> None:
        """Take commands until the process is ended."""
        threading.Thread(target=self._listen, daemon=True).start()
        operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "load": self._load,
            "instrument": self._instrument,
            "make": self._make,
            "call": self._call,
            "serve": self._serve,
            "method": self._method,
        }
        while True:
            command = self._commands.get()
            try:
                answer = operations[command["op"]](command)
            except NotMade as error:
                answer = {"kind": "not made", "why": str(error)}
            self._send({"id": command["id"], **answer})

    def _listen(self) -> None:
        while True:
            try:
                command = plain.decode(self._connection.recv_bytes())
            except (EOFError, OSError):
                os._exit(0)  # the judge is gone
            match command["op"]:
                case "where":
                    self._send({"id": command["id"], "kind": "where", "waiting": self._sources.waiting()})
                case "stop listening":
                    self._stop_listening(command["seconds"])
                    self._send({"id": command["id"], "kind": "done"})
                case _:
                    self._commands.put(command)

    def _send(self, message: dict[str, Any]) -> None:
        if os.getpid() != self._pid:
            os._exit(0)  # a child that learner code forked came back out of its function
        try:
            encoded = plain.encode(message)
        except Exception as error:
            if not isinstance(error, plain.NotPlain):  # an __iter__ of the learner's, or no memory for a copy
                name = type(message.get("value")).__name__
                why = f"an object of type {name} that can't be read ({type(error).__name__})"
                error = plain.NotPlain("value['value']", name, why)
            encoded = plain.encode(
                {
                    "id": message["id"],
                    "kind": "not plain",
                    "where": error.where.removeprefix("value['value']").removeprefix("value"),
                    "type": error.type_name,
                    "why": error.why,
                    "elapsed": message.get("elapsed", 0.0),
                }
            )
        with self._sending:
            self._connection.send_bytes(encoded)

    # What the judge may ask for: each returns the answer's fields.

    def _load(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open the payload; report the shape of what is in it."""
        payload, name = command["payload"], command["name"]
        sys.path.extend(directory for directory in payload["path"] if directory not in sys.path)
        for filename, (label, text) in payload["sources"].items():
            self._sources.add(filename, label, text)
        try:
            if payload["form"] == "pickle":
                self._answer, names = cloudpickle.loads(payload["data"]), [name]
            else:
                self._answer, names = self._run_file(payload, name)
        except BaseException as error:
            return {"kind": "raised", "error": self._sources.of_error(error), "elapsed": 0.0}
        self._is_async = kind_of(self._answer) == "async function"
        return {"kind": "loaded", "shape": shape_of(self._answer, name, names)}

    def _run_file(self, payload: dict[str, Any], name: str) -> tuple[Any, list[str]]:
        filename, (_, text) = next(iter(payload["sources"].items()))
        module = types.ModuleType("answer")
        module.__file__ = filename
        sys.modules["answer"] = module
        # Else this file's __future__ import goes for the answer, too, and turns all its annotations into strings.
        exec(compile(text, filename, "exec", dont_inherit=True), module.__dict__)
        names = [
            key
            for key, value in vars(module).items()
            if callable(value) and not key.startswith("_") and getattr(value, "__module__", "") == module.__name__
        ]
        return getattr(module, name, None), names

    def _instrument(self, command: dict[str, Any]) -> dict[str, Any]:
        """Swap the class behind ``socket.socket``, for learner code that makes its own sockets."""
        base: type[socket.socket] = socket.socket
        if command["short_send"] is not None:
            base = type("socket", (ShortSendSocket,), {"limit": command["short_send"]})
        if command["hold_sockets"]:
            held: list[Any] = []

            class HeldSocket(base):  # type: ignore[misc, valid-type]
                # CPython closes a socket that nobody refers to; held here, one that was never closed stays open.
                def __init__(self, *args: Any, **kwargs: Any) -> None:
                    super().__init__(*args, **kwargs)
                    held.append(self)

            base = HeldSocket
        base.__name__ = base.__qualname__ = "socket"
        socket.socket = socket.SocketType = base  # type: ignore[misc]
        return {"kind": "done"}

    def _make(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make a recipe's object now and keep it."""
        return self._keep(self._argument(command["recipe"]))

    def _call(self, command: dict[str, Any]) -> dict[str, Any]:
        """Call the learner's object."""
        self._arguments = [self._argument(packed) for packed in command["arguments"]]
        addresses = [_address(item) for item in self._arguments if isinstance(item, socket.socket)]
        self._send({"id": command["id"], "kind": "ready", "addresses": addresses})
        answer = self._run(self._answer, self._arguments, command["keep"])
        if answer["kind"] == "raised":
            # A program that ends like this closes its sockets, and whoever waits on the other side is told.
            self._close_made()
        return answer

    def _serve(self, command: dict[str, Any]) -> dict[str, Any]:
        """Call the learner's object, which makes an ASGI application, and serve that over HTTP until it is ended."""
        listener = Listener().make()
        arguments, self._arguments = [self._argument(packed) for packed in command["arguments"]], [listener]
        self._send({"id": command["id"], "kind": "ready", "addresses": [_address(listener)]})
        answer = self._run(self._answer, arguments, False)
        if answer["kind"] != "returned" or not callable(answer["value"]):
            listener.close()
            if answer["kind"] == "returned":
                return {"kind": "no application", "type": type(answer["value"]).__name__}
            return answer
        # Imported here: no other exercise has a use for it.
        import uvicorn

        # asyncio sets TCP_NODELAY only for sockets that say IPPROTO_TCP; what is accepted inherits it from here.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(answer["value"], http="h11", ws="none", log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        return self._run(lambda: server.run(sockets=[listener]), [], False)

    def _method(self, command: dict[str, Any]) -> dict[str, Any]:
        """Call a method of something that was kept."""
        arguments = [self._argument(packed) for packed in command["arguments"]]
        kept = self._kept[command["handle"]]
        if command["method"] == "accept" and isinstance(kept, socket.socket):
            return self._run(lambda: kept.accept()[0], [], command["keep"])
        return self._run(lambda *given: getattr(kept, command["method"])(*given), arguments, command["keep"])

    def _run(self, function: Callable[..., Any], arguments: list[Any], keep: bool) -> dict[str, Any]:
        self._idle.clear()
        started = time.perf_counter()
        try:
            value = function(*arguments)
            if inspect.iscoroutine(value) and (self._is_async or function is not self._answer):
                value = asyncio.run(value)
        except BaseException as error:  # SystemExit and KeyboardInterrupt are an answer, too
            return {
                "kind": "raised",
                "error": self._sources.of_error(error),
                "elapsed": time.perf_counter() - started,
            }
        finally:
            self._idle.set()
        elapsed = time.perf_counter() - started
        if keep:
            return {**self._keep(value), "elapsed": elapsed}
        return {"kind": "returned", "value": value, "elapsed": elapsed}

    def _keep(self, value: Any) -> dict[str, Any]:
        self._kept.append(value)
        return {
            "kind": "kept",
            "handle": len(self._kept) - 1,
            "type": type(value).__name__,
            "is_socket": isinstance(value, socket.socket),
            "address": _address(value),
            "path": str(value) if isinstance(value, Path) else None,
        }

    def _argument(self, packed: dict[str, Any]) -> Any:
        match packed:
            case {"recipe": _}:
                try:
                    return Recipe.from_plain(packed).make()
                except OSError as error:
                    raise NotMade(f"{packed} could not be made: {error}") from error
            case {"handle": index}:
                return self._kept[index]
            case _:
                return packed["plain"]

    def _stop_listening(self, seconds: float) -> None:
        for item in self._arguments:
            if isinstance(item, socket.socket):
                try:
                    item.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        # Closing takes the socket out of an epoll set without waking the one who waits there; shutdown wakes it,
        # and is given the time to.
        self._idle.wait(seconds)
        self._close_made()

    def _close_made(self) -> None:
        for item in self._arguments:
            if isinstance(item, socket.socket) and item not in self._kept:
                item.close()


def _address(item: Any) -> list[Any] | None:
    if not isinstance(item, socket.socket):
        return None
    try:
        return list(item.getsockname()[:2])
    except OSError:
        return None
