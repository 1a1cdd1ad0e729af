"""One byte a recv: slow, right, and nothing is ever read too far."""

import socket


class LineReader:
    def __init__(self, sock: socket.socket, limit: int) -> None:
        self.sock = sock
        self.limit = limit

    def readline(self) -> str | None:
        line = bytearray()
        while (byte := self.sock.recv(1)) != b"\n":
            if not byte:
                if line:
                    raise EOFError("half a line")
                return None
            line += byte
            if len(line) > self.limit + line.endswith(b"\r"):
                raise ValueError("too long")
        if line.endswith(b"\r"):
            line.pop()
        return line.decode()
