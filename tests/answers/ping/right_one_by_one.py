"""One probe after another; duplicates of earlier ones are seen while waiting for later ones, and at the end."""

import secrets
import socket
import statistics
import time
from typing import Any


def ping(host: str, port: int, count: int, timeout: float) -> dict[str, Any]:
    sent: dict[bytes, float] = {}
    times: dict[bytes, float] = {}
    duplicates = 0

    def listen(sock: socket.socket, until: float, wanted: bytes | None) -> None:
        nonlocal duplicates
        while wanted not in times and (left := until - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                data, sender = sock.recvfrom(2048)
            except TimeoutError:
                return
            except ConnectionError:
                continue
            now = time.monotonic()
            if sender == (host, port) and data in sent and now - sent[data] <= timeout:
                if data in times:
                    duplicates += 1
                times.setdefault(data, now - sent[data])

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(count):
            probe = secrets.token_bytes(16)
            sent[probe] = time.monotonic()
            try:
                sock.sendto(probe, (host, port))
            except ConnectionError:
                pass
            listen(sock, sent[probe] + timeout, probe)
        listen(sock, max(sent.values()) + timeout, None)
    rtts = list(times.values())
    return {
        "sent": count,
        "received": len(rtts),
        "lost": count - len(rtts),
        "duplicates": duplicates,
        "rtt_min": min(rtts) if rtts else None,
        "rtt_mean": statistics.fmean(rtts) if rtts else None,
        "rtt_max": max(rtts) if rtts else None,
    }
