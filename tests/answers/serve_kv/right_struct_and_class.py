"""A class with one method for each operation; struct cuts the head."""

import socket
import struct

HEAD = struct.Struct("!c4sB")


class Store:
    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.operations = {b"P": self.put, b"G": self.get}

    def put(self, number: bytes, key: bytes, value: bytes) -> bytes:
        self.values[key] = value
        return b"S" + number

    def get(self, number: bytes, key: bytes, value: bytes) -> bytes:
        if value:
            raise ValueError("bytes behind the key")
        found = self.values.get(key)
        return b"N" + number if found is None else b"V" + number + found

    def answer(self, request: bytes) -> bytes:
        operation, number, length = HEAD.unpack_from(request)
        body = request[HEAD.size :]
        if not 0 < length <= len(body):
            raise ValueError("the key is not there")
        return self.operations[operation](number, body[:length], body[length:])


def serve_kv(sock: socket.socket) -> None:
    store = Store()
    while True:
        try:
            request, client = sock.recvfrom(65536)
            sock.sendto(store.answer(request), client)
        except (struct.error, ValueError, KeyError, ConnectionError):
            continue
