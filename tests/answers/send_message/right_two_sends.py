"""The length and the message one after the other: the stream joins them."""

import socket


def send_message(sock: socket.socket, message: bytes) -> None:
    sock.sendall(len(message).to_bytes(4, "big"))
    sock.sendall(message)
