"""Split once for each piece that arrives; whole lines wait in a queue."""

import socket
from collections import deque


class LineReader:
    def __init__(self, sock: socket.socket, limit: int) -> None:
        self.sock, self.limit = sock, limit
        self.whole: deque[bytes] = deque()
        self.part = b""

    def readline(self) -> str | None:
        while not self.whole:
            if len(self.part) > self.limit + 1:
                raise ValueError("too long")
            data = self.sock.recv(65536)
            if not data:
                if self.part:
                    raise EOFError
                return None
            *complete, self.part = (self.part + data).split(b"\n")
            self.whole.extend(complete)
        line = self.whole.popleft().removesuffix(b"\r")
        if len(line) > self.limit:
            raise ValueError("too long")
        return line.decode()
