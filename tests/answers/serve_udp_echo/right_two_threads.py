"""One thread receives, another one answers; a queue lies between them."""

import queue
import socket
import threading
from typing import Any


def serve_udp_echo(sock: socket.socket) -> None:
    waiting: queue.Queue[tuple[bytes, Any]] = queue.Queue()

    def answer() -> None:
        while True:
            try:
                sock.sendto(*waiting.get())
            except ConnectionError:
                pass

    threading.Thread(target=answer, daemon=True).start()
    while True:
        try:
            waiting.put(sock.recvfrom(1 << 16))
        except ConnectionError:
            pass
