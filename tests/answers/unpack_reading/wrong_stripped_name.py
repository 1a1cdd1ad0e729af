# fails: test_extremes | name must be
import struct


def unpack_reading(data):
    if len(data) < 16:
        return None
    channel, sensor, temperature, voltage, length = struct.unpack("!BIhdB", data[:16])
    if len(data) < 16 + length:
        return None
    name = data[16 : 16 + length].decode().strip(" \0")
    return (channel, sensor, temperature, voltage, name), data[16 + length :]
