# fails: test_rest | took bytes of this one along
import struct


def recv_message(sock, limit):
    data = b""
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "big"):
        if len(data) >= 4 and int.from_bytes(data[:4], "big") > limit:
            raise ValueError
        piece = sock.recv(4096)
        if not piece:
            if data:
                raise EOFError
            return None
        data += piece
    return data[4 : 4 + int.from_bytes(data[:4], "big")]
