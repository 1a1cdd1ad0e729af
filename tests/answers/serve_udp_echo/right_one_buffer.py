"""One buffer for all datagrams, filled by recvfrom_into."""

import socket


def serve_udp_echo(sock: socket.socket) -> None:
    buffer = memoryview(bytearray(65535))
    while True:
        try:
            size, sender = sock.recvfrom_into(buffer)
            sock.sendto(buffer[:size], sender)
        except (ConnectionRefusedError, ConnectionResetError):
            continue
