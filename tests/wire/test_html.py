"""HTML forms: they say what the text form says, and nothing in them is taken for markup."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter

from autograder.wire import Mark, Transcript, compare, hexview

nasty = st.text(st.sampled_from("<>&\"'/ab b-\n"), max_size=20)
nasty_bytes = st.lists(st.sampled_from(b"<>&\"'/\\b\r\x00"), max_size=30).map(bytes)

ALLOWED = set("div style p pre span table caption tr th td".split())


class Reader(HTMLParser):
    """Collects the text outside the style sheet, and checks that tags are known and closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words = ""
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        self.open.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("nothing writes comments")


@given(nasty_bytes, nasty_bytes)
def test_a_difference_says_the_same(expected: bytes, got: bytes) -> None:
    if difference := compare(expected, got):
        assert Reader(difference.html()).words == difference.sentence + difference.text()


@given(nasty_bytes, nasty)
def test_a_hexview_says_the_same(data: bytes, label: str) -> None:
    view = hexview(data, marks=[Mark(0, len(data), label)])
    words = "\n".join(line.rstrip() for line in Reader(view.html()).words.split("\n"))
    assert words == view.text()


@given(nasty, nasty, nasty_bytes)
def test_a_transcript_is_escaped(title: str, note: str, data: bytes) -> None:
    transcript = Transcript(title, local="<check>", remote='"code"')
    transcript.note(note)
    transcript.sent(data)
    read = Reader(transcript.html(times=False))
    assert '<check> → "code"' in read.words
    assert repr(data)[:10] in read.words
    assert ("aria-label", 'Transcript of <check> and "code"') in read.attributes


def test_colours_follow_the_theme_and_mean_nothing_alone() -> None:
    transcript = Transcript()
    transcript.received(b"a")
    html = transcript.html()
    assert "var(--jp-content-font-color1,CanvasText)" in html
    assert "check ← your code" in html
    assert 'scope="col"' in html and 'role="group" aria-label="Transcript of check and your code"' in html
    difference = compare(b"abc", b"abd")
    assert difference and "text-decoration:underline" in difference.html() and "^ byte 2" in difference.html()


def test_a_notebook_shows_each_and_the_same_twice() -> None:
    transcript = Transcript("title")
    transcript.sent(b"a")
    for shown in (transcript, hexview(b"abc"), compare(b"a", b"b")):
        formats, _ = DisplayFormatter().format(shown)
        assert set(formats) == {"text/plain", "text/html"}
        assert "<" not in formats["text/plain"], "the text form, not the repr of an object"
        assert " ms" not in formats["text/html"], "no times, so that a lesson reproduces"
    assert repr(transcript) == "<Transcript 'title': 1 event>"
    assert repr(hexview(b"abc")) == "<HexView: 3 bytes, 0 marks>"
    assert repr(compare(b"", b"b")) == "<Difference: expected nothing, got 1 byte>"
