"""End a connection with a reset (RST) where a close would end it politely (FIN)."""

import contextlib
import os
import socket
import struct

# struct linger: onoff, seconds. Two C ints everywhere but on Windows, where they are two unsigned shorts.
_LINGER_NOTHING = struct.pack("HH" if os.name == "nt" else "ii", 1, 0)


def reset(sock: socket.socket) -> None:
    """Close `sock` so that the other side's connection is reset: its next call fails with
    ConnectionResetError.

    SO_LINGER with a time of 0 makes close throw away what was not sent yet and send RST (POSIX,
    `setsockopt`).
    """
    with contextlib.suppress(OSError):  # the connection is gone already: there is nobody left to reset
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOTHING)
    sock.close()
