# fails: test_rest | ValueError
import struct


def unpack_reading(data):
    if len(data) < 16:
        return None
    channel, sensor, temperature, voltage, length = struct.unpack("!BIhdB", data[:16])
    if len(data) < 16 + length:
        return None
    if len(data) > 16 + length:
        raise ValueError("too long")
    name = data[16 : 16 + length].decode()
    return (channel, sensor, temperature, voltage, name), data[16 + length :]
