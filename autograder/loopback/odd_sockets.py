"""Sockets that do, every time, what a network does only sometimes: one byte a recv, a part of a send.

Both behave so for streams only. A datagram arrives whole or not at all, so datagram sockets work as usual.

Either class may stand in for `socket.socket` itself (`socket.socket = OneByteSocket`, in a process of its
own): then `socket.create_connection`, `socket.create_server`, `socket.socketpair` and `accept` give sockets
of that class.
"""

import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_S = TypeVar("_S", bound=socket.socket)

_WAITALL = getattr(socket, "MSG_WAITALL", 0)  # not on every platform


class _Odd(socket.socket):
    """What the odd sockets share."""

    @property
    def _streams(self) -> bool:
        return self.type == socket.SOCK_STREAM

    def accept(self) -> tuple[Self, Any]:
        """As usual, but the connection is a socket of this class too."""
        conn, address = super().accept()
        return _converted(conn, type(self)), address


class OneByteSocket(_Odd):
    """A stream socket whose receiving calls return one byte, so that nobody takes one recv for one message.

    `makefile` reads through these calls and so works byte by byte. Sending is as usual. Two flags keep their
    meaning: MSG_WAITALL, by which the kernel promises all bytes, gives them all, and MSG_PEEK shows one byte
    more each time, as if bytes arrived one by one. Bytes that were shown have arrived: the next recv may
    return all of them.
    """

    _shown = 0
    """How many bytes were shown by MSG_PEEK and not yet read."""

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        data = super().recv(self._room(bufsize, flags), flags)
        self._saw(len(data), flags)
        return data

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        room = self._room(nbytes or memoryview(buffer).nbytes, flags)
        # A count of 0 means the whole buffer to recv_into, so that an empty buffer must go as it is.
        count = super().recv_into(buffer, room, flags)
        self._saw(count, flags)
        return count

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        data, address = super().recvfrom(self._room(bufsize, flags), flags)
        self._saw(len(data), flags)
        return data, address

    def recvfrom_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        room = self._room(nbytes or memoryview(buffer).nbytes, flags)
        count, address = super().recvfrom_into(buffer, room, flags)
        self._saw(count, flags)
        return count, address

    if hasattr(socket.socket, "recvmsg"):  # not on Windows

        def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> Any:
            answer = super().recvmsg(self._room(bufsize, flags), ancbufsize, flags)
            self._saw(len(answer[0]), flags)
            return answer

        def recvmsg_into(self, buffers: "Iterable[WriteableBuffer]", ancbufsize: int = 0, flags: int = 0, /) -> Any:
            views = [memoryview(buffer).cast("B") for buffer in buffers]
            answer = super().recvmsg_into(_first(views, self._room(sum(map(len, views)), flags)), ancbufsize, flags)
            self._saw(answer[0], flags)
            return answer

    def _room(self, wanted: int, flags: int) -> int:
        """How many bytes this call may return."""
        if not self._streams or flags & _WAITALL:
            return wanted
        return min(wanted, self._shown + 1 if flags & socket.MSG_PEEK else max(1, self._shown))

    def _saw(self, count: int, flags: int) -> None:
        self._shown = max(self._shown, count) if flags & socket.MSG_PEEK else max(0, self._shown - count)


class ShortSendSocket(_Odd):
    """A stream socket whose `send` takes at most `limit` bytes and returns how many: a full kernel buffer.

    `sendall` is as usual. `makefile` writes through `send`: a buffered file writes all, a raw one counts.
    """

    limit = 1000
    """Bytes that one send takes at most. Set it on the class, on a subclass or on one socket."""

    def accept(self) -> tuple[Self, Any]:
        conn, address = super().accept()
        conn.limit = self.limit
        return conn, address

    def send(self, data: "ReadableBuffer", flags: int = 0, /) -> int:
        if not self._streams:
            return super().send(data, flags)
        return super().send(memoryview(data).cast("B")[: self.limit], flags)

    if hasattr(socket.socket, "sendmsg"):  # not on Windows

        def sendmsg(self, buffers: "Iterable[ReadableBuffer]", /, *more: Any) -> int:
            if self._streams:
                buffers = _first([memoryview(buffer).cast("B") for buffer in buffers], self.limit)
            return super().sendmsg(buffers, *more)


def one_byte(sock: socket.socket) -> OneByteSocket:
    """Make `sock` a OneByteSocket. `sock` is detached: use what is returned."""
    return _converted(sock, OneByteSocket)


def short_send(sock: socket.socket, limit: int = ShortSendSocket.limit) -> ShortSendSocket:
    """Make `sock` a ShortSendSocket of `limit` bytes. `sock` is detached: use what is returned."""
    if limit < 1:
        raise ValueError(f"limit is {limit!r}, but a send must be able to take at least 1 byte")
    converted = _converted(sock, ShortSendSocket)
    converted.limit = limit
    return converted


def _converted(sock: socket.socket, kind: type[_S]) -> _S:
    """The same connection as an object of class `kind`; `sock` is detached, unless it is one already."""
    if isinstance(sock, kind):
        return sock
    timeout = sock.gettimeout()
    converted = kind(sock.family, sock.type, sock.proto, sock.detach())
    converted.settimeout(timeout)
    return converted


def _first(views: list[memoryview], room: int) -> list[memoryview]:
    """The first `room` bytes of several buffers."""
    kept = []
    for view in views:
        kept.append(view[:room])
        room -= len(kept[-1])
    return kept
