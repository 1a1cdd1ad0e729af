"""A generator holds the rest between two lines; partition cuts."""

import socket
from collections.abc import Iterator


def lines(sock: socket.socket, limit: int) -> Iterator[str]:
    rest = b""
    while True:
        line, newline, after = rest.partition(b"\n")
        if newline:
            rest = after
            line = line[:-1] if line[-1:] == b"\r" else line
            if len(line) > limit:
                raise ValueError(f"a line of {len(line)} bytes")
            yield str(line, "utf-8")
            continue
        if len(rest) > limit + 1:
            raise ValueError("no end of this line in sight")
        data = sock.recv(4096)
        if not data and rest:
            raise EOFError(f"the stream ended after {rest!r}")
        if not data:
            return
        rest += data


class LineReader:
    def __init__(self, sock: socket.socket, limit: int) -> None:
        self.lines = lines(sock, limit)

    def readline(self) -> str | None:
        return next(self.lines, None)
