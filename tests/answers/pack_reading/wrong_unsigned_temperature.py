# fails: test_extremes | ValueError
import struct


def pack_reading(channel, sensor, temperature, voltage, name):
    text = name.encode()
    try:
        return struct.pack("!BIHdB", channel, sensor, temperature, voltage, len(text)) + text
    except struct.error as error:
        raise ValueError("it does not fit") from error
