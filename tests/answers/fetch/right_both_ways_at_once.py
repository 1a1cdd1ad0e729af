"""A non-blocking socket and a selector: reads while it still sends."""

import selectors
import socket


def fetch(host: str, port: int, request: bytes) -> bytes:
    answer = bytearray()
    rest = memoryview(request)
    sock = socket.create_connection((host, port))
    with sock, selectors.DefaultSelector() as selector:
        sock.setblocking(False)
        selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while True:
            for _, events in selector.select():
                if events & selectors.EVENT_WRITE:
                    if rest:
                        rest = rest[sock.send(rest) :]
                    if not rest:
                        sock.shutdown(socket.SHUT_WR)
                        selector.modify(sock, selectors.EVENT_READ)
                if events & selectors.EVENT_READ:
                    piece = sock.recv(65536)
                    if not piece:
                        return bytes(answer)
                    answer += piece
