"""A server in the background of a test or a lesson: one handler, a thread for each connection."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from autograder.loopback import waits
from autograder.loopback.listening import Acceptor, listen

GRACE = 0.25
"""Seconds that handlers get to finish, once no more input comes, before their connections are cut."""

PATIENCE = 2.0
"""Seconds that a handler gets to return after its connection was cut."""

Handler = Callable[[socket.socket], object]


def echo(conn: socket.socket) -> None:
    """A handler that sends every byte back until the client ends."""
    while piece := conn.recv(65_536):
        conn.sendall(piece)


class BackgroundServer:
    """What `background_server` gives. It listens from the start, until `close` or the `with` block ends.

    address: (host, port) to connect to, also as `host` and `port`.
    errors: what handlers raised, in order. An OSError or EOFError that follows from closing the server is
    left out.
    """

    def __init__(self, handler: Handler, listener: socket.socket) -> None:
        self._handler = handler
        self._lock = threading.Lock()
        self._live: dict[threading.Thread, socket.socket] = {}
        self._closing = False
        self.errors: list[BaseException] = []
        self.host, self.port = listener.getsockname()[:2]
        self._acceptor = Acceptor(listener, self._start, f"background server {self.port}: accept")

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) to connect to."""
        return self.host, self.port

    def __enter__(self) -> "BackgroundServer":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, end all connections, wait for the handlers. A second time does nothing.

        Handlers first see the end of their input, so that one which only reads the rest can finish; those
        that have not returned after 0.25 s find their connection shut down. Python can't end a thread, so one
        that then still works for 2 s more (both scaled) is left alone, and `errors` says so.
        """
        self._acceptor.stop()
        self._closing = True
        self._shut(socket.SHUT_RD)
        if not self._joined(GRACE):
            self._shut(socket.SHUT_RDWR)
            if not self._joined(PATIENCE):
                with self._lock:
                    left = dict(self._live)
                for conn in left.values():
                    conn.close()  # wakes a call that waits on Windows, where shutdown may not
                if not self._joined(GRACE):
                    name = getattr(self._handler, "__name__", repr(self._handler))
                    self.errors.append(RuntimeError(f"{name} did not return although its connection was closed"))

    def _start(self, conn: socket.socket) -> None:
        thread = threading.Thread(
            target=self._handle, args=(conn,), name=f"background server {self.port}: handler", daemon=True
        )
        with self._lock:
            self._live[thread] = conn
        thread.start()

    def _handle(self, conn: socket.socket) -> None:
        try:
            self._handler(conn)
        except BaseException as error:  # SystemExit too: nothing may escape into threading's printing hook
            if not (self._closing and isinstance(error, OSError | EOFError)):
                self.errors.append(error)
        finally:
            conn.close()
            with self._lock:
                del self._live[threading.current_thread()]

    def _shut(self, how: int) -> None:
        with self._lock:
            conns = list(self._live.values())
        for conn in conns:
            with contextlib.suppress(OSError):  # the other side is gone, or the handler closed it
                conn.shutdown(how)

    def _joined(self, patience: float) -> bool:
        """Whether all handlers returned within `patience` seconds; the calling thread does not count."""
        deadline = time.monotonic() + waits.seconds(patience)
        with self._lock:
            threads = [thread for thread in self._live if thread is not threading.current_thread()]
        for thread in threads:
            thread.join(max(0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)


def background_server(
    handler: Handler, *, family: int = socket.AF_INET, host: str | None = None, port: int = 0
) -> BackgroundServer:
    """Serve TCP connections on loopback in the background, each by `handler(conn)` in a thread of its own.

    Args:
        handler: gets the accepted, blocking socket, which is closed when the handler returns or raises. What
            it raises is kept in `errors` and never printed. `echo` is a ready-made one.
        family: socket.AF_INET or socket.AF_INET6.
        host: the family's loopback address when None.
        port: 0 takes a free one.

    Raises:
        OSError: the port is in use or the address is not this machine's.

        with background_server(echo) as server:
            client = socket.create_connection(server.address)
    """
    return BackgroundServer(handler, listen(family, host, port))
