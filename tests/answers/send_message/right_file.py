"""A buffered file writes all, at the latest when it is closed."""

import socket


def send_message(sock: socket.socket, message: bytes) -> None:
    n = len(message)
    with sock.makefile("wb") as stream:
        stream.write(bytes([n >> 24, n >> 16 & 255, n >> 8 & 255, n & 255]))
        stream.write(message)
