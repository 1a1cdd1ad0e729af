"""Plain data between the learner's process and the judge, as msgpack.

Plain data is None, bool, int, float, str, bytes, bytearray, list, tuple, set, frozenset and dict, nested at most
`MAX_DEPTH` deep. msgpack knows no tuple, set, bytearray or big int, so these travel as extension types and arrive
as what they were. Subclasses (an IntEnum, a namedtuple, a str subclass) arrive as their plain base.

Decoding builds nothing but these types, so the judge may decode what learner code wrote.
"""

from __future__ import annotations

from typing import Any

import msgpack

MAX_DEPTH = 60
"""Levels of nesting. msgpack's own unpacker stops at 512; sixty is more than any exercise asks for."""

MAX_BYTES = 64 * 1024 * 1024
"""Bytes of one message: sixteen times the largest answer that an exercise asks for (4 MiB)."""

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
        NotPlain: some part is not plain data, contains itself, is nested too deep, or the whole is over MAX_BYTES.
    """
    encoded: bytes = msgpack.packb(_to_wire(value, "value", 0), use_bin_type=True)
    if len(encoded) > MAX_BYTES:
        raise NotPlain("value", type(value).__name__, f"{len(encoded)} bytes, more than the {MAX_BYTES} allowed")
    return encoded


def decode(encoded: bytes) -> Any:
    """Decode what `encode` made, or raise ValueError for any other bytes, whatever they are."""
    if len(encoded) > MAX_BYTES:
        raise ValueError(f"{len(encoded)} bytes is more than the {MAX_BYTES} allowed")
    try:
        return _unpack(encoded, 0)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    except (msgpack.UnpackException, TypeError, OverflowError, UnicodeDecodeError) as error:
        raise ValueError(f"not a plain message: {error}") from error


def _to_wire(value: object, where: str, depth: int) -> object:
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
            return number if -(2**63) <= number < 2**64 else msgpack.ExtType(_BIG_INT, b"%x" % number)
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
            return msgpack.ExtType(_BYTEARRAY, bytes(value))
        case list():
            return [_to_wire(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(value)]
        case tuple():
            return _extension(_TUPLE, list(value), where, depth)
        case set():
            return _extension(_SET, list(value), where, depth)
        case frozenset():
            return _extension(_FROZENSET, list(value), where, depth)
        case dict():
            return {
                _to_wire(key, f"a key of {where}", depth + 1): _to_wire(item, f"{where}[{key!r}]"[:200], depth + 1)
                for key, item in value.items()
            }
    raise NotPlain(where, type(value).__name__, f"an object of type {type(value).__name__}")


def _extension(code: int, items: list[object], where: str, depth: int) -> msgpack.ExtType:
    wire = [_to_wire(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(items)]
    return msgpack.ExtType(code, msgpack.packb(wire, use_bin_type=True))


def _unpack(encoded: bytes, depth: int) -> Any:
    # Extensions nest by being unpacked inside the hook, so the depth is counted here and not by msgpack.
    # The items of an extension are one deeper than it.
    if depth > MAX_DEPTH + 1:
        raise ValueError("nested too deep")

    def extension(code: int, data: bytes) -> Any:
        if code == _BYTEARRAY:
            return bytearray(data)
        if code == _BIG_INT and len(data) <= MAX_INT_BITS // 4 + 1:  # hexadecimal digits and a sign
            return int(data, 16)
        if code in _COLLECTIONS:
            return _COLLECTIONS[code](_unpack(data, depth + 1))
        raise ValueError(f"extension type {code} is not plain data")

    # msgpack reads its own timestamps without asking the hook; as a number they are plain data, too.
    return msgpack.unpackb(encoded, raw=False, strict_map_key=False, ext_hook=extension, timestamp=1)
