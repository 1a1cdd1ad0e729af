"""The kernel collects, as long as nothing interrupts it."""

import socket


def recv_exactly(sock: socket.socket, n: int) -> bytes:
    if n == 0:
        return b""
    data = sock.recv(n, socket.MSG_WAITALL)
    if not data:
        raise EOFError(f"the stream ended, and {n} bytes are missing")
    return data if len(data) == n else data + recv_exactly(sock, n - len(data))
