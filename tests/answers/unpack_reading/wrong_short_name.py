# fails: test_need_more | a slice takes what it gets
import struct


def unpack_reading(data):
    if len(data) < 16:
        return None
    channel, sensor, temperature, voltage, length = struct.unpack("!BIhdB", data[:16])
    name = data[16 : 16 + length].decode(errors="ignore")
    return (channel, sensor, temperature, voltage, name), data[16 + length :]
