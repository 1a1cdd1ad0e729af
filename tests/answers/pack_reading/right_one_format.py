"""One format with the name's length in it, and errors turned into ValueError."""

import struct


def pack_reading(channel: int, sensor: int, temperature: int, voltage: float, name: str) -> bytes:
    text = name.encode("utf-8")
    try:
        return struct.pack(f"!BIhdB{len(text)}s", channel, sensor, temperature, voltage, len(text), text)
    except struct.error as error:
        raise ValueError(str(error)) from error
