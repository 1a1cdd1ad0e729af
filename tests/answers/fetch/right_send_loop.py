"""send in a loop by hand, getaddrinfo by hand, recv_into one growing buffer."""

import socket


def fetch(host: str, port: int, request: bytes) -> bytes:
    last_error: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.connect(address)
        except OSError as error:
            sock.close()
            last_error = error
            continue
        try:
            rest = memoryview(request)
            while rest:
                rest = rest[sock.send(rest) :]
            sock.shutdown(socket.SHUT_WR)
            answer = bytearray()
            block = bytearray(65536)
            while count := sock.recv_into(block):
                answer += block[:count]
            return bytes(answer)
        finally:
            sock.close()
    raise last_error or OSError(f"no address for {host}")
