"""A file in memory, whose read says how much there was."""

import io
import struct
from typing import NamedTuple


class Reading(NamedTuple):
    channel: int
    sensor: int
    temperature: int
    voltage: float
    name: str


class Short(Exception):
    pass


def take(stream: io.BytesIO, n: int) -> bytes:
    data = stream.read(n)
    if len(data) < n:
        raise Short
    return data


def unpack_reading(data: bytes) -> tuple[Reading, bytes] | None:
    stream = io.BytesIO(data)
    try:
        channel = take(stream, 1)[0]
        sensor = int.from_bytes(take(stream, 4), "big")
        temperature = int.from_bytes(take(stream, 2), "big", signed=True)
        (voltage,) = struct.unpack("!d", take(stream, 8))
        name = take(stream, take(stream, 1)[0])
    except Short:
        return None
    return Reading(channel, sensor, temperature, voltage, str(name, "utf-8")), stream.read()
