"""Messages between the kernel and the judge: a 4-byte big-endian length, then that many bytes of plain data.

The two ends are binary file objects (a pipe's, or a socket's ``makefile``), so the same channel serves a
judge that is a child process and one behind a Unix socket.
"""

from __future__ import annotations

import struct
import threading
from typing import Any, BinaryIO

from autograder.judge import plain

_LENGTH = struct.Struct("!I")


class Channel:
    """One end of a conversation in plain messages. Sending is safe from several threads; receiving is not."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        self._reader, self._writer = reader, writer
        self._sending = threading.Lock()

    def send(self, message: object) -> None:
        """Send one message.

        Raises:
            plain.NotPlain: it is not plain data.
            OSError: the other end is gone.
        """
        encoded = plain.encode(message)
        with self._sending:
            self._writer.write(_LENGTH.pack(len(encoded)) + encoded)
            self._writer.flush()

    def receive(self) -> Any:
        """Wait for one message and return it.

        Raises:
            EOFError: the other end is gone (also inside a message).
            ValueError: what came is not a message.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > plain.MAX_BYTES:
            raise ValueError(f"a message of {length} bytes is more than the {plain.MAX_BYTES} allowed")
        return plain.decode(self._exactly(length))

    def _exactly(self, count: int) -> bytes:
        data = self._reader.read(count)
        if data is None or len(data) < count:
            raise EOFError(f"the channel ended after {len(data or b'')} of {count} bytes")
        return data

    def close(self) -> None:
        """Close both directions; the other end reads EOFError."""
        for stream in (self._writer, self._reader):
            try:
                stream.close()
            except OSError:
                pass
