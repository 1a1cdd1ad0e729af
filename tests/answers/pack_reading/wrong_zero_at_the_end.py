# fails: test_record | zero byte follows
import struct


def pack_reading(channel, sensor, temperature, voltage, name):
    text = name.encode()
    try:
        return struct.pack("!BIhdB", channel, sensor, temperature, voltage, len(text)) + text + b"\0"
    except struct.error as error:
        raise ValueError("it does not fit") from error
