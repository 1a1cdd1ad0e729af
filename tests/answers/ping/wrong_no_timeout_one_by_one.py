# fails: test_nobody_answers | waiting in
import socket
import time


def ping(host, port, count, timeout):
    times = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for number in range(count):
            probe = number.to_bytes(4, "big")
            started = time.monotonic()
            sock.sendto(probe, (host, port))
            data, sender = None, None
            while data != probe or sender != (host, port):
                data, sender = sock.recvfrom(2048)
            times.append(time.monotonic() - started)
    return {
        "sent": count,
        "received": len(times),
        "lost": 0,
        "duplicates": 0,
        "rtt_min": min(times),
        "rtt_mean": sum(times) / len(times),
        "rtt_max": max(times),
    }
