"""One inner function for both parts, which says how much came."""

import socket


def recv_message(sock: socket.socket, limit: int) -> bytes | None:
    def up_to(n: int) -> bytes:
        data = b""
        while len(data) < n and (piece := sock.recv(n - len(data))):
            data += piece
        return data

    head = up_to(4)
    if not head:
        return None
    if len(head) < 4:
        raise EOFError("the stream ended inside a length")
    length = int.from_bytes(head, "big")
    if length > limit:
        raise ValueError(f"{length} bytes are more than {limit}")
    message = up_to(length)
    if len(message) < length:
        raise EOFError("the stream ended inside a message")
    return message
