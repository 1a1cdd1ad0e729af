# fails: test_message | ValueError
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
    (length,) = struct.unpack("<I", first + recv_exactly(sock, 3))
    if length > limit:
        raise ValueError(f"a message of {length} bytes")
    return recv_exactly(sock, length)
