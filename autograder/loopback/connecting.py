"""Open a recorded connection, with errors that say what to try."""

import errno
import os
import socket
from typing import Any

from autograder.loopback import waits
from autograder.loopback.recorded import RecordedSocket
from autograder.wire import Transcript


def connect(
    address: tuple[Any, ...],
    *,
    timeout: float = 2.0,
    title: str = "",
    local: str = "check",
    remote: str = "your code",
    receive_buffer: int | None = None,
) -> RecordedSocket:
    """A recorded TCP connection to `address`, (host, port) or the longer tuple of IPv6.

    Args:
        timeout: seconds for connecting and then for each call, before `waits.factor()` is applied.
        title, local, remote: for the transcript.
        receive_buffer: bytes of SO_RCVBUF, so that a large answer can't hide in the kernel.

    Raises:
        ConnectionRefusedError, TimeoutError: naming the address and what to try. Windows tries for 2 s before it
            reports a refusal, so that there it may be the latter.
        ConnectionResetError: the server reset the connection as soon as it was there.
    """
    host, port = address[:2]
    transcript = Transcript(title, local=local, remote=remote)
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if receive_buffer is not None:
            # Before connecting: the handshake announces how far the window may grow (RFC 7323 section 2).
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(waits.seconds(timeout))
        sock.connect((host, port))
        # Connecting to a free port of the ephemeral range may pick that very port and reach itself
        # (RFC 9293 section 3.5, simultaneous open).
        if sock.getsockname() == _peer_of(sock):
            raise ConnectionRefusedError
        transcript.note(f"{local} connected")
        return RecordedSocket(sock, transcript, timeout)
    except BaseException as error:
        sock.close()
        if isinstance(error, ConnectionRefusedError):
            cure = "start the server first, and connect to the address that it is bound to"
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"nobody listens on {where}: {cure}") from None
        if isinstance(error, TimeoutError):
            waited = f"no connection to {where} within {waits.seconds(timeout):g} s"
            cure = "is its backlog full because nobody calls accept?"
            raise TimeoutError(errno.ETIMEDOUT, f"{waited}: {cure}") from None
        raise


def _peer_of(sock: socket.socket) -> Any:
    try:
        return sock.getpeername()
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise
        raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)) from None
