# fails: test_time_of_a_duplicate | as late as a copy
import socket
import time


def ping(host, port, count, timeout):
    sent, rtt, duplicates = {}, {}, 0
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for number in range(count):
        probe = number.to_bytes(4, "big")
        sent[probe] = time.monotonic()
        sock.sendto(probe, (host, port))
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            data, sender = sock.recvfrom(2048)
        except TimeoutError:
            break
        now = time.monotonic()
        if sender != (host, port) or data not in sent or now - sent[data] > timeout:
            continue
        if data in rtt:
            duplicates += 1
        rtt[data] = now - sent[data]
    sock.close()
    return {
        "sent": count,
        "received": len(rtt),
        "lost": count - len(rtt),
        "duplicates": duplicates,
        "rtt_min": min(rtt.values(), default=None),
        "rtt_mean": sum(rtt.values()) / len(rtt) if rtt else None,
        "rtt_max": max(rtt.values(), default=None),
    }
