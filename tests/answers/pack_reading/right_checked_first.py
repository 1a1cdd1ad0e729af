"""Ask about every range before writing; = with no padding, and the order turned by hand."""

import struct


def pack_reading(channel: int, sensor: int, temperature: int, voltage: float, name: str) -> bytes:
    text = bytes(name, "utf-8")
    ranges = ((channel, 0, 255), (sensor, 0, 2**32 - 1), (temperature, -(2**15), 2**15 - 1), (len(text), 0, 255))
    if any(not low <= value <= high for value, low, high in ranges):
        raise ValueError("out of range")
    record = bytearray([channel])
    for shift in (24, 16, 8, 0):
        record.append(sensor >> shift & 0xFF)
    for shift in (8, 0):
        record.append(temperature >> shift & 0xFF)
    record += struct.pack("<d", voltage)[::-1]
    record.append(len(text))
    return bytes(record + text)
