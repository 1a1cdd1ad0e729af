"""Try, and take struct's complaint for: need more."""

import struct


def unpack_reading(data: bytes) -> tuple[tuple[int, int, int, float, str], bytes] | None:
    try:
        *numbers, length = struct.unpack("!BIhdB", data[:16])
        (name,) = struct.unpack_from(f"!{length}s", data, 16)
    except struct.error:
        return None
    channel, sensor, temperature, voltage = numbers
    return (channel, sensor, temperature, voltage, name.decode("utf-8", "strict")), data[16 + length :]
