"""A compiled format for the front, slices for the rest."""

import struct

FRONT = struct.Struct("!BIhdB")


def unpack_reading(data: bytes) -> tuple[tuple[int, int, int, float, str], bytes] | None:
    if len(data) < FRONT.size:
        return None
    channel, sensor, temperature, voltage, length = FRONT.unpack_from(data)
    end = FRONT.size + length
    if len(data) < end:
        return None
    return (channel, sensor, temperature, voltage, data[FRONT.size : end].decode()), data[end:]
