"""A listening socket on loopback and a thread that accepts from it until it is told to stop."""

import contextlib
import errno
import math
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable


def loopback_host(family: int) -> str:
    """127.0.0.1 (RFC 1122 section 3.2.1.3) or ::1 (RFC 4291 section 2.5.3), by address family."""
    if family == socket.AF_INET:
        return "127.0.0.1"
    if family == socket.AF_INET6:
        return "::1"
    raise ValueError(f"family is {family!r}, but it must be socket.AF_INET or socket.AF_INET6")


def bind(sock: socket.socket, host: str, port: int) -> None:
    """Bind, with an error that names the address and the cure."""
    try:
        sock.bind((host, port))
    except OSError as error:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if error.errno == errno.EADDRINUSE:
            cure = f"port {port} is in use: close what holds it, or ask for port 0 and get a free one"
        elif error.errno == errno.EADDRNOTAVAIL:
            cure = "this machine has no such address: use 127.0.0.1, or ::1 where IPv6 is on"
        elif error.errno in (errno.EACCES, errno.EPERM):
            cure = "ports below 1024 belong to the system: ask for port 0 and get a free one"
        else:
            cure = error.strerror or str(error)
        raise OSError(error.errno, f"can't bind to {where}: {cure}") from None
    except OverflowError:
        raise ValueError(f"port is {port}, but a port is a number from 0 to 65535") from None


def listen(family: int, host: str | None = None, port: int = 0, *, receive_buffer: int | None = None) -> socket.socket:
    """A listening TCP socket on loopback.

    Args:
        host: the family's loopback address when None.
        port: 0 takes a free one.
        receive_buffer: bytes of SO_RCVBUF that accepted connections inherit; None keeps the system's choice.

    Raises:
        OSError: the port is in use or the address is not this machine's; the message names it and the cure.
        ValueError: another family, or a port outside 0 to 65535.
    """
    host = loopback_host(family) if host is None else host
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name != "nt":
            # On Unix this allows a port whose old connections wait in TIME_WAIT; on Windows it would allow
            # stealing one.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        bind(listener, host, port)
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


class Wake:
    """Something for a selector to wait on, beside its sockets: readable from the call of `set` on, for all
    threads.
    """

    def __init__(self) -> None:
        self._writer, self.reader = socket.socketpair()

    def set(self) -> None:
        """Wake every selector that waits for `reader`, now and from now on."""
        with contextlib.suppress(OSError):  # closed by an earlier stop
            self._writer.send(b".")

    def close(self) -> None:
        """Close both ends, once no thread waits any more."""
        self._writer.close()
        self.reader.close()


class Acceptor:
    """A thread that hands each accepted connection to `take`, until `limit` have come or `stop` is called.

    The thread owns the listener and closes it: nobody else may close a descriptor that a thread still waits
    on. It is woken through a socketpair (Wake), because shutdown on a listening socket wakes nobody on macOS
    and Windows and raises there.
    """

    def __init__(
        self,
        listener: socket.socket,
        take: Callable[[socket.socket], object],
        name: str,
        limit: float = math.inf,
    ) -> None:
        self._listener = listener
        self._take = take
        self._left = limit
        self._stopping = False
        self._wake = Wake()
        listener.setblocking(False)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening.

        Connections that wait in the backlog are still handed over. A second time does nothing.
        """
        self._stopping = True
        self._wake.set()
        self._thread.join()
        self._wake.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake.reader, selectors.EVENT_READ)
            try:
                while True:
                    # Read first, so that what came before the stop is still accepted.
                    stopping = self._stopping
                    self._accept_waiting()
                    if stopping or not self._left:
                        return
                    selector.select()
            finally:
                self._close_listener()

    def _accept_waiting(self) -> None:
        """Hand over all connections that wait."""
        while self._left:
            try:
                conn, _ = self._listener.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue  # reset while it waited in the backlog
            except OSError:
                time.sleep(0.05)  # out of descriptors: a connection that closes frees one
                return
            self._left -= 1
            if not self._left:
                # First: whoever meets the last connection may rely on one more being refused.
                self._close_listener()
            conn.setblocking(True)
            self._take(conn)

    def _close_listener(self) -> None:
        with contextlib.suppress(OSError):  # macOS and Windows: not connected; or closed already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
