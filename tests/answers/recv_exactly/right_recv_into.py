"""One buffer of the right size, filled from where the last piece ended."""

import socket


def recv_exactly(sock: socket.socket, n: int) -> bytes:
    buffer = bytearray(n)
    view = memoryview(buffer)
    filled = 0
    while filled < n:
        count = sock.recv_into(view[filled:])
        if count == 0:
            raise EOFError(f"{n - filled} bytes are missing")
        filled += count
    return bytes(buffer)
