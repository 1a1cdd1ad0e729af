# fails: test_rest | name
import struct


def unpack_reading(data):
    if len(data) < 16:
        return None
    channel, sensor, temperature, voltage, length = struct.unpack("!BIhdB", data[:16])
    if len(data) < 16 + length:
        return None
    name = data[16:].decode(errors="replace")
    return (channel, sensor, temperature, voltage, name), data[16 + length :]
