"""Quoting: a literal that Python reads back, and what is cut is counted."""

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.wire import quote

ELIDED = re.compile(r"(?P<head>b['\"].*['\"]) \.\.\. (?P<gap>[\d,]+) bytes? \.\.\. (?P<tail>b['\"].*['\"])")


def test_short_data_is_its_literal() -> None:
    assert quote(b"") == "b''"
    assert quote(b"it's\r\n\x00") == 'b"it\'s\\r\\n\\x00"'
    assert quote(bytearray(b"abc")) == quote(memoryview(b"abc")) == "b'abc'"


def test_the_middle_of_long_data_is_counted() -> None:
    request = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"x" * 1000
    assert quote(request) == r"b'GET / HTTP/1.1\r\nHost' ... 994 bytes ... b'xxxxxxxxxxx'"
    assert quote(bytes(5), 10) == r"b'\x00\x00\x00\x00\x00'", "cutting would not make it shorter"


def test_text_is_refused_with_the_cure() -> None:
    with pytest.raises(TypeError, match=r"data must be bytes, not str: encode the text first"):
        quote("abc")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="data must be bytes, not int"):
        quote(5)  # type: ignore[arg-type]


@given(st.binary(max_size=300), st.integers(min_value=-5, max_value=120))
def test_what_is_shown_and_what_is_counted_are_the_data(data: bytes, limit: int) -> None:
    text = quote(data, limit)
    assert text.isascii() and text.isprintable()
    if elided := ELIDED.fullmatch(text):
        head, tail = ast.literal_eval(elided["head"]), ast.literal_eval(elided["tail"])
        gap = int(elided["gap"].replace(",", ""))
        assert data.startswith(head) and data.endswith(tail) and head and tail
        assert len(head) + gap + len(tail) == len(data)
        assert len(text) <= max(limit, 40)
    else:
        assert text == repr(data)
