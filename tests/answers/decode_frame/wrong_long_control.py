# fails: test_forbidden | of 126 bytes
import struct


def decode_frame(data, from_client=True, limit=None):
    if len(data) < 2:
        return None
    first, second = data[0], data[1]
    fin = first & 0x80 != 0
    opcode = first & 0x0F
    masked = second & 0x80 != 0
    n = second & 0x7F

    if first & 0x70:
        raise ValueError(1002, "RSV bit")
    if opcode not in (0, 1, 2, 8, 9, 10):
        raise ValueError(1002, "reserved opcode")
    if opcode >= 8 and not fin:
        raise ValueError(1002, "fragmented control frame")
    if from_client and not masked:
        raise ValueError(1002, "not masked")
    if not from_client and masked:
        raise ValueError(1002, "masked")

    pos = 2
    if n == 126:
        if len(data) < 4:
            return None
        n = struct.unpack("!H", data[2:4])[0]
        pos = 4
        if n < 126:
            raise ValueError(1002, "not minimal")
    elif n == 127:
        if len(data) < 10:
            return None
        n = struct.unpack("!Q", data[2:10])[0]
        pos = 10
        if n < 65536 or n >= 2**63:
            raise ValueError(1002, "bad length")

    if limit is not None and opcode < 8 and n > limit:
        raise ValueError(1009, "too big")

    if masked:
        key = data[pos:pos + 4]
        pos += 4
    if len(data) < pos + n:
        return None
    payload = data[pos:pos + n]
    if masked:
        payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    return fin, opcode, payload, data[pos + n:]
