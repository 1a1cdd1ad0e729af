# fails: test_extremes | temperature is signed
import struct


def unpack_reading(data):
    if len(data) < 16:
        return None
    channel, sensor, temperature, voltage, length = struct.unpack("!BIHdB", data[:16])
    if len(data) < 16 + length:
        return None
    name = data[16 : 16 + length].decode()
    return (channel, sensor, temperature, voltage, name), data[16 + length :]
