"""A small class with a method for each step, and iter() with a sentinel."""

import socket
from functools import partial


class Client:
    def __init__(self, host: str, port: int) -> None:
        self.sock = socket.create_connection((host, port))

    def ask(self, request: bytes) -> None:
        self.sock.sendall(request)
        self.sock.shutdown(socket.SHUT_WR)

    def answer(self) -> bytes:
        return b"".join(iter(partial(self.sock.recv, 16384), b""))

    def close(self) -> None:
        self.sock.close()


def fetch(host: str, port: int, request: bytes) -> bytes:
    client = Client(host, port)
    try:
        client.ask(request)
        return client.answer()
    finally:
        client.close()
