"""Lists of bytes, matched against the two forms that a request may have."""

import socket


def serve_kv(sock: socket.socket) -> None:
    store: dict[bytes, bytes] = {}
    while True:
        try:
            request, client = sock.recvfrom(1 << 16)
        except ConnectionError:
            continue
        match list(request):
            case [0x50, a, b, c, d, length, *rest] if 0 < length <= len(rest):
                store[bytes(rest[:length])] = bytes(rest[length:])
                answer = bytes([0x53, a, b, c, d])
            case [0x47, a, b, c, d, length, *rest] if 0 < length == len(rest):
                found = store.get(bytes(rest))
                answer = bytes([0x4E, a, b, c, d]) if found is None else bytes([0x56, a, b, c, d]) + found
            case _:
                continue
        try:
            sock.sendto(answer, client)
        except ConnectionError:
            pass
