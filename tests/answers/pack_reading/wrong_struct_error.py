# fails: test_too_large | struct.error
import struct


def pack_reading(channel, sensor, temperature, voltage, name):
    text = name.encode()
    return struct.pack("!BIhdB", channel, sensor, temperature, voltage, len(text)) + text
