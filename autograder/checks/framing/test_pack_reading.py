"""Write a reading as a binary record: every byte in its place, whatever machine it is."""

from __future__ import annotations

import struct
from random import Random

from autograder.checks.fixtures import Likely
from autograder.checks.framing.records import Reading, a_reading, record
from autograder.checks.tcp_sockets.probes import need_bytes
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Failure
from autograder.judge.learner import Learner


@exercise
def pack_reading(channel: int, sensor: int, temperature: int, voltage: float, name: str) -> bytes: ...


@requirement(
    points=1,
    source="docs.python.org: struct, byte order, size and alignment; IEEE 754 binary64",
    hint="A struct format without a first character means this machine's order and its padding. Begin with '!'.",
)
def test_record(learner: Learner, rng: Random, likely: Likely) -> None:
    """Every field is in its place, the highest byte first, with no padding between them."""
    for _ in range(3):
        _agree(learner, a_reading(rng), likely)


@requirement(
    points=1,
    source="docs.python.org: struct, format characters",
    hint="Small letters are signed, capitals are not; f has 4 bytes and d has 8.",
    needs="test_record",
)
def test_extremes(learner: Learner, rng: Random, likely: Likely) -> None:
    """The smallest and the largest value of each field are written, and voltage loses no digit."""
    for reading in (
        (255, 2**32 - 1, 32767, 1.7976931348623157e308, "a"),
        (0, 0, -32768, -5e-324, "b"),
        (128, 2**31, -1, 0.1, "c"),
        (127, 65536, -rng.randrange(2, 30000), float("-inf"), "d"),
    ):
        _agree(learner, reading, likely)


@requirement(
    points=1,
    source="RFC 3629 section 3",
    hint="Encode first, then count: len(name.encode()).",
    needs="test_record",
)
def test_name(learner: Learner, rng: Random, likely: Likely) -> None:
    """The name is UTF-8, its length is counted in bytes, and it may have from 0 to 255 of them."""
    channel, sensor, temperature, voltage, _ = a_reading(rng)
    for name in ("Küche 日本 \N{ROCKET}", "", " x ", "é" * 127 + "!", "a\x00b"):
        reading = (channel, sensor, temperature, voltage, name)
        _agree(learner, reading, likely)


@requirement(
    points=1,
    source="the contract; docs.python.org: struct.error",
    hint="struct.error is no ValueError: catch it and raise one. And a name has 255 bytes at most.",
    needs="test_record",
)
def test_too_large(learner: Learner, rng: Random, likely: Likely) -> None:
    """A value that does not fit into its field raises ValueError."""
    good = a_reading(rng)
    learner(*good)
    names = ("channel", "sensor", "temperature", "", "name")
    for place, value in (
        (0, 256),
        (0, -1),
        (1, 2**32),
        (1, -5),
        (2, 32768),
        (2, -32769),
        (4, "x" * 256),
        (4, "é" * 128),
    ):
        bad = [*good[:place], value, *good[place + 1 :]]
        try:
            learner.must_raise(ValueError, *bad)
        except Failure:
            said = f"{len(str(value).encode())} bytes of UTF-8" if place == 4 else f"{value}"
            likely(True, f"{said} can't be the {names[place]} of a record")
            raise


def _agree(learner: Learner, reading: Reading, likely: Likely) -> None:
    """Compare one record; name the slip that the bytes prove."""
    got = learner(*reading)
    need_bytes(got, "pack_reading")
    right, name = record(reading), reading[4].encode()
    likely(
        len(got) > len(right) and got[1:4] == b"\x00\x00\x00" and got[4:8] != right[1:5],
        "there are 3 bytes of padding after the channel: without '!' struct aligns the fields as this machine's "
        "C compiler would",
    )
    likely(
        got[1:5] == right[1:5][::-1] != right[1:5] and len(got) == len(right),
        "the fields have their low byte first: on the wire the high byte comes first",
    )
    likely(
        got[:15] == right[:15] and got[15:16] == bytes([len(reading[4]) % 256]) and len(name) != len(reading[4]),
        f"the name's length is counted in characters: {len(reading[4])} characters are {len(name)} bytes of UTF-8",
    )
    likely(got[7:11] == _single(reading[3]), "voltage was written as a float of 4 bytes: 8 are asked, struct's d")
    likely(got == right + b"\x00", "a zero byte follows the name: its length says already where it ends")
    assert got == right


def _single(value: float) -> bytes | None:
    try:
        return struct.pack("!f", value)
    except OverflowError:
        return None
