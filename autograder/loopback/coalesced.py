"""Messages that arrive glued together."""

import socket

from autograder.loopback.recorded import RecordedSocket


def send_coalesced(sock: socket.socket | RecordedSocket, *messages: bytes) -> None:
    """Send several messages in one call, so that one recv on the other side gets them all.

    It exposes a program that takes one recv for one message. On loopback up to 16 KB arrive in one piece.
    """
    together = b"".join(messages)
    if isinstance(sock, RecordedSocket):
        sock.send(together)
    else:
        sock.sendall(together)
