"""Hexadecimal views: the digits are the data, and marks underline what they name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.wire import Mark, hexview

ARP = bytes.fromhex(
    "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002"
)

ROW = re.compile(r"(?P<offset>[0-9a-f]{4,})  (?P<digits>[0-9a-f ]+?) +\|(?P<characters>.*)\|")


def test_golden_frame() -> None:
    marks = [
        Mark(0, 6, "destination"),
        Mark(6, 12, "source"),
        Mark(12, 14, "EtherType"),
        Mark(14, 42, "ARP"),
        Mark(22, 28, "sender hardware address"),
        Mark(42, 42, "padding"),
    ]
    assert (
        "\n" + hexview(ARP, marks=marks).text() + "\n"
        == """
0000  ff ff ff ff ff ff 02 00  00 00 00 01 08 06 00 01  |................|
      ^^^^^^^^^^^^^^^^^ destination        ^^^^^ EtherType
                        ^^^^^^^^^^^^^^^^^^ source
                                                 ^^^^^ ARP
0010  08 00 06 04 00 01 02 00  00 00 00 01 0a 00 00 01  |................|
      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ ARP, continued
                        ^^^^^^^^^^^^^^^^^^ sender hardware address
0020  00 00 00 00 00 00 0a 00  00 02                    |..........|
      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ ARP, continued
                                     | padding (empty)
"""
    )


def test_characters_a_narrow_view_and_a_start() -> None:
    assert str(hexview(b"hi ~\x7f\x80\r\n", start=0x1FFFE, width=4)) == (
        "1fffe  68 69 20 7e  |hi ~|\n20002  7f 80 0d 0a  |....|"
    )


def test_a_long_label_goes_to_the_left_where_the_right_has_no_room() -> None:
    label = "this checksum is wrong: it should be 0xb1e7"
    rows = hexview(bytes(16), marks=[Mark(15, 16, label)]).text().split("\n")
    assert rows[1].endswith(f"{label} ^^") and rows[1].index("^^") == rows[0].index("  |") - 2


def test_marks_are_in_printed_offsets() -> None:
    assert hexview(b"abcd", start=100, marks=[Mark(101, 103, "bc")]).text() == (
        "0064  61 62 63 64                                       |abcd|\n         ^^^^^ bc"
    )


def test_the_rest_is_counted() -> None:
    view = hexview(bytes(300), limit=16, marks=[Mark(0, 1, "a"), Mark(16, 20, "b"), Mark(299, 300, "c")])
    assert view.text().split("\n")[-1] == "... 284 more bytes, with 2 marks"
    assert hexview(bytes(17), limit=16).text().split("\n")[-1] == "... 1 more byte"
    assert len(hexview(bytes(300), limit=None).text().split("\n")) == 19
    assert hexview(b"").text() == "(no bytes)"


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="mark 'x' goes from 3 to 9, the data from 0 to 4"):
        hexview(b"abcd", marks=[Mark(3, 9, "x")])
    with pytest.raises(ValueError, match="mark 'x' goes from 3 to 2"):
        hexview(b"abcd", marks=[Mark(3, 2, "x")])
    with pytest.raises(ValueError, match="width=0"):
        hexview(b"abcd", width=0)
    with pytest.raises(TypeError, match="not str"):
        hexview("abcd")  # type: ignore[arg-type]


@given(st.binary(min_size=1, max_size=200), st.integers(0, 1 << 20), st.integers(1, 40))
def test_the_rows_are_the_data(data: bytes, start: int, width: int) -> None:
    shown = b""
    for line in hexview(data, start=start, width=width).text().split("\n"):
        row = ROW.fullmatch(line)
        assert row and int(row["offset"], 16) == start + len(shown)
        piece = bytes.fromhex(row["digits"])
        assert len(row["characters"]) == len(piece)
        shown += piece
    assert shown == data


@given(st.data())
def test_an_underline_covers_the_digits_of_its_bytes(data: st.DataObject) -> None:
    content = data.draw(st.binary(min_size=1, max_size=60))
    begin = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(begin + 1, len(content)))
    lines = hexview(content, marks=[Mark(begin, end, "field")]).text().split("\n")
    under = b""
    for row, underline in zip(lines, lines[1:], strict=False):
        if carets := re.match(r" +(?P<carets>\^+)", underline):
            under += bytes.fromhex(row[carets.start("carets") : carets.end()])
    assert under == content[begin:end]
