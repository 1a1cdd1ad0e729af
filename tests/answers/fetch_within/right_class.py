"""A deadline as an object of its own."""

import socket
import time


class Deadline:
    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def apply(self, sock: socket.socket) -> None:
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        sock.settimeout(left)


def fetch_within(host: str, port: int, request: bytes, seconds: float) -> bytes:
    deadline = Deadline(seconds)
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    try:
        deadline.apply(sock)
        sock.connect(address)
        unsent = request
        while unsent:
            deadline.apply(sock)
            unsent = unsent[sock.send(unsent[:65536]) :]
        sock.shutdown(socket.SHUT_WR)
        answer = bytearray()
        while True:
            deadline.apply(sock)
            piece = sock.recv(4096)
            if piece == b"":
                return bytes(answer)
            answer.extend(piece)
    finally:
        sock.close()
