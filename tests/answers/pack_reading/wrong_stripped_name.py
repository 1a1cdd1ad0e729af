# fails: test_name | byte
import struct


def pack_reading(channel, sensor, temperature, voltage, name):
    text = name.strip().encode()
    try:
        return struct.pack("!BIhdB", channel, sensor, temperature, voltage, len(text)) + text
    except struct.error as error:
        raise ValueError("it does not fit") from error
