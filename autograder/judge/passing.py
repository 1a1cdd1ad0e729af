"""Messages between the judge and its zygote: plain data over a Unix socket, open files beside it (SCM_RIGHTS, unix(7)).

A message is a 4-byte big-endian length, then that many bytes of `plain` data.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import Any

from autograder.judge import plain

MAX_BYTES = 1024 * 1024
"""Bytes of one message; these are orders and reports, never a learner's data."""

_LENGTH = struct.Struct("!I")


def send(sock: socket.socket, message: object, files: tuple[int, ...] = ()) -> None:
    """Send one message, and with it these file descriptors.

    Raises:
        OSError: the other end is gone.
    """
    encoded = plain.encode(message)
    data = _LENGTH.pack(len(encoded)) + encoded
    sent = socket.send_fds(sock, [data], files) if files else 0
    sock.sendall(data[sent:])


def receive(sock: socket.socket, max_files: int = 0) -> tuple[Any, list[int]]:
    """Wait for one message; return it and the file descriptors that came with it, `max_files` at most.

    Raises:
        EOFError: the other end is gone.
        OSError: it is gone, and told so.
        ValueError: what came is not a message.
    """
    head, files = b"", []
    try:
        while len(head) < _LENGTH.size:
            part, more, _, _ = socket.recv_fds(sock, _LENGTH.size - len(head), max_files)
            files += more
            if not part:
                raise EOFError("the other end is gone")
            head += part
        (length,) = _LENGTH.unpack(head)
        if length > MAX_BYTES:
            raise ValueError(f"a message of {length} bytes is more than the {MAX_BYTES} allowed")
        body = bytearray()
        while len(body) < length:
            piece = sock.recv(length - len(body))
            if not piece:
                raise EOFError("the other end is gone, inside a message")
            body += piece
        return plain.decode(bytes(body)), files
    except BaseException:
        for number in files:
            os.close(number)
        raise
