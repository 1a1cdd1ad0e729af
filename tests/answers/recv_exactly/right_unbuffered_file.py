"""A file without a buffer takes from the socket what is asked of it and no more."""

import socket


def recv_exactly(sock: socket.socket, n: int) -> bytes:
    pieces = []
    with sock.makefile("rb", buffering=0) as stream:
        while n:
            piece = stream.read(n)
            if not piece:
                raise EOFError("the stream has ended")
            pieces.append(piece)
            n -= len(piece)
    return b"".join(pieces)
