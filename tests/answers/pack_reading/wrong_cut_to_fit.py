# fails: test_too_large | ValueError must be raised
import struct


def pack_reading(channel, sensor, temperature, voltage, name):
    text = name.encode()
    try:
        return struct.pack("!BIhdB", channel % 256, sensor % 2**32, temperature, voltage, len(text)) + text
    except struct.error as error:
        raise ValueError("it does not fit") from error
