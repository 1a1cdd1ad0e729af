"""Before each call the socket's timeout is what is left of the whole."""

import socket
import time


def fetch_within(host: str, port: int, request: bytes, seconds: float) -> bytes:
    deadline = time.monotonic() + seconds

    def left() -> float:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError(f"not finished after {seconds} s")
        return remaining

    answer = bytearray()
    with socket.create_connection((host, port), timeout=left()) as sock:
        sock.settimeout(left())
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        while True:
            sock.settimeout(left())
            piece = sock.recv(65536)
            if not piece:
                return bytes(answer)
            answer += piece
