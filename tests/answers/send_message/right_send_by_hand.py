"""send, and go on where it stopped."""

import socket
import struct


def send_message(sock: socket.socket, message: bytes) -> None:
    left = memoryview(struct.pack("!I", len(message)) + message)
    while left:
        left = left[sock.send(left) :]
