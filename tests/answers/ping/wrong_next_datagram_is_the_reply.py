# fails: test_duplicates | received
import socket
import time


def ping(host, port, count, timeout):
    rtt, duplicates = {}, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        for number in range(count):
            probe = number.to_bytes(4, "big")
            started = time.monotonic()
            sock.sendto(probe, (host, port))
            try:
                data, sender = sock.recvfrom(2048)
                if data == probe and sender == (host, port):
                    rtt[number] = time.monotonic() - started
            except TimeoutError:
                pass
    return {
        "sent": count,
        "received": len(rtt),
        "lost": count - len(rtt),
        "duplicates": duplicates,
        "rtt_min": min(rtt.values(), default=None),
        "rtt_mean": sum(rtt.values()) / len(rtt) if rtt else None,
        "rtt_max": max(rtt.values(), default=None),
    }
