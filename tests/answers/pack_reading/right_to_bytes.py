"""Numbers write themselves; their error is an OverflowError, which is no ValueError."""

import struct


def pack_reading(channel: int, sensor: int, temperature: int, voltage: float, name: str) -> bytes:
    text = name.encode()
    try:
        head = channel.to_bytes(1, "big") + sensor.to_bytes(4, "big") + temperature.to_bytes(2, "big", signed=True)
        return head + struct.pack(">d", voltage) + len(text).to_bytes(1, "big") + text
    except OverflowError:
        raise ValueError("a field is too small for its value") from None
