"""The length one byte after the other, the message into a buffer."""

import socket


def recv_message(sock: socket.socket, limit: int) -> bytes | None:
    length = 0
    for place in range(4):
        byte = sock.recv(1)
        if not byte and place == 0:
            return None
        if not byte:
            raise EOFError("half a length")
        length = length << 8 | byte[0]
    if length > limit:
        raise ValueError(f"{length=} {limit=}")
    buffer = memoryview(bytearray(length))
    at = 0
    while at < length:
        count = sock.recv_into(buffer[at:])
        if not count:
            raise EOFError("half a message")
        at += count
    return bytes(buffer)
