"""The question goes out twice, since a datagram may be lost; select waits, a regular expression reads."""

import re
import select
import socket
import time


def discover(group: str, port: int, seconds: float) -> list[tuple[str, str, int]]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP)
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, bytes([127, 0, 0, 1]))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
        started = time.perf_counter()
        for _ in range(2):
            sock.sendto(b"WHO?", (group, port))
        answers = []
        while (passed := time.perf_counter() - started) < seconds:
            if select.select([sock], [], [], seconds - passed)[0]:
                answers.append(sock.recvfrom(65535))
    finally:
        sock.close()
    triples = []
    for data, (host, service_port) in answers:
        if found := re.fullmatch(rb"HERE (.+)", data, re.DOTALL):
            try:
                triples.append((found[1].decode(), host, service_port))
            except UnicodeDecodeError:
                pass
    return sorted(dict.fromkeys(triples))
