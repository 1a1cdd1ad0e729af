"""Readings and their records, made field by field from the layout in the contract."""

from __future__ import annotations

import math
from random import Random

Reading = tuple[int, int, int, float, str]
"""channel, sensor, temperature, voltage, name"""


def a_reading(rng: Random, name: str | None = None) -> Reading:
    """A reading whose record shows a wrong place or order: no field reads the same backwards. Signs come elsewhere."""
    return (
        rng.randrange(1, 256),
        rng.randrange(0x0102_0304, 0x7F00_0000) | 0x80,
        rng.choice((0x0102, 0x1234, 0x04D2, 0x2B67)) + rng.randrange(0x20),
        round(rng.uniform(-9, 9), 3) + 0.0001,
        rng.randbytes(4).hex() if name is None else name,
    )


def record(reading: Reading) -> bytes:
    """The record of a reading, without struct."""
    channel, sensor, temperature, voltage, name = reading
    encoded = name.encode()
    return b"".join(
        (
            channel.to_bytes(1, "big"),
            sensor.to_bytes(4, "big"),
            temperature.to_bytes(2, "big", signed=True),
            binary64(voltage),
            len(encoded).to_bytes(1, "big"),
            encoded,
        )
    )


def binary64(value: float) -> bytes:
    """The 8 bytes of a number in IEEE 754 binary64: sign, 11 bits of exponent, 52 bits of fraction; no NaN."""
    sign = int(math.copysign(1.0, value) < 0)
    if math.isinf(value):
        exponent, fraction = 2047, 0
    elif abs(value) < 2.0**-1022:  # subnormal, and zero: there is no leading 1
        exponent, fraction = 0, int(math.ldexp(abs(value), 1074))
    else:
        mantissa, power = math.frexp(abs(value))  # 0.5 <= mantissa < 1
        exponent, fraction = power + 1022, int(math.ldexp(mantissa, 53)) - 2**52
    return (sign << 63 | exponent << 52 | fraction).to_bytes(8, "big")
