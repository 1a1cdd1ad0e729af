"""Plain data between the learner's process and the judge, as msgpack.

Plain data is None, bool, int, float, str, bytes, bytearray, list, tuple, set, frozenset and dict, nested at most
`MAX_DEPTH` deep. msgpack knows no tuple, set, bytearray or big int, so these travel as extension types and arrive
as what they were. Subclasses (an IntEnum, a namedtuple, a str subclass) arrive as their plain base.

Decoding builds nothing but these types, so the judge may decode what learner code wrote. It takes memory and time in
proportion to what is allowed: a byte may be a list of 56 bytes, and items of a set that were chosen to have one hash
are compared each with each.
"""

from __future__ import annotations

from typing import Any

import msgpack

MAX_DEPTH = 60
"""Levels of nesting. msgpack's own unpacker stops at 512; sixty is more than any exercise asks for."""

MAX_BYTES = 16 * 1024 * 1024
"""Bytes of one message: four times the largest answer that an exercise asks for (4 MiB)."""

MAX_ITEMS = 500_000
"""Items of all lists and dicts in one message together."""

MAX_EXTENSIONS = 10_000
"""Tuples, sets, bytearrays and big ints in one message together."""

MAX_INT_BITS = 4096
"""Bits of one int: the largest keys of cryptography fit."""

_TUPLE, _SET, _FROZENSET, _BYTEARRAY, _BIG_INT = range(1, 6)
_COLLECTIONS: dict[int, Any] = {_TUPLE: tuple, _SET: set, _FROZENSET: frozenset}


class NotPlain(TypeError):
    """A value, or a part of it, is not plain data. `where` is its place (``value['a'][0]``), `type_name` its type."""

    def __init__(self, where: str, type_name: str, why: str) -> None:
        self.where, self.type_name, self.why = where, type_name, why
        super().__init__(f"{where} is {why}")


def encode(value: object) -> bytes:
    """Encode plain data.

    Raises:
        NotPlain: some part is not plain data, contains itself, is nested too deep, or the whole is over a maximum.
    """
    allowed = _Allowance()
    try:
        encoded: bytes = msgpack.packb(_to_wire(value, "value", 0, allowed), use_bin_type=True)
    except _TooMuch as error:
        raise NotPlain("value", type(value).__name__, str(error)) from None
    if len(encoded) > MAX_BYTES:
        raise NotPlain("value", type(value).__name__, f"{len(encoded)} bytes, more than the {MAX_BYTES} allowed")
    return encoded


def decode(encoded: bytes) -> Any:
    """Decode what `encode` made, or raise ValueError for any other bytes, whatever they are."""
    if len(encoded) > MAX_BYTES:
        raise ValueError(f"{len(encoded)} bytes is more than the {MAX_BYTES} allowed")
    try:
        return _unpack(encoded, 0, _Allowance())
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    except (msgpack.UnpackException, TypeError, OverflowError, UnicodeDecodeError) as error:
        raise ValueError(f"not a plain message: {error}") from error


class _TooMuch(ValueError):
    """More items than are allowed."""


class _Allowance:
    """What one message may still hold."""

    def __init__(self) -> None:
        self._items, self._extensions, self._bytes = MAX_ITEMS, MAX_EXTENSIONS, 2 * MAX_BYTES

    def take_items(self, count: int) -> None:
        """Count the items of a list or a dict, and it."""
        self._items -= count + 1
        if self._items < 0:
            raise _TooMuch(f"data of more than {MAX_ITEMS:,} items")

    def take_extension(self, size: int = 0) -> None:
        """Count an extension, and its bytes: inside each other, each holds a copy of all within."""
        self._extensions -= 1
        self._bytes -= size
        if self._extensions < 0 or self._bytes < 0:
            raise _TooMuch(
                f"data of more than {MAX_EXTENSIONS:,} tuples, sets, bytearrays and big numbers, or too large"
            )

    def counted(self, items: Any) -> Any:
        """Count a list or a dict, and return it."""
        self.take_items(len(items))
        return items


def _to_wire(value: object, where: str, depth: int, allowed: _Allowance) -> object:
    if depth > MAX_DEPTH:
        raise NotPlain(where, type(value).__name__, f"nested more than {MAX_DEPTH} levels deep, or contains itself")
    match value:
        case None | bool():
            return value
        case int():
            number = int(value)
            if number.bit_length() > MAX_INT_BITS:
                why = f"a number of {number.bit_length()} bits, more than the {MAX_INT_BITS} allowed"
                raise NotPlain(where, type(value).__name__, why)
            if -(2**63) <= number < 2**64:
                return number
            allowed.take_extension()
            return msgpack.ExtType(_BIG_INT, b"%x" % number)
        case float():
            return float(value)
        case str():
            text = str.__str__(value)
            try:
                text.encode()
            except UnicodeEncodeError:
                why = "text with half a surrogate pair in it, which no bytes stand for"
                raise NotPlain(where, type(value).__name__, why) from None
            return text
        case bytes():
            return bytes(value)
        case bytearray() | memoryview():
            allowed.take_extension()
            return msgpack.ExtType(_BYTEARRAY, bytes(value))
        case list():
            allowed.take_items(len(value))
            return [_to_wire(item, f"{where}[{index}]", depth + 1, allowed) for index, item in enumerate(value)]
        case tuple():
            return _extension(_TUPLE, list(value), where, depth, allowed)
        case set():
            return _extension(_SET, list(value), where, depth, allowed)
        case frozenset():
            return _extension(_FROZENSET, list(value), where, depth, allowed)
        case dict():
            allowed.take_items(len(value))
            wire = {}
            for key, item in value.items():
                packed = _to_wire(key, f"a key of {where}", depth + 1, allowed)
                wire[packed] = _to_wire(item, f"{where}[{key!r}]"[:200], depth + 1, allowed)
            return wire
    raise NotPlain(where, type(value).__name__, f"an object of type {type(value).__name__}")


def _extension(code: int, items: list[object], where: str, depth: int, allowed: _Allowance) -> msgpack.ExtType:
    allowed.take_items(len(items))
    wire = [_to_wire(item, f"{where}[{index}]", depth + 1, allowed) for index, item in enumerate(items)]
    data = msgpack.packb(wire, use_bin_type=True)
    allowed.take_extension(len(data))
    return msgpack.ExtType(code, data)


def _unpack(encoded: bytes, depth: int, allowed: _Allowance) -> Any:
    # Extensions nest by being unpacked inside the hook, so the depth is counted here and not by msgpack.
    # The items of an extension are one deeper than it.
    if depth > MAX_DEPTH + 1:
        raise ValueError("nested too deep")

    def extension(code: int, data: bytes) -> Any:
        allowed.take_extension(len(data))
        if code == _BYTEARRAY:
            return bytearray(data)
        if code == _BIG_INT and len(data) <= MAX_INT_BITS // 4 + 1:  # hexadecimal digits and a sign
            return int(data, 16)
        if code in _COLLECTIONS:
            return _COLLECTIONS[code](_unpack(data, depth + 1, allowed))
        raise ValueError(f"extension type {code} is not plain data")

    # msgpack reads its own timestamps without asking the hook; as a number they are plain data, too.
    return msgpack.unpackb(
        encoded,
        raw=False,
        strict_map_key=False,
        max_array_len=MAX_ITEMS,
        max_map_len=MAX_ITEMS,
        list_hook=allowed.counted,
        object_hook=allowed.counted,
        ext_hook=extension,
        timestamp=1,
    )
