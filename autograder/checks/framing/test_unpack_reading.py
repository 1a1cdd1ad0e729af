"""Read one record from the front of some bytes; say when there are too few, and keep what follows."""

from __future__ import annotations

from random import Random

from autograder.checks.fixtures import Likely
from autograder.checks.framing.records import Reading, a_reading, record
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Failure
from autograder.judge.learner import Learner
from autograder.wire import compare

FIELDS = ("channel", "sensor", "temperature", "voltage", "name")


@exercise
def unpack_reading(data: bytes) -> tuple[Reading, bytes] | None: ...


@requirement(
    points=1,
    source="docs.python.org: struct, byte order, size and alignment",
    hint="struct.unpack_from reads fields from a place in longer bytes. Does your format begin with '!'?",
)
def test_fields(learner: Learner, rng: Random, likely: Likely) -> None:
    """A whole record gives its five fields, and no bytes are left."""
    for _ in range(3):
        _agree(learner, a_reading(rng), b"", likely)


@requirement(
    points=1,
    source="docs.python.org: struct, format characters; RFC 3629",
    hint="Which fields are signed? And the name's length counts bytes, so cut before you decode.",
    needs="test_fields",
)
def test_extremes(learner: Learner, rng: Random, likely: Likely) -> None:
    """The smallest and the largest values are read, and names from 0 to 255 bytes of UTF-8."""
    for reading in (
        (255, 2**32 - 1, 32767, 1.7976931348623157e308, "a"),
        (0, 0, -32768, -5e-324, "Küche 日本 \N{ROCKET}"),
        (128, 2**31, -1, 0.1, ""),
        (127, 65536, -rng.randrange(2, 30000), float("-inf"), " " + "é" * 126 + "\x00\n"),
    ):
        _agree(learner, reading, b"", likely)


@requirement(
    points=1,
    source="the contract",
    hint="The record ends where its name ends: return data[end:] with it, untouched.",
    needs="test_fields",
)
def test_rest(learner: Learner, rng: Random, likely: Likely) -> None:
    """Bytes after the record come back as they are: the next record, a part of one, anything."""
    for name in ("Tür", ""):
        reading, following = a_reading(rng, name), record(a_reading(rng))
        for rest in (following, following[:9], b"\x00", b" \xff\n", following * 3):
            _agree(learner, reading, rest, likely)


@requirement(
    points=1,
    source="the contract",
    hint="Two questions: are the 16 bytes before the name there? Is the whole name there? If not: None.",
    needs="test_fields",
)
def test_need_more(learner: Learner, rng: Random, likely: Likely) -> None:
    """As long as the record is not complete the answer is None, whichever byte comes last."""
    reading = a_reading(rng, "Küche " + rng.randbytes(2).hex())
    whole = record(reading)
    for size in range(len(whole)):
        try:
            got = learner(whole[:size])
        except Failure:
            likely(True, f"{size} of {len(whole)} bytes were there: not wrong, only not yet complete")
            raise
        said = f"with {size} of {len(whole)} bytes the answer must be None, it was {got!r}"
        likely(
            size >= 16 and got is not None,
            f"the name has {whole[15]} bytes and {size - 16} were there: a slice takes what it gets and does not "
            "complain",
        )
        assert got is None, said
    _agree(learner, reading, b"", likely)


@requirement(
    points=1,
    source="RFC 3629 section 3",
    hint="bytes.decode raises UnicodeDecodeError, which is a ValueError, unless errors= says otherwise.",
    needs="test_fields",
)
def test_not_text(learner: Learner, rng: Random, likely: Likely) -> None:
    """A complete record whose name is not UTF-8 raises ValueError: more bytes would not mend it."""
    head = record(a_reading(rng, ""))[:15]
    for name in (b"K\xfcche", b"\xff\xfe", "é".encode()[:1]):
        damaged = head + bytes([len(name)]) + name
        for rest in (b"", b"\xa9" + record(a_reading(rng))):
            try:
                learner.must_raise(ValueError, damaged + rest)
            except Failure:
                likely(True, f"the name's bytes {name!r} are no UTF-8")
                raise


def _agree(learner: Learner, reading: Reading, rest: bytes, likely: Likely) -> None:
    """Ask for one reading, and compare field by field and then the rest."""
    got = learner(record(reading) + rest)
    assert got is not None, f"the record is complete; its fields and the rest are asked, got {got!r}"
    assert isinstance(got, (tuple, list)) and len(got) == 2, f"a pair (reading, rest) must come back, got {got!r}"
    fields, left = got
    assert isinstance(fields, (tuple, list)), f"the reading must be a tuple of five fields, got {fields!r}"
    assert len(fields) == 5, f"the reading must have five fields {', '.join(FIELDS)}, got {len(fields)}: {fields!r}"
    for field, value, right in zip(FIELDS, fields, reading, strict=True):
        if isinstance(right, int) and isinstance(value, int):
            _number_slips(field, value, right, likely)
        assert type(value) is type(right), f"{field} must be {right!r}, got {value!r}"
        assert value == right, f"{field} must be {right!r}, got {value!r}"
    assert isinstance(left, (bytes, bytearray)), f"the rest must be bytes, got {left!r}"
    likely(rest and not left, "the bytes after the record are gone: they are the beginning of the next one")
    difference = compare(rest, bytes(left))
    assert difference is None, f"the rest after the record: {difference}"


def _number_slips(field: str, value: int, right: int, likely: Likely) -> None:
    size = {"channel": 1, "sensor": 4, "temperature": 2}[field]
    raw = (right % 256**size).to_bytes(size, "big")
    likely(
        value != right and value == int.from_bytes(raw, "little", signed=right < 0),
        f"{field} was read with the low byte first: on the wire the high byte comes first",
    )
    likely(
        value != right and value in (int.from_bytes(raw, "big"), int.from_bytes(raw, "big", signed=True)),
        f"{field} {'is signed' if right < 0 else 'is unsigned'}, and was read as if it were not",
    )
