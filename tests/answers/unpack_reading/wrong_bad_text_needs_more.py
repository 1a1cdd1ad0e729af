# fails: test_not_text | ValueError must be raised
import struct


def unpack_reading(data):
    if len(data) < 16:
        return None
    channel, sensor, temperature, voltage, length = struct.unpack("!BIhdB", data[:16])
    if len(data) < 16 + length:
        return None
    try:
        name = data[16 : 16 + length].decode()
    except UnicodeDecodeError:
        return None
    return (channel, sensor, temperature, voltage, name), data[16 + length :]
