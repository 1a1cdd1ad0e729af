# fails: test_stays_here | the question came with 32
import socket
import time


def discover(group, port, seconds):
    found = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 32)
        sock.sendto(b"WHO?", (group, port))
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                data, sender = sock.recvfrom(65535)
            except TimeoutError:
                break
            if not data.startswith(b"HERE ") or len(data) == 5:
                continue
            try:
                name = data[5:].decode()
            except UnicodeDecodeError:
                continue
            found.add((name, *sender))
    return sorted(found)
