# fails: test_pieces | four pieces
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
    head = sock.recv(4)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    if length > limit:
        raise ValueError
    return recv_exactly(sock, length)
