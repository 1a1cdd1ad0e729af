"""A timer thread that shuts the connection down when the time is up."""

import socket
import threading


def fetch_within(host: str, port: int, request: bytes, seconds: float) -> bytes:
    expired = threading.Event()

    with socket.create_connection((host, port), timeout=seconds) as sock:
        sock.settimeout(None)

        def stop() -> None:
            expired.set()
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

        watchdog = threading.Timer(seconds, stop)
        watchdog.start()
        try:
            pieces = []
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
            while piece := sock.recv(65536):
                pieces.append(piece)
        except OSError:
            if not expired.is_set():
                raise
        finally:
            watchdog.cancel()
    if expired.is_set():
        raise TimeoutError(f"no whole answer within {seconds} s")
    return b"".join(pieces)
