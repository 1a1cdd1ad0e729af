"""A file in binary mode keeps what follows the line; readline has a limit of its own."""

import socket


class LineReader:
    def __init__(self, sock: socket.socket, limit: int) -> None:
        self.stream = sock.makefile("rb")
        self.limit = limit

    def readline(self) -> str | None:
        line = self.stream.readline(self.limit + 2)
        if not line:
            return None
        if not line.endswith(b"\n"):
            if len(line) >= self.limit + 2:
                raise ValueError("the line is too long")
            raise EOFError("the stream ended inside a line")
        line = line[:-1].removesuffix(b"\r")
        if len(line) > self.limit:
            raise ValueError("the line is too long")
        return line.decode("utf-8")
