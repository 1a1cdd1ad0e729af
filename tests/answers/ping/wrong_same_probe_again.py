# fails: test_probes_differ | 12 different probes were asked for; only 1
import socket
import time


def ping(host, port, count, timeout):
    rtt = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        for number in range(count):
            started = time.monotonic()
            sock.sendto(b"ping", (host, port))
            try:
                data, sender = sock.recvfrom(2048)
                if data == b"ping" and sender == (host, port):
                    rtt[number] = time.monotonic() - started
            except TimeoutError:
                pass
    duplicates = 0
    return {
        "sent": count,
        "received": len(rtt),
        "lost": count - len(rtt),
        "duplicates": duplicates,
        "rtt_min": min(rtt.values(), default=None),
        "rtt_mean": sum(rtt.values()) / len(rtt) if rtt else None,
        "rtt_max": max(rtt.values(), default=None),
    }
