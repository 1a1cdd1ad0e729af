"""A connected socket: the kernel keeps strangers out, and closed ports raise."""

import contextlib
import socket
import struct
import time
from typing import Any


def ping(host: str, port: int, count: int, timeout: float) -> dict[str, Any]:
    clock = time.perf_counter
    starts = []
    replies: list[list[float]] = [[] for _ in range(count)]
    form = struct.Struct("!4sQ")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((host, port))
        for number in range(count):
            starts.append(clock())
            with contextlib.suppress(ConnectionRefusedError):
                sock.send(form.pack(b"ping", number))
        while True:
            left = starts[-1] + timeout - clock()
            if left <= 0:
                break
            sock.settimeout(left)
            try:
                data = sock.recv(2000)
            except TimeoutError:
                break
            except ConnectionRefusedError:
                continue
            now = clock()
            if len(data) != form.size:
                continue
            word, number = form.unpack(data)
            if word == b"ping" and number < count and now - starts[number] <= timeout:
                replies[number].append(now - starts[number])
    firsts = [times[0] for times in replies if times]
    return {
        "sent": count,
        "received": len(firsts),
        "lost": replies.count([]),
        "duplicates": sum(len(times) - 1 for times in replies if times),
        "rtt_min": min(firsts, default=None),
        "rtt_mean": sum(firsts) / len(firsts) if firsts else None,
        "rtt_max": max(firsts, default=None),
    }
