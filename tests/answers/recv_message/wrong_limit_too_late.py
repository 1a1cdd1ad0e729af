# fails: test_limit | no answer from
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
    (length,) = struct.unpack("!I", first + recv_exactly(sock, 3))
    message = recv_exactly(sock, length)
    if len(message) > limit:
        raise ValueError
    return message
