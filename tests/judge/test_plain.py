"""Plain data keeps its types on the way, and no bytes whatever make the judge build anything else."""

from __future__ import annotations

import enum
import math
import pickle
import struct
import time
from typing import Any, NamedTuple

import msgpack
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autograder.judge.plain import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_EXTENSIONS,
    MAX_INT_BITS,
    MAX_ITEMS,
    NotPlain,
    decode,
    encode,
)

# The same examples in each run, and none is judged by how long a busy machine takes for it.
unhurried = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

PLAIN_TYPES = (type(None), bool, int, float, str, bytes, bytearray, list, tuple, set, frozenset, dict)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**MAX_INT_BITS) + 1, max_value=2**MAX_INT_BITS - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
)
hashables = st.recursive(
    scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5
)
values = st.recursive(
    hashables | st.binary().map(bytearray),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(hashables, max_size=4)
        | st.dictionaries(hashables, inner, max_size=4)
    ),
    max_leaves=12,
)


def shape(value: Any) -> Any:
    """The value as pairs of type and content, so that 1, 1.0 and True, or [] and (), are told apart."""
    match value:
        case list() | tuple():
            return type(value), [shape(item) for item in value]
        case set() | frozenset():
            return type(value), sorted(map(repr, map(shape, value)))
        case dict():
            return type(value), sorted(repr((shape(key), shape(item))) for key, item in value.items())
    return type(value), repr(value)


def assert_plain(value: object) -> None:
    """Nothing but plain data, all the way down, and no subclass of it."""
    assert type(value) in PLAIN_TYPES
    if isinstance(value, dict):
        for key, item in value.items():
            assert_plain(key)
            assert_plain(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            assert_plain(item)


@unhurried
@given(values)
@example(-0.0)
@example(2**64)
@example(-(2**63) - 1)
@example(2**MAX_INT_BITS - 1)
@example(-(2**MAX_INT_BITS) + 1)
@example([(), [], (1,), {(1, 2): frozenset({b"", ""})}])
def test_a_round_trip_keeps_value_and_type(value: Any) -> None:
    got = decode(encode(value))
    assert shape(got) == shape(value)
    assert_plain(got)


def decodes_to_plain_or_refuses(data: bytes) -> None:
    try:
        value = decode(data)
    except ValueError:
        return
    assert_plain(value)


@unhurried
@given(st.binary(max_size=200))
def test_any_bytes_are_plain_data_or_a_value_error(data: bytes) -> None:
    decodes_to_plain_or_refuses(data)


@unhurried
@given(values, st.integers(min_value=0), st.integers(0, 255))
def test_a_message_with_one_byte_changed_is_plain_data_or_a_value_error(value: Any, place: int, byte: int) -> None:
    data = bytearray(encode(value))
    data[place % len(data)] = byte
    decodes_to_plain_or_refuses(bytes(data))


@unhurried
@given(values, st.integers(min_value=1))
def test_half_a_message_is_a_value_error(value: Any, missing: int) -> None:
    data = encode(value)
    with pytest.raises(ValueError):
        decode(data[: len(data) - 1 - missing % len(data)])


@unhurried
@given(values)
def test_bytes_behind_a_message_are_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError):
        decode(encode(value) + b"\0")


@unhurried
@given(st.integers(-128, 127), st.binary(max_size=16))
@example(-1, bytes(4))  # msgpack's own timestamps, of all three lengths, and a broken one
@example(-1, bytes(8))
@example(-1, bytes(12))
@example(-1, bytes(5))
@example(-1, b"\xff" * 8)
@example(5, b"1_000")
@example(5, b"not a number")
@example(1, b"\xc0")
@example(2, msgpack.packb([[1]]))  # a set with a list in it
@example(9, b"")
def test_any_extension_is_plain_data_or_a_value_error(code: int, data: bytes) -> None:
    # Packed by hand: msgpack itself refuses to pack a code that it keeps for itself.
    decodes_to_plain_or_refuses(b"\xc7" + bytes([len(data), code & 0xFF]) + data)


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd\xff\xff\xff\xff",  # a list of 4,294,967,295 items, none of which came
        b"\xdf\xff\xff\xff\xff",  # a dict of as many
        b"\xc6\xff\xff\xff\xff",  # bytes of as many
        b"\xc9\xff\xff\xff\xff\x01",  # a tuple of as many
        b"\x81\x90\x00",  # a dict whose key is a list
        b"\xa1\xff",  # text that is not UTF-8
        b"\x91" * 100_000 + b"\xc0",  # nested 100,000 deep
        pickle.dumps({"points": 100}),
        b"",
    ],
)
def test_hostile_bytes_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode(data)


def test_extensions_inside_each_other_end_at_a_depth() -> None:
    data: bytes = msgpack.packb([])
    for _ in range(MAX_DEPTH * 3):
        data = msgpack.packb(msgpack.ExtType(1, data))
    with pytest.raises(ValueError, match="too deep"):
        decode(data)


def test_a_message_that_is_too_long_is_refused_on_both_sides() -> None:
    with pytest.raises(NotPlain, match=f"more than the {MAX_BYTES} allowed"):
        encode(bytes(MAX_BYTES))
    with pytest.raises(ValueError, match=f"more than the {MAX_BYTES} allowed"):
        decode(bytes(MAX_BYTES + 1))
    almost = bytes(MAX_BYTES - 100)
    assert decode(encode(almost)) == almost


@pytest.mark.parametrize(
    "value",
    [
        [0] * MAX_ITEMS,
        [[]] * (MAX_ITEMS // 2 + 1),
        {number: {} for number in range(MAX_ITEMS // 2 + 1)},
        [()] * (MAX_EXTENSIONS + 1),
        [2**70] * (MAX_EXTENSIONS + 1),
        [bytearray()] * (MAX_EXTENSIONS + 1),
    ],
)
def test_more_items_than_allowed_are_refused_before_they_are_sent(value: Any) -> None:
    with pytest.raises(NotPlain, match="data of more than"):
        encode(value)
    assert decode(encode(value[:1000] if isinstance(value, list) else {1: {}}))


def packed_list(count: int, item: bytes) -> bytes:
    return b"\xdd" + struct.pack("!I", count) + count * item


@pytest.mark.parametrize(
    "data",
    [
        packed_list(MAX_BYTES - 5, b"\x00"),
        packed_list(MAX_BYTES - 5, b"\x90"),  # 1.2 GB of empty lists
        packed_list(MAX_BYTES - 5, b"\x80"),
        packed_list(40, packed_list(MAX_ITEMS // 20, b"\xc0")),
        packed_list(MAX_BYTES // 3 - 5, b"\xd4\x01\x90"),  # tuples
    ],
)
def test_small_bytes_that_stand_for_much_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="allowed|more than|exceeds"):
        decode(data)


def test_copies_inside_copies_are_a_value_error() -> None:
    data = msgpack.packb([bytes(MAX_BYTES - 1000)])
    for _ in range(10):
        data = msgpack.packb([msgpack.ExtType(1, data)])
    with pytest.raises(ValueError, match="too large"):
        decode(data)


def test_items_that_were_chosen_to_have_one_hash_take_no_time() -> None:
    modulus = 2**61 - 1  # Python's hash of an int is what is left over
    packed = [msgpack.packb(msgpack.ExtType(5, b"%x" % (1 + number * modulus))) for number in range(8, 100_000)]
    body = packed_list(len(packed), b"")[:5] + b"".join(packed)
    before = time.process_time()
    with pytest.raises(ValueError, match="more than"):
        decode(msgpack.packb(msgpack.ExtType(2, body)))
    assert time.process_time() - before < 10  # it would be minutes


def nested(depth: int, kind: type) -> Any:
    value: Any = kind()
    for _ in range(depth):
        value = kind([value])
    return value


@pytest.mark.parametrize("kind", [list, tuple, frozenset])
def test_nesting_is_possible_down_to_the_limit(kind: type) -> None:
    deepest = nested(MAX_DEPTH, kind)
    assert decode(encode(deepest)) == deepest
    with pytest.raises(NotPlain, match=f"more than {MAX_DEPTH} levels deep"):
        encode(nested(MAX_DEPTH + 1, kind))


def test_not_a_number_arrives_as_that() -> None:
    got = decode(encode(math.nan))
    assert type(got) is float and math.isnan(got)


def test_what_contains_itself_is_refused() -> None:
    items: list[Any] = []
    items.append({"again": items})
    with pytest.raises(NotPlain, match="contains itself"):
        encode(items)


class Port(enum.IntEnum):
    HTTP = 80


class Address(NamedTuple):
    host: str
    port: int


class Name(str):
    def __str__(self) -> str:
        return "something else"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Port.HTTP, 80),
        (Address("::1", 80), ("::1", 80)),
        (Name("abc"), "abc"),
        (memoryview(b"abc"), bytearray(b"abc")),
        ({Port.HTTP: True}, {80: True}),
    ],
)
def test_a_subclass_arrives_as_its_plain_base(value: Any, expected: Any) -> None:
    got = decode(encode(value))
    assert shape(got) == shape(expected)


@pytest.mark.parametrize(
    ("value", "where", "why"),
    [
        (object(), "value", "an object of type object"),
        (1j, "value", "an object of type complex"),
        ([1, (2, print)], "value[1][1]", "an object of type builtin_function_or_method"),
        ({"a": [object()]}, "value['a'][0]", "an object of type object"),
        ({object(): 1}, "a key of value", "an object of type object"),
        ([2**MAX_INT_BITS], "value[0]", f"a number of {MAX_INT_BITS + 1} bits, more than the {MAX_INT_BITS} allowed"),
        ({"name": "\udc80"}, "value['name']", "half a surrogate pair"),
    ],
)
def test_what_is_not_plain_is_named_with_its_place(value: Any, where: str, why: str) -> None:
    with pytest.raises(NotPlain) as refused:
        encode(value)
    assert refused.value.where == where
    assert why in refused.value.why
    assert str(refused.value).startswith(f"{where} is ")
