"""Two file objects on the socket: one to write, one to read to the end."""

import socket


def fetch(host: str, port: int, request: bytes) -> bytes:
    with socket.create_connection((host, port)) as sock:
        with sock.makefile("wb") as out:
            out.write(request)
        sock.shutdown(socket.SHUT_WR)
        with sock.makefile("rb") as answer:
            return answer.read()
