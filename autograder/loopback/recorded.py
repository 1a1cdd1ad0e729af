"""A socket that writes down what crosses it and never waits for ever."""

import contextlib
import errno
import math
import select
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from autograder.loopback import waits
from autograder.loopback.failures import EarlyEnd, NoAnswer, NotTaken, TooMuch
from autograder.loopback.resetting import reset
from autograder.wire import Transcript

PIECE = 65_536
"""Bytes asked of the kernel in one recv: as much as one loopback segment can carry."""

LONGEST_SLEEP = 0.25
"""Seconds between two looks for an interruption: on Windows a shutdown may not wake a waiting call."""


class RecordedSocket:
    """A connected stream socket with a transcript and a deadline on every call.

    `sock` is the plain socket, `local` and `remote` are the addresses of its two ends. One thread may send
    while another receives.

    Args:
        sock: a connected socket. From now on it belongs to this object, which makes it non-blocking and sets
            TCP_NODELAY, so that each send leaves at once as a segment of its own (RFC 9293 section 3.7.4).
        transcript: gets every piece that crosses, every end, reset and close.
        timeout: seconds that one whole call may last, scaled by `waits.seconds`. Receiving calls may name
            another.

    Raises, from every call:
        ConnectionError: as the kernel reports it.
        OSError: EBADF, when the socket is closed already.
    """

    def __init__(self, sock: socket.socket, transcript: Transcript, timeout: float = 2.0) -> None:
        if not 0 < timeout < math.inf:
            raise ValueError(f"timeout is {timeout!r}, but it must be a number of seconds above 0")
        self.sock = sock
        self._end_seen = False
        # It keeps a crossing and its record together: no answer is written down before its question.
        self._lock = threading.Lock()
        self._interrupted = threading.Event()
        self.transcript = transcript
        self.timeout = timeout
        self.local = _address(sock.getsockname)
        self.remote = _address(sock.getpeername)
        sock.setblocking(False)
        with contextlib.suppress(OSError):  # a socketpair of the Unix family has no such option
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "RecordedSocket":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def fileno(self) -> int:
        """The descriptor, -1 once closed; so that `select` and `selectors` accept this object."""
        return self.sock.fileno()

    def send(self, data: bytes) -> None:
        """Send all of `data`. NotTaken when the other side does not read it within the timeout."""
        started = time.monotonic()
        deadline = started + waits.seconds(self.timeout)
        view = memoryview(data).cast("B")
        taken = 0
        while taken < len(view):
            count = self._send_piece(view[taken:])
            taken += count
            if count == 0 and not self._ready(deadline, writing=True):
                raise NotTaken(taken, len(view), time.monotonic() - started)

    def send_paced(self, data: bytes, size: int = 1, gap: float = 0.002) -> None:
        """Send `data` in pieces of `size` bytes with `gap` seconds between them.

        On loopback 2 ms are enough for the other side to see every piece alone; pieces without a gap often
        arrive merged.
        """
        if size < 1:
            raise ValueError(f"size is {size!r}, but a piece has at least 1 byte")
        for start in range(0, len(data), size):
            if start:
                self._interrupted.wait(waits.seconds(gap))
            self.send(data[start : start + size])

    @contextlib.contextmanager
    def sending(self, data: bytes) -> Iterator[None]:
        """Send `data` from a second thread while the body receives: for more than all buffers can hold.

        Leaving waits for the sender and raises what it raised, unless the body already raises something.
        """
        failures: list[BaseException] = []

        def run() -> None:
            try:
                self.send(data)
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=run, name="recorded socket: sending", daemon=True)
        thread.start()
        try:
            yield
        except BaseException:
            # The body has failed already: don't let the sender wait out its own timeout.
            self.interrupt()
            raise
        finally:
            thread.join()
        if failures:
            raise failures[0]

    def receive(self, n: int, *, timeout: float | None = None) -> bytes:
        """One piece of 1 to `n` bytes, as it comes, or b"" when the other side has ended.

        NoAnswer when nothing comes.
        """
        if n < 1:
            raise ValueError(f"n is {n!r}, but receive needs to ask for at least 1 byte")
        started = time.monotonic()
        piece = self._receive_piece(n, self._deadline(started, timeout))
        if piece is None:
            raise NoAnswer(b"", n, time.monotonic() - started)
        return piece

    def receive_exactly(self, n: int, *, timeout: float | None = None) -> bytes:
        """Exactly `n` bytes.

        EarlyEnd when the other side ends before, NoAnswer when they do not all come in time.
        """
        if n < 0:
            raise ValueError(f"n is {n!r}, but a count of bytes is 0 or more")
        started = time.monotonic()
        deadline = self._deadline(started, timeout)
        got = bytearray()
        while len(got) < n:
            piece = self._receive_piece(min(PIECE, n - len(got)), deadline)
            if piece is None:
                raise NoAnswer(bytes(got), n, time.monotonic() - started)
            if not piece:
                raise EarlyEnd(bytes(got), n)
            got += piece
        return bytes(got)

    def receive_to_end(self, limit: int = 64 * 1024 * 1024, *, timeout: float | None = None) -> bytes:
        """Everything until the other side ends.

        NoAnswer when no end comes in time, TooMuch above `limit` bytes.
        """
        started = time.monotonic()
        deadline = self._deadline(started, timeout)
        got = bytearray()
        while True:
            piece = self._receive_piece(PIECE, deadline)
            if piece is None:
                raise NoAnswer(bytes(got), None, time.monotonic() - started)
            if not piece:
                return bytes(got)
            got += piece
            if len(got) > limit:
                raise TooMuch(bytes(got[:limit]), limit)

    def end(self) -> None:
        """End our direction (shutdown SHUT_WR).

        The other side reads b"" after the last byte and may go on sending (RFC 9293 section 3.6).

        Raises:
            ConnectionResetError: the other side has reset the connection meanwhile.
        """
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            if error.errno == errno.ENOTCONN:  # what shutdown(2) says of a connection that is no more
                raise ConnectionResetError(errno.ECONNRESET, "the connection was reset before its end") from error
            raise
        self.transcript.note(f"{self.transcript.local} ended sending (shutdown)")

    def reset(self) -> None:
        """Cut the connection with a reset: the other side's next call fails with ConnectionResetError."""
        if self.sock.fileno() >= 0:
            with self._lock:
                reset(self.sock)
            self.transcript.note(f"{self.transcript.local} reset the connection")

    def close(self) -> None:
        """Close the socket. A second time does nothing."""
        if self.sock.fileno() >= 0:
            with self._lock:
                self.sock.close()
            self.transcript.note(f"{self.transcript.local} closed")

    def interrupt(self) -> None:
        """Make a call that waits in another thread fail at once, and all later ones: ConnectionAbortedError.

        The connection is shut down; closing the socket is left to the thread that uses it.
        """
        self._interrupted.set()
        with self._lock, contextlib.suppress(OSError):  # not connected any more, or closed
            self.sock.shutdown(socket.SHUT_RDWR)

    def _deadline(self, started: float, timeout: float | None) -> float:
        return started + waits.seconds(self.timeout if timeout is None else timeout)

    def _send_piece(self, view: memoryview) -> int:
        """How many bytes the kernel took now; 0 when its buffer is full."""
        self._check()
        with self._lock:
            try:
                count = self.sock.send(view)
            except (BlockingIOError, InterruptedError):
                return 0
            except ConnectionError:
                self.transcript.note("sending failed: the connection is gone")
                raise
            self.transcript.sent(bytes(view[:count]))
            return count

    def _receive_piece(self, n: int, deadline: float) -> bytes | None:
        """The next piece, b"" at the end, None when time is up."""
        while True:
            self._check()
            with self._lock:
                try:
                    piece = self.sock.recv(n)
                except (BlockingIOError, InterruptedError):
                    piece = None
                except ConnectionError:
                    self.transcript.note(f"{self.transcript.remote} reset the connection")
                    raise
                if piece:
                    self.transcript.received(piece)
                elif piece is not None and not self._end_seen and not self._interrupted.is_set():
                    self._end_seen = True
                    self.transcript.note(f"{self.transcript.remote} ended sending")
            if piece is not None:
                self._check()
                return piece
            if not self._ready(deadline, writing=False):
                return None

    def _check(self) -> None:
        if self._interrupted.is_set():
            raise ConnectionAbortedError(errno.ECONNABORTED, "the exchange was stopped from outside")
        if self.sock.fileno() < 0:
            raise OSError(errno.EBADF, "this socket is closed already")

    def _ready(self, deadline: float, *, writing: bool) -> bool:
        """Wait until the socket may be read or written, or for a moment; False once time is up."""
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return False
        remaining = min(remaining, LONGEST_SLEEP)
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self.sock, select.POLLOUT if writing else select.POLLIN)
            poll.poll(math.ceil(remaining * 1000))
        else:  # Windows has no poll; its select takes any descriptor, where others stop at 1,023
            socks = [self.sock]
            select.select([] if writing else socks, socks if writing else [], socks, remaining)
        return True


def _address(ask: Any) -> tuple[str, int]:
    """The first two items of a socket's name; ("", 0) where it has none, as after a reset."""
    try:
        host, port = ask()[:2]
    except (OSError, ValueError):
        return "", 0
    return host, port
