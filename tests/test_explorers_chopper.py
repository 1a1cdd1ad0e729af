"""The stream chopper: what it says about a stream is what a socket and a reader would do."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorers.chopper import FRAMINGS, chopper, frame, reads, tell

SHORT = st.text(alphabet="abé€😀", max_size=5).filter(lambda text: len(text.encode()) <= 6)
MESSAGES = ("hello", "how", "are you")


@given(
    messages=st.lists(SHORT, min_size=1, max_size=4),
    framing=st.sampled_from(["line", "length", "fixed"]),
    piece=st.integers(1, 40),
)
def test_a_reader_with_a_buffer_delivers_every_message_however_the_stream_is_cut(
    messages: list[str], framing: str, piece: int
) -> None:
    stream = b"".join(frame(messages, framing))
    found = reads(stream, piece, FRAMINGS[framing].take)
    assert b"".join(read.data for read in found) == stream
    assert [message.decode() for read in found for message in read.delivered] == messages
    assert found[-1].left == b""


def test_framed_as_the_lesson_says() -> None:
    assert frame(["hi", "é"], "line") == [b"hi\n", b"\xc3\xa9\n"]
    assert frame(["hi", "é"], "length") == [b"\x00\x02hi", b"\x00\x02\xc3\xa9"]
    assert frame(["hi"], "fixed") == [b"hi    "]


def test_words_tell_both_readers() -> None:
    told = chopper(MESSAGES, piece=5).words()
    assert "recv 1: b'hello'\n    one recv, one message: “hello”\n    with a buffer:         keeps 5 bytes" in told
    assert tell(reads(b"\xc3\xa9\n", 1, FRAMINGS["line"].take)[0]) == "keeps 1 byte"


def test_the_picture_has_a_title_and_the_words_and_every_byte() -> None:
    explorer = chopper(["é", "two rows of bytes, as this is long"], framing="length", piece=7)
    root = ET.fromstring(explorer.picture())
    names = {"s": "http://www.w3.org/2000/svg"}
    assert root.get("role") == "img"
    assert root.findtext("s:title", namespaces=names) == "A stream of 40 bytes, cut into pieces of up to 7"
    assert root.findtext("s:desc", namespaces=names) == explorer.words()
    assert len(root.findall("s:rect", names)) == 1 + 40


def test_a_change_redraws_and_a_bad_one_says_why_and_keeps_the_picture() -> None:
    explorer = chopper()
    before = explorer.svg
    explorer.piece = 1
    assert explorer.svg != before
    explorer.framing = "fixed"
    assert explorer.problem == "'are you' is 7 bytes long, and a message here has 6: make it shorter"
    explorer.messages = ["ok"]
    assert not explorer.problem
    assert "stream of 6 bytes" in explorer.svg


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"piece": 0}, "piece=0: recv returns 1 byte or more"),
        ({"framing": "xml"}, "there is no framing 'xml'; there are line, length, fixed"),
        ({"messages": ["a\nb"]}, "contains the newline that would end it"),
        ({"messages": ["x" * 99]}, "the stream has 100 bytes; the picture shows 1 to 64"),
    ],
)
def test_bad_input_names_the_value(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        chopper(**options)  # type: ignore[arg-type]
