"""Look whether anything comes before taking it, then let the kernel collect."""

import socket
import struct


def take(sock: socket.socket, n: int) -> bytes:
    data = b""
    while len(data) < n:
        piece = sock.recv(n - len(data), socket.MSG_WAITALL)
        if not piece:
            raise EOFError(f"{n - len(data)} bytes are missing")
        data += piece
    return data


def recv_message(sock: socket.socket, limit: int) -> bytes | None:
    if not sock.recv(1, socket.MSG_PEEK):
        return None
    (length,) = struct.unpack(">L", take(sock, 4))
    if length > limit:
        raise ValueError("too long")
    return take(sock, length)
