# fails: test_lengths | 126 was written in byte 1 itself
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
    header = struct.pack("!BB", first, masked + n)

    if mask is None:
        return header + payload
    data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return header + mask + data
