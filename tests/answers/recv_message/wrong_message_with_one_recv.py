# fails: test_pieces | one byte at a time
import struct


def recv_exactly(sock, n):
    data = bytearray()
    while len(data) < n:
        piece = sock.recv(min(n - len(data), 65536))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def recv_message(sock, limit):
    first = sock.recv(1)
    if not first:
        return None
    length = int.from_bytes(first + recv_exactly(sock, 3), "big")
    if length > limit:
        raise ValueError
    message = sock.recv(length) if length else b""
    if length and not message:
        raise EOFError
    return message
