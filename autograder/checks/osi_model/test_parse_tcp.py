"""Take a TCP segment apart: numbers, flags, options, payload."""

import random
from collections.abc import Callable
from typing import Any

from autograder.checks.fixtures import refused
from autograder.checks.osi_model.fields import a, peek, same, shown, value
from autograder.checks.osi_model.frames import TCP
from autograder.checks.osi_model.variants import tcp_sample
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner

FLAGS = ["CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN"]
NUMBERS = ("source_port", "destination_port", "sequence", "acknowledgment", "window")


@exercise
def parse_tcp(segment: bytes) -> dict[str, Any]:
    raise NotImplementedError


@requirement(points=1, source="RFC 9293 section 3.1", hint="In struct, ! is network byte order.")
def test_numbers(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """Both ports, sequence and acknowledgment number and window are read in network byte order."""
    for segment, fields in rng.sample(new("plain", rng), 3):
        got = learner(segment)
        for key, at, size in zip(NUMBERS, (0, 2, 4, 8, 14), (2, 2, 4, 4, 2), strict=True):
            likely(
                peek(got, key) == int.from_bytes(segment[at : at + size], "little") != fields[key],
                f"{key} was read with the low byte first: the network's order is the high byte first",
            )
        likely(
            (peek(got, "source_port"), peek(got, "destination_port"))
            == (fields["destination_port"], fields["source_port"]),
            "the ports are exchanged: the source comes first",
        )
        same(got, {key: fields[key] for key in NUMBERS})


@requirement(
    points=1,
    source="RFC 9293 section 3.1",
    hint="The upper half of byte 12 counts words of four bytes; the payload starts after so many.",
)
def test_payload(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """The header's length is told in bytes, and the payload is everything behind it."""
    for segment, fields in (rng.choice(new("plain", rng)), *rng.sample(new("options", rng), len(TCP["options"]))):
        # Long enough that an option taken for longer stays inside the segment: test_options asks about that.
        payload = rng.randbytes(rng.randrange(12, 60))
        segment = segment[: fields["header_length"]] + payload
        got = learner(segment)
        words = segment[12] >> 4
        likely(
            peek(got, "header_length") == words,
            f"{words} is the length in words of four bytes: {words * 4} bytes are asked",
        )
        likely(
            peek(got, "header_length") == segment[12],
            "this is all of byte 12: only its upper half is the length",
        )
        likely(
            words > 5 and peek(got, "payload") == segment[20:],
            "the payload starts at byte 20, where this segment has options",
        )
        likely(
            peek(got, "payload") == segment[words:],
            f"the payload starts at byte {words}: that is the length in words, taken for bytes",
        )
        same(got, {"header_length": words * 4, "payload": payload})


@requirement(points=1, source="RFC 9293 section 3.1", hint="FIN is 0x01, SYN 0x02, and so on to CWR, 0x80.")
def test_flags(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """The names of exactly those flags that are set are listed, one alone as well as several or none."""
    segment = rng.choice(new("plain", rng))[0]
    alone = rng.sample([1 << place for place in range(8)], 8)
    found = {bits: listed_flags(learner(with_byte(segment, 13, bits))) for bits in alone}
    likely(
        all(found[bits] == names(bits << 1) for bits in alone),
        "each flag is one place off: FIN is the lowest bit, 0x01",
    )
    likely(
        all(found[bits] == names(bits >> 1) for bits in alone),
        "each flag is one place off: FIN is the lowest bit, 0x01, and SYN the next, 0x02",
    )
    likely(
        all(found[bits] == names(0x80 // bits) for bits in alone),
        "the names are in reverse: FIN is the lowest bit and CWR the highest",
    )
    for bits in (*alone, 0x12, 0x18, 0, rng.randrange(1, 255), 0xFF):
        listed = found.get(bits) or listed_flags(learner(with_byte(segment, 13, bits)))
        right = names(bits)
        likely(
            set(listed) == set(right) - {"ECE", "CWR"} != set(right),
            "ECE and CWR are missing: since RFC 3168 the two highest bits are flags, too",
        )
        likely(
            not listed and len(right) > 1,
            "one flag alone is found, several at once are not: look at each bit by itself",
        )
        asked = f"with 0x{bits:02x} in byte 13, 'flags' must name {right}"
        assert len(listed) == len(set(listed)) and set(listed) == set(right), f"{asked}, got {shown(listed)}"


@requirement(
    points=1,
    source="RFC 9293 section 3.1",
    hint="The length is the upper four bits of byte 12: shift the lower four out.",
)
def test_reserved_bits(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """The four reserved bits below the header's length change neither the length nor the flags."""
    segment = rng.choice(new("plain", rng))[0]
    # No-Operations begin the payload, so that a header taken for longer has good options.
    payload = b"\x01" * 60 + rng.randbytes(9)
    segment = segment[:20] + payload
    without = sorted(listed_flags(learner(segment)))  # whether these are right is asked by test_flags
    for reserved in (1, 8, 15):
        got = learner(with_byte(segment, 12, segment[12] | reserved))
        likely(
            peek(got, "header_length") in (20 + reserved // 4, 20 + reserved)
            and peek(got, "header_length") != 20,
            "the reserved bits were added to the length",
        )
        same(got, {"header_length": 20, "payload": payload})
        listed = listed_flags(got)
        said = f"without reserved bits 'flags' names {without}; with some it must name the same, got {shown(listed)}"
        assert sorted(listed) == without, said


@requirement(
    points=1,
    source="RFC 9293 section 3.1",
    hint="An option's second byte is its length, kind and length byte included.",
)
def test_options(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """Options are listed in order as (kind, data); a No-Operation (kind 1) is one byte and not listed."""
    same(learner(rng.choice(new("plain", rng))[0]), {"options": []})
    for segment, fields in rng.sample(new("options", rng), len(TCP["options"])):
        options_are(learner, segment, fields["options"], likely)


@requirement(points=1, source="RFC 9293 section 3.1", hint="Kind 0 is one byte, with no length: stop.")
def test_end_of_options(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """Kind 0 ends the list: what follows in the header is no option, and not payload either."""
    mss = b"\x02\x04" + rng.randbytes(2)
    scale = b"\x03\x03" + rng.randbytes(1)
    for block in (
        mss + b"\0" + scale,
        mss + b"\0" + rng.randbytes(3),
        b"\x01" + scale + b"\0" + mss[:3],
        b"\0" + scale,
    ):
        right = {2: [(2, mss[2:])], 1: [(3, scale[2:])], 0: []}[block[0]]
        segment = with_options(rng.choice(new("plain", rng))[0][:20], block) + rng.randbytes(9)
        options_are(learner, segment, right, likely)


@requirement(
    points=1,
    source="RFC 9293 section 3.1, MUST-7",
    hint="A length below 2 would never get on; one beyond the header would take the payload for an option.",
)
def test_bad_options(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """An option whose length is below 2 or reaches beyond the header raises ValueError."""
    header, payload = rng.choice(new("plain", rng))[0][:20], rng.randbytes(40)
    learner(rng.choice(new("options", rng))[0])
    # A length of 0 first: who only adds it never ends, and gathers options meanwhile.
    for block, damage in (
        (b"\x02\0\0\0", "the option at byte 20 has the length 0"),
        (b"\x02\x01\x05\xb4", "the option at byte 20 has the length 1, less than its own two bytes"),
        (b"\x01\x01\x02\x04", "the option at byte 22 has the length 4, and the header ends at byte 24"),
        (
            b"\x08\x0a" + rng.randbytes(6),
            "the option at byte 20 has the length 10, and the header ends at byte 28",
        ),
        (b"\x01\x01\x01\x03", "the option at byte 23 has no length: the header ends at byte 24"),
    ):
        refused(learner, likely, damage, with_options(header, block) + payload, seconds=0.5)


@requirement(points=1, source="RFC 9293 section 3.1", hint="20 <= header length <= len(segment).")
def test_lengths(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """Fewer than 20 bytes, a header length below 20 or beyond the segment's end raise ValueError."""
    segment = rng.choice(new("plain", rng))[0][:20]
    for size in (19, 13, rng.randrange(1, 12), 0):
        refused(learner, likely, f"this segment has {size} bytes, a header has 20", segment[:size])
    for words, behind in ((4, rng.randbytes(30)), (0, rng.randbytes(30)), (6, b""), (15, b"\x01" * 39)):
        damage = f"the header claims {words * 4} bytes here, of a segment of {20 + len(behind)}"
        refused(learner, likely, damage, with_byte(segment, 12, words << 4) + behind)
    same(learner(segment), {"header_length": 20, "payload": b""})


def new(theme: str, rng: random.Random) -> list[tuple[bytes, dict[str, Any]]]:
    """The segments of a theme, with values that come from the seed."""
    return [tcp_sample(item, rng) for item in TCP[theme]]


def with_byte(segment: bytes, at: int, byte: int) -> bytes:
    """A segment with one byte replaced."""
    return segment[:at] + bytes([byte]) + segment[at + 1 :]


def with_options(header: bytes, block: bytes) -> bytes:
    """A header of 20 bytes, grown by a block of options of whole words."""
    return with_byte(header, 12, (5 + len(block) // 4) << 4) + block


def names(bits: int) -> list[str]:
    """The names of the flags set in byte 13, in the order of the bits on the wire."""
    return [name for place, name in enumerate(FLAGS) if bits & (0x80 >> place)]


def listed_flags(answer: object) -> list[str]:
    """The flags that an answer names."""
    listed = value(answer, "flags")
    fits = isinstance(listed, list | tuple | set | frozenset) and all(
        isinstance(name, str) for name in listed
    )
    assert fits, f"'flags' must be a list of names, got {a(listed)}"
    return list(listed)  # type: ignore[call-overload]


def options_are(
    learner: Learner, segment: bytes, right: list[tuple[int, bytes]], likely: Callable[[object, str], None]
) -> None:
    """Ask for one segment's options and compare them."""
    got = learner(segment)
    listed = value(got, "options")
    assert isinstance(listed, list | tuple), f"'options' must be a list of pairs, got {a(listed)}"
    pairs = [tuple(item) if isinstance(item, list | tuple) else item for item in listed]
    first = len(segment) - len(segment[20:].lstrip(b"\x01"))  # past the No-Operations in front
    kinds = [item[0] for item in pairs if isinstance(item, tuple) and item]
    likely(1 in kinds, "kind 1 is No-Operation, one byte that fills a gap: it is not listed")
    likely(0 in kinds, "kind 0 is the end of the list: it is not listed, and nothing behind it is")
    likely(
        right and pairs == [(kind, bytes([kind, len(data) + 2]) + data) for kind, data in right],
        "the bytes of kind and length are still in the data",
    )
    likely(
        right and pairs[:1] == [(right[0][0], segment[first + 2 : first + 4 + len(right[0][1])])],
        "the first option is two bytes too long: its length counts kind and length byte, too",
    )
    likely(
        len(pairs) > len(right) == len([pair for pair in pairs[: len(right)] if pair in right]),
        "the list goes on where it should have ended",
    )
    expected = "[" + ", ".join(f"({kind}, {data!r})" for kind, data in right) + "]"
    assert pairs == right, f"'options' must be {expected}, got {shown(listed)}"
