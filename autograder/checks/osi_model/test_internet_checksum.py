"""Compute the checksum that IPv4, TCP and UDP carry."""

import random
import struct
from collections.abc import Callable

from autograder.checks.osi_model.arithmetic import checksum
from autograder.checks.osi_model.fields import a, number
from autograder.checks.osi_model.frames import IPV4
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner


@exercise
def internet_checksum(data: bytes) -> int:
    raise NotImplementedError


@requirement(
    points=1,
    source="RFC 1071 section 3",
    hint="Do it on paper first: add the four words, carry around, turn every bit.",
)
def test_rfc_example(learner: Learner, likely: Callable[[object, str], None]) -> None:
    """The example of RFC 1071, 00 01 f2 03 f4 f5 f6 f7, adds up to ddf2, so its checksum is 0x220d."""
    judge(learner, bytes.fromhex("0001f203f4f5f6f7"), 0x220D, likely)


@requirement(points=1, source="RFC 1071 section 1", hint="Two bytes are one word, the first the high one.")
def test_words(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """Any even number of bytes: 16-bit words, high byte first, from two bytes to 64 KiB."""
    header = rng.choice(IPV4["plain"])[0][:20]
    stored = int.from_bytes(header[10:12], "big")
    judge(learner, header[:10] + b"\0\0" + header[12:], stored, likely)
    for data in (b"\x12\x34", one_round(rng, 2 * rng.randrange(4, 40)), one_round(rng, 65536)):
        judge(learner, data, checksum(data), likely)


@requirement(points=1, source="RFC 1071 section 1", hint="Fill up with one zero byte at the end.")
def test_odd_length(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """An odd number of bytes counts as if one zero byte followed."""
    for data in (telling(rng, 2 * rng.randrange(2, 9) + 1), b"\xab", telling(rng, 1499)):
        judge(learner, data, checksum(data), likely)


@requirement(
    points=1,
    source="RFC 1071 section 2",
    hint="Adding a carry can carry again: repeat while bits above the 16 are set.",
)
def test_carries(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """A carry out of the 16 bits is added at the low end, again and again until none is left."""
    for _ in range(3):
        words = [rng.randrange(0x8000, 0x10000) for _ in range(rng.randrange(9, 30))]
        # The last word fills the low 16 bits up to 0xffff, so adding the carries carries once more.
        words.append((0xFFFF - sum(words)) & 0xFFFF)
        data = b"".join(word.to_bytes(2, "big") for word in words)
        judge(learner, data, checksum(data), likely)


@requirement(points=1, source="RFC 1071 section 1", hint="What is the sum of nothing? Turn its 16 bits over.")
def test_borders(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """No bytes, or only zero bytes, give 0xffff; only ff bytes give 0."""
    judge(learner, b"", 0xFFFF, likely)
    judge(learner, bytes(2 * rng.randrange(1, 2000)), 0xFFFF, likely)  # odd lengths are test_odd_length's business
    judge(learner, b"\xff" * 2 * rng.randrange(2, 2000), 0, likely)  # two words or more, so there are carries


@requirement(points=1, source="RFC 1071 section 1", hint="The sum then has all 16 bits set. Turn them over.")
def test_receiver(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """A receiver computes over everything, the checksum in its place included, and gets 0."""
    header, _ = rng.choice(IPV4["options"])
    judge(learner, header[: (header[0] & 15) * 4], 0, likely)
    data = rng.randbytes(2 * rng.randrange(5, 50))
    message = data + checksum(data).to_bytes(2, "big")
    judge(learner, message, 0, likely)
    # Who answers 0 to everything notices no damage.
    damaged = message
    while not is_one_round(damaged) or damaged == message:
        at = rng.randrange(len(message))
        damaged = message[:at] + bytes([message[at] ^ 1 << rng.randrange(8)]) + message[at + 1 :]
    judge(learner, damaged, checksum(damaged), likely)


def judge(learner: Learner, data: bytes, right: int, likely: Callable[[object, str], None]) -> None:
    """Ask for one checksum; name the slip when the number shows it."""
    got = learner(data)
    assert type(got) is int, f"the checksum must be a number, {number(right)}, got {a(got)}"
    likely(got < 0, "a negative number: ~ turns over all bits of an endless integer; & 0xFFFF keeps 16")
    likely(got > 0xFFFF, "the number has more than 16 bits")
    for slip, sentence in slips(data):
        likely(got == slip != right, sentence)
    assert got == right, f"the checksum must be 0x{right:04x}, got {hexadecimal(got)}"


def slips(data: bytes) -> list[tuple[int, str]]:
    """The numbers that beginners' slips give for some bytes, and the slips."""
    right = checksum(data)
    words = [int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big") for at in range(0, len(data), 2)]
    total = sum(words)
    once = (total & 0xFFFF) + (total >> 16)
    swapped = int.from_bytes(right.to_bytes(2, "big"), "little")
    found = [
        (~once & 0xFFFF, "the carry was added once; that carried again, and this second carry is missing"),
        (~total & 0xFFFF, "the carries were dropped: they are added at the low end"),
    ]
    if right:  # 0xffff in place of 0 may also be UDP's rule for its own header
        found.append((0xFFFF - right, "this is the sum; the checksum is the sum with every bit turned over"))
    if len(data) % 2 == 0:
        return [*found, (swapped, "the two bytes are exchanged: words are read with the high byte first")]
    as_low_byte = checksum(data[:-1] + b"\0" + data[-1:])
    return [
        *found,
        (checksum(data[:-1]), "the last byte was left out"),
        (as_low_byte, "the last byte is the high byte of its word, as every first byte is"),
        # A zero byte in front moves every byte to the other half of its word, so both slips look the same.
        (swapped, "the zero byte went to the front, not to the end; or words were read low byte first"),
    ]


def one_round(rng: random.Random, size: int) -> bytes:
    """Random bytes whose carries are added in one round, and whose checksum is not 0.

    Carries that carry again are for test_carries, 0 is for test_borders and test_receiver: whether an answer
    without them holds elsewhere must not depend on the seed.
    """
    while True:
        data = rng.randbytes(size)
        if is_one_round(data):
            return data


def is_one_round(data: bytes) -> bool:
    """Are the carries of these bytes added in one round, and is their checksum not 0?"""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    return (total & 0xFFFF) + (total >> 16) < 0xFFFF


def telling(rng: random.Random, size: int) -> bytes:
    """Bytes of an odd number from `one_round`, for which each slip with the last one gives a number of its own."""
    while True:
        data = one_round(rng, size)
        numbers = [slip for slip, _ in slips(data)[2:]]
        if len({checksum(data), *numbers}) == len(numbers) + 1:
            return data


def hexadecimal(value: int) -> str:
    """A number in hexadecimal, four digits where they are enough."""
    return f"{'-' * (value < 0)}0x{abs(value):04x}"
