"""Compares a dict that an answer returned with the fields that are right; the words are for the learner."""

from collections.abc import Mapping

from autograder.wire import compare


def same(answer: object, expected: Mapping[str, object]) -> None:
    """See that each expected field is in the answer, of the right type and of the right value.

    Other keys of the answer are not looked at, so that one requirement can be about one or two fields.

    Raises:
        AssertionError: with a sentence about the first field that is wrong.
    """
    for key in expected:
        same_value(repr(key), value(answer, key), expected[key])


def value(answer: object, key: str) -> object:
    """One field of an answer.

    Raises:
        AssertionError: the answer is no dict, or has no such key.
    """
    assert isinstance(answer, dict), f"the answer must be a dict, got {a(answer)}"
    keys = ", ".join(map(repr, answer)) or "none"
    assert key in answer, f"the dict must have the key {key!r}, got the keys {keys}"
    found: object = answer[key]
    return found


def same_value(name: str, got: object, expected: object) -> None:
    """See that one value is right; `name` is what the sentence calls it."""
    if isinstance(expected, bytes):
        assert isinstance(got, bytes | bytearray), f"{name} must be bytes, got {a(got)}"
        difference = compare(expected, bytes(got))
        assert difference is None, f"{name}: {difference}"
    elif isinstance(expected, int) and not isinstance(expected, bool):
        assert isinstance(got, int), f"{name} must be the number {number(expected)}, got {a(got)}"
        assert got == expected, f"{name} must be {number(expected)}, got {number(got)}"
    else:
        assert got == expected, f"{name} must be {expected!r}, got {got if got is None else shown(got)}"


def number(value: int) -> str:
    """A number in words: from 256 on with its bytes, which show a wrong order at once."""
    return str(value) if -256 < value < 256 else f"{value} (0x{value:04x})"


def shown(value: object) -> str:
    """A value as a literal, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def a(value: object) -> str:
    """A value and its type: "the str 'abc'", "None"."""
    return "None" if value is None else f"the {type(value).__name__} {shown(value)}"


def peek(answer: object, key: str) -> object:
    """One field of an answer, None where there is none: for looking at evidence."""
    return answer.get(key) if isinstance(answer, dict) else None
