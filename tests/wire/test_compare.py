"""Differences: the true first one, in a sentence, and with the caret where it belongs."""

import ast
import os
import random
import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.wire import Difference, compare

# Few different bytes, so that long common beginnings, quotes, escapes and repetitions are frequent.
likely_bytes = st.lists(st.sampled_from(b"aa'\"\\\r\n\x00\xff"), max_size=60).map(bytes)


def different(expected: bytes, got: bytes) -> Difference:
    difference = compare(expected, got)
    assert difference is not None
    return difference


GOLDEN = {
    "changed": (
        (b"hello\r\nworld", b"hello\nworld"),
        "byte 5 differs: expected 0x0d, got 0x0a",
        r"""
expected 12 bytes: b'hello\r\nworld'
got      11 bytes: b'hello\nworld'
                          ^ byte 5
""",
    ),
    "after escapes": (
        (b"\x00\x00\r\nabc", b"\x00\x00\r\n\xffbc"),
        "byte 4 differs: expected 0x61, got 0xff",
        r"""
expected 7 bytes: b'\x00\x00\r\nabc'
got      7 bytes: b'\x00\x00\r\n\xffbc'
                                ^ byte 4
""",
    ),
    "missing tail": (
        (b"hello world", b"hell"),
        "the first 4 of 11 bytes are right, then nothing more came",
        r"""
expected 11 bytes: b'hello world'
got       4 bytes: b'hell'
                         ^ byte 4 is missing
""",
    ),
    "one byte of two": (
        (b"ab", b"a"),
        "the first of 2 bytes is right, then nothing more came",
        r"""
expected 2 bytes: b'ab'
got       1 byte: b'a'
                     ^ byte 1 is missing
""",
    ),
    "extra tail": (
        (b"hello world", b"hello world\r\n\x00"),
        "3 bytes too many after the right 11",
        r"""
expected 11 bytes: b'hello world'
got      14 bytes: b'hello world\r\n\x00'
                                ^ byte 11 is too many
""",
    ),
    "nothing came": (
        (b"it's", b""),
        "nothing came, expected 4 bytes",
        r"""
expected 4 bytes: b"it's"
got      0 bytes: b""
                    ^ byte 0 is missing
""",
    ),
    "nothing expected": (
        (b"", b"\n"),
        "expected nothing, got 1 byte",
        r"""
expected 0 bytes: b''
got       1 byte: b'\n'
                    ^ byte 0 is too many
""",
    ),
    "deep in a long one": (
        (bytes(1 << 20), bytes(1_000_000) + b"\x01" + bytes(48_575)),
        "byte 1,000,000 differs: expected 0x00, got 0x01",
        r"""
expected 1,048,576 bytes, from byte 999,998: b'\x00\x00\x00\x00\x00\x00\x00\x00' ...
got      1,048,576 bytes, from byte 999,998: b'\x00\x00\x01\x00\x00\x00\x00\x00' ...
                                                       ^ byte 1,000,000
""",
    ),
    "the end of a long one": (
        (b"0123456789" * 300, b"0123456789" * 300 + b"0"),
        "1 byte too many after the right 3,000",
        r"""
expected 3,000 bytes, from byte 2,959: b'90123456789012345678901234567890123456789'
got      3,001 bytes, from byte 2,959: b'901234567890123456789012345678901234567890'
                                                           byte 3,000 is too many ^
""",
    ),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_golden(case: str) -> None:
    (expected, got), sentence, text = GOLDEN[case]
    difference = different(expected, got)
    assert difference.sentence == sentence
    assert "\n" + difference.text() + "\n" == text
    assert str(difference) == sentence + text.rstrip()


def test_equal_is_none_for_every_kind_of_bytes() -> None:
    assert compare(b"", b"") is None
    assert compare(bytearray(b"abc"), memoryview(b"abc")) is None


def test_text_is_refused_and_named() -> None:
    with pytest.raises(TypeError, match="got must be bytes, not str: encode the text first"):
        compare(b"abc", "abc")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected must be bytes, not NoneType"):
        compare(None, b"abc")  # type: ignore[arg-type]


@given(likely_bytes, likely_bytes, likely_bytes)
def test_the_offset_is_the_first_difference(common: bytes, one: bytes, other: bytes) -> None:
    expected, got = common + one, common + other
    difference = compare(expected, got)
    assert (difference is None) == (expected == got)
    if difference:
        # The oracle works on lists of numbers; the code compares halves.
        assert difference.offset == len(os.path.commonprefix([list(expected), list(got)]))


@given(likely_bytes, likely_bytes, likely_bytes, st.sampled_from([20, 64, 80, 88, 100]))
@example(b"a" * 60, b"'", b'"', 64)
def test_both_lines_are_literals_split_at_the_caret(
    common: bytes, one: bytes, other: bytes, width: int
) -> None:
    difference = compare(common + one, common + other)
    if difference is None:
        return
    *lines, caret = difference.text(width=width).split("\n")
    assert caret.count("^") == 1
    column = caret.index("^")
    for name, data, line in zip(
        ("expected", "got"), (difference.expected, difference.got), lines, strict=True
    ):
        found = re.fullmatch(
            r"(\w+) +(\d+) bytes?(?:, from byte (\d+))?: (b['\"])(.*)(['\"])( \.\.\.)?", line
        )
        assert found
        assert found[1] == name and int(found[2]) == len(data)
        start = int(found[3] or 0)
        opening, closing = found[4], found[6]
        before = ast.literal_eval(opening + line[found.end(4) : column] + closing)
        after = ast.literal_eval(opening + line[column : found.end(5)] + closing)
        assert before == data[start : difference.offset]
        assert after == data[difference.offset : difference.offset + len(after)]
        # The differing byte itself is always shown, and a cut is always said.
        assert after or difference.offset == len(data)
        assert bool(found[7]) == (difference.offset + len(after) < len(data))
        assert len(line) <= max(width, 64)


@given(likely_bytes, likely_bytes)
def test_the_sentence_is_one_plain_line(expected: bytes, got: bytes) -> None:
    if difference := compare(expected, got):
        assert difference.sentence.isprintable() and difference.sentence.isascii()
        assert not re.search(r"(?<![\d,])1 bytes", difference.sentence)


def test_many_mebibytes_take_no_time() -> None:
    expected = random.Random(2).randbytes(16 << 20)
    got = expected[:-1] + bytes([expected[-1] ^ 1])
    begun = time.process_time()
    difference = different(expected, got)
    difference.text()
    difference.html()
    # About 10 ms of work; a loop over the bytes in Python would take a second or more.
    assert time.process_time() - begun < 0.5
    assert difference.offset == len(expected) - 1
