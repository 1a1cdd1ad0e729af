"""A non-blocking socket and a selector that is asked to wait for what is left of the time."""

import selectors
import socket
import time


def fetch_within(host: str, port: int, request: bytes, seconds: float) -> bytes:
    deadline = time.monotonic() + seconds
    answer = bytearray()
    unsent = memoryview(request)
    with (
        socket.create_connection((host, port), timeout=seconds) as sock,
        selectors.DefaultSelector() as selector,
    ):
        sock.setblocking(False)
        selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while True:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError("time is up")
            for _, events in selector.select(remaining):
                if events & selectors.EVENT_WRITE:
                    unsent = unsent[sock.send(unsent) :]
                    if not unsent:
                        sock.shutdown(socket.SHUT_WR)
                        selector.modify(sock, selectors.EVENT_READ)
                if events & selectors.EVENT_READ:
                    piece = sock.recv(65536)
                    if not piece:
                        return bytes(answer)
                    answer += piece
