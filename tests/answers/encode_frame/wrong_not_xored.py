# fails: test_mask | was not XORed
import struct


def encode_frame(opcode, payload, fin=True, mask=None):
    if opcode not in (0, 1, 2, 8, 9, 10):
        raise ValueError("unknown opcode")
    if opcode >= 8:
        if len(payload) > 125:
            raise ValueError("control frame too long")
        if not fin:
            raise ValueError("fragmented control frame")
    if mask is not None and len(mask) != 4:
        raise ValueError("bad mask")

    first = opcode
    if fin:
        first |= 0x80
    masked = 0
    if mask is not None:
        masked = 0x80

    n = len(payload)
    if n <= 125:
        header = struct.pack("!BB", first, masked | n)
    elif n <= 65535:
        header = struct.pack("!BBH", first, masked | 126, n)
    else:
        header = struct.pack("!BBQ", first, masked | 127, n)

    if mask is None:
        return header + payload
    return header + mask + payload
