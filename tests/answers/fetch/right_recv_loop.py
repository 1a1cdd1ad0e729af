"""A recv loop that joins the pieces at the end."""

import socket


def fetch(host: str, port: int, request: bytes) -> bytes:
    pieces: list[bytes] = []
    with socket.create_connection((host, port)) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        while piece := sock.recv(4096):
            pieces.append(piece)
    return b"".join(pieces)
