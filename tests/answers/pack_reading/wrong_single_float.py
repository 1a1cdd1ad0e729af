# fails: test_record | float of 4 bytes
import struct


def pack_reading(channel, sensor, temperature, voltage, name):
    text = name.encode()
    try:
        return struct.pack("!BIhfB", channel, sensor, temperature, voltage, len(text)) + text
    except struct.error as error:
        raise ValueError("it does not fit") from error
