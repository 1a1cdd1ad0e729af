"""An ASGI application on loopback, served by uvicorn in a thread: real HTTP over real sockets.

Not imported by ``autograder.loopback`` itself, since uvicorn is not part of the standard library.
"""

from __future__ import annotations

import asyncio
import inspect
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from autograder.loopback import waits
from autograder.loopback.listening import listen
from autograder.loopback.resetting import reset as reset_connection

GRACE = 0.25
"""Seconds that requests under way get to finish when the server stops."""

PATIENCE = 5.0
"""Seconds that an application gets to start, and its thread to end."""

Message = MutableMapping[str, Any]
AsgiApplication = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Any]
"""``await app(scope, receive, send)``: version 3 of the ASGI specification."""


class AsgiServer:
    """What `serve_asgi` gives. It listens from the start, until `close` or the ``with`` block ends.

    address: (host, port) to connect to.
    base_url: ``http://host:port``, without a slash at the end.
    errors: what the application raised while it answered requests, in order; nothing is printed.
    """

    def __init__(self, app: AsgiApplication, listener: socket.socket) -> None:
        self.host, self.port = listener.getsockname()[:2]
        self.errors: list[BaseException] = []
        self._app = app
        self._startup_error: BaseException | None = None
        self._ready = threading.Event()
        self._listener = listener
        self._server = _Server(
            uvicorn.Config(
                self._watched,
                interface="asgi3",
                loop="asyncio",
                http=_Protocol,
                ws="none",
                log_config=None,
                log_level="critical",
                access_log=False,
            ),
            self._ready,
        )
        self._thread = threading.Thread(target=self._run, name=f"asgi server {self.port}", daemon=True)
        self._thread.start()
        self._ready.wait(waits.seconds(PATIENCE))
        if not self._server.started:
            self.close()
            why = self._startup_error
            raise RuntimeError(
                f"the application did not start: {type(why).__name__}: {why}"
                if why is not None
                else f"the application did not finish its startup within {waits.seconds(PATIENCE):g} s"
            ) from why

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) to connect to."""
        return self.host, self.port

    @property
    def base_url(self) -> str:
        """Where the application is found, e.g. ``http://127.0.0.1:40519``."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    def __enter__(self) -> AsgiServer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, let requests under way finish for 0.25 s (scaled), cut what is left and wait for the end.

        A second time does nothing.
        """
        self._server.stop()
        self._thread.join(waits.seconds(PATIENCE))

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._listener])
        except (Exception, SystemExit) as error:  # uvicorn leaves by SystemExit when the application does not start
            if self._startup_error is None and not self._server.started:
                self._startup_error = error
        finally:
            self._listener.close()
            self._ready.set()

    async def _watched(self, scope: Message, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            if scope["type"] == "lifespan":
                self._startup_error = error  # an application without lifespan raises here, too, and starts all the same
            else:
                self.errors.append(error)
            raise


def serve_asgi(
    app: AsgiApplication, *, family: int = socket.AF_INET, host: str | None = None, port: int = 0
) -> AsgiServer:
    """Serve an ASGI application over HTTP on loopback, by uvicorn in a thread of its own.

    Args:
        app: the application, such as ``FastAPI()``.
        family: socket.AF_INET or socket.AF_INET6.
        host: the family's loopback address when None.
        port: 0 takes a free one.

    Raises:
        TypeError: `app` is not an ASGI application; the message says what it is.
        OSError: the port is in use or the address is not this machine's.
        RuntimeError: the application's own startup failed or did not end.

        with serve_asgi(app) as server:
            httpx.get(server.base_url + "/items")
    """
    _need_application(app)
    return AsgiServer(app, listen(family, host, port))


def drop_connection(scope: Message, *, reset: bool = False) -> None:
    """Cut the connection on which a request came, for an application that plays a fault.

    What the application sends afterwards goes nowhere.

    Args:
        scope: the request's ASGI scope, from a server made by `serve_asgi`.
        reset: by RST (RFC 9293 section 3.5.2), so that the client's call fails with ECONNRESET; otherwise by an
            ordinary end without an answer.
    """
    scope["state"]["drop connection"](reset)


class _Protocol(H11Protocol):
    """uvicorn's own protocol, without a wait on kept-alive connections; it also tells how to cut the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does this only where a socket was made with the protocol's number. Without it, the body of an answer
        # waits until the head is acknowledged, and on loopback that is 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def drop(reset: bool) -> None:
            if reset:
                # SO_LINGER belongs to the connection and not to one descriptor of it, so the transport's close resets.
                reset_connection(transport.get_extra_info("socket").dup())
            transport.abort()

        self.app_state = {**self.app_state, "drop connection": drop}


class _Server(uvicorn.Server):
    """uvicorn's own server, which looks ten times a second whether it should end. This one is told, and is quick."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begin to end, from any thread, at any time."""
        with self._lock:
            self.should_exit = True
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        """Keep the Date header right, once a second, until told to stop."""
        with self._lock:
            self._loop = asyncio.get_running_loop()
        await self.on_tick(0)
        self._ready.set()
        try:
            while not self.should_exit:
                try:
                    await asyncio.wait_for(self._stopping.wait(), 1.0)
                except TimeoutError:
                    await self.on_tick(0)
        finally:
            with self._lock:
                self._loop = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, then end every connection."""
        for server in self.servers:
            server.close()
        connections = self.server_state.connections
        for connection in list(connections):
            connection.shutdown()  # at once where no request is under way
        deadline = self._now() + waits.seconds(GRACE)
        while connections and self._now() < deadline:
            await asyncio.sleep(0.002)
        for task in list(self.server_state.tasks):
            task.cancel()
        for connection in list(connections):
            connection.transport.abort()
        await asyncio.sleep(0)
        await self.lifespan.shutdown()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _need_application(app: object) -> None:
    """Raise TypeError, with the likeliest cure, unless `app` can be called as ``app(scope, receive, send)``."""
    needed = "serve_asgi needs an ASGI application, such as FastAPI()"
    if inspect.isclass(app):
        raise TypeError(f"{needed}; it got the class {app.__name__}: call it, {app.__name__}()")
    if not callable(app):
        raise TypeError(f"{needed}; it got {app!r:.80}, of type {type(app).__name__}")
    signature = inspect.signature(app)
    try:
        signature.bind("scope", "receive", "send")
    except TypeError:
        name = getattr(app, "__name__", type(app).__name__)
        cure = f": call it, {name}()" if not signature.parameters else ", which can't be called with 3 arguments"
        raise TypeError(f"{needed}; it got {name}{signature}{cure}") from None
