"""The HTTP message explorer: its parts are those of the RFCs' examples and of h11, and its front end reacts."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorers.http_message import COLOURS, http_message, words
from explorers.http_message_examples import EXAMPLES, Example
from explorers.http_message_model import from_notation, parts_of, to_notation, verdict_of

every_example = pytest.mark.parametrize("example", EXAMPLES, ids=[example.key for example in EXAMPLES])
SVG = "{http://www.w3.org/2000/svg}"


def texts(data: bytes, *kinds: str, side: str = "request", method: str = "GET") -> list[bytes]:
    """The bytes of all parts of these kinds."""
    return [data[part.start : part.end] for part in parts_of(data, side, method)[0] if part.kind in kinds]


# --- the notation ---


@given(st.binary())
def test_any_bytes_can_be_written_and_read_back(data: bytes) -> None:
    assert from_notation(to_notation(data)) == data


def test_real_line_breaks_mean_nothing_and_unknown_escapes_are_refused() -> None:
    assert from_notation("a\\r\n\\n\n\n\\x00\\\\ü\\t") == b"a\r\n\x00\\\xc3\xbc\t"
    for text in ("\\q", "a\\", "\\x4", "\\\n"):
        with pytest.raises(ValueError, match="is none of"):
            from_notation(text)


# --- parts ---


@given(st.one_of(st.binary(), st.text("GET /HTP1.0:\r\n 5;aCchunked-LengthTrsfEcodi").map(str.encode)), st.booleans())
def test_parts_cover_every_byte_once_whatever_comes(data: bytes, request: bool) -> None:
    parts, framing = parts_of(data, "request" if request else "response")
    assert b"".join(data[part.start : part.end] for part in parts) == data
    assert all(part.end > part.start and part.meaning and part.kind in COLOURS for part in parts)
    assert framing


@every_example
def test_every_beginning_of_every_example_can_be_cut(example: Example) -> None:
    data = from_notation(example.source)
    for size in range(len(data)):
        parts, _ = parts_of(data[:size], example.side, example.method)
        assert sum(part.end - part.start for part in parts) == size
        verdict_of(data[:size], example.side, example.method)


def test_the_example_of_rfc_9112_section_2_1() -> None:
    data = (
        b"GET /hello.txt HTTP/1.1\r\nUser-Agent: curl/7.64.1\r\nHost: www.example.com\r\n"
        b"Accept-Language: en, mi\r\n\r\n"
    )
    assert texts(data, "method", "target", "version") == [b"GET", b"/hello.txt", b"HTTP/1.1"]
    assert texts(data, "name") == [b"User-Agent", b"Host", b"Accept-Language"]
    assert texts(data, "value") == [b"curl/7.64.1", b"www.example.com", b"en, mi"]
    assert texts(data, "odd", "content", "beyond") == []


def test_chunks_extensions_and_trailers() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
    data = head + b"A;x=1\r\n0123456789\r\n0\r\nT: 1\r\n\r\nrest"
    assert texts(data, "chunk size") == [b"A", b"0"]
    assert texts(data, "extension") == [b";x=1"]
    assert texts(data, "content") == [b"0123456789"]
    assert texts(data, "name")[-1] == b"T"
    assert texts(data, "beyond") == [b"rest"]


@pytest.mark.parametrize(
    ("head", "method", "content"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "GET", [b"hel"]),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HEAD", []),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", "GET", []),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "GET", []),
        (b"HTTP/1.1 200\r\n\r\n", "GET", [b"hello"]),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n", "GET", [b"hello"]),
    ],
)
def test_a_body_ends_where_rfc_9112_section_6_3_says(head: bytes, method: str, content: list[bytes]) -> None:
    assert texts(head + b"hello", "content", side="response", method=method) == content


@every_example
def test_parts_and_h11_agree_about_what_h11_accepts(example: Example) -> None:
    """Two readers of ours and of others: the same fields, the same content, the same rest."""
    data = from_notation(example.source)
    verdict = verdict_of(data, example.side, example.method)
    if verdict.outcome != "accepted":
        return
    told = " ".join(verdict.sentences)
    content = sum(map(len, texts(data, "content", side=example.side, method=example.method)))
    assert f"Body: {content} bytes" in told
    beyond = sum(map(len, texts(data, "beyond", side=example.side, method=example.method)))
    assert (f"Left over for the next message: {beyond} byte" in told) == bool(beyond)


def test_what_h11_says_of_each_example() -> None:
    """The notes of the examples rely on this, the lesson too."""
    found = {each.key: verdict_of(from_notation(each.source), each.side, each.method).outcome for each in EXAMPLES}
    refused = {key for key, outcome in found.items() if outcome == "refused"}
    assert refused == {"cut", "space-colon", "two-lengths", "chunk-size", "bare-cr", "no-host"}
    assert {key for key, outcome in found.items() if outcome == "waiting"} == set()


def test_an_unfinished_request_waits() -> None:
    data = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhello"
    assert verdict_of(data).outcome == "waiting"
    assert "5 bytes of the body have come" in verdict_of(data).sentences[-1]
    assert parts_of(data)[1].endswith("4 of them are missing.")


# --- still ---


@every_example
def test_picture_and_words_stand_without_a_kernel(example: Example) -> None:
    data, _ = http_message(example.key)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    root = ET.fromstring(data["image/svg+xml"])
    assert root.get("role") == "img"
    assert (root.findtext(f"{SVG}title") or "").startswith(example.title)
    message = from_notation(example.source)
    assert f"{len(message)} bytes in" in (root.findtext(f"{SVG}desc") or "")
    drawn = "".join(text.text or "" for text in root.iter(f"{SVG}text") if text.get("textLength"))
    assert drawn.replace("·", " ") == to_notation(message).replace("\n", "")
    width = float(root.get("width", ""))
    for box in list(root.iter(f"{SVG}rect"))[1:]:
        assert float(box.get("x", "")) + float(box.get("width", "")) <= width
    assert data["text/plain"] == words(example)
    assert "h11 " in data["text/plain"] and "<details>" in data["text/html"]
    assert re.search(r" at 0x[0-9a-f]{6,}", data["text/plain"]) is None


def test_what_cannot_be_shown_is_refused() -> None:
    with pytest.raises(ValueError, match="no message is called 'put'; there are get, post"):
        http_message("put")
    with pytest.raises(ValueError, match="side must be one of request, response, not 'both'"):
        parts_of(b"", "both")


def test_the_front_end_loads_nothing_from_anywhere() -> None:
    widget = http_message()
    assert not re.search(r"https?:|import |@import|url\(|fetch\(", widget._esm + widget._css)


# --- live ---


def test_the_kernel_answers_an_edit() -> None:
    widget = http_message("no-host")
    assert widget.shown["outcome"] == "refused"
    widget.source = "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
    assert widget.shown["outcome"] == "accepted"
    widget.source = "GET \\q"
    assert widget.shown == {"problem": "\\q is none of \\r \\n \\t \\\\ \\xNN"}


PAGE = """<!doctype html><meta charset="utf-8"><style>%s</style><main></main><script type="module">
const code = new Blob([%s], { type: "text/javascript" });
const { default: widget } = await import(URL.createObjectURL(code));
const state = %s;
const heard = {};
const model = {
  get: (name) => state[name], set: (name, value) => { state[name] = value; },
  on: (event, what) => { heard[event] = what; },
  save_changes: async () => {
    state.shown = await kernel(state.message, state.source);
    heard["change:shown"]();
  },
};
widget.render({ model, el: document.querySelector("main") });
</script>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    sync_api = pytest.importorskip("playwright.sync_api")
    if path is None:
        pytest.skip("this machine has no Chromium")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page with the front end; the real widget stands behind it."""
    widget = http_message()

    def kernel(message: str, source: str) -> dict[str, Any]:
        widget.message = message
        widget.source = source
        return widget.shown

    page = browser.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.expose_function("kernel", kernel)
    state = {name: getattr(widget, name) for name in ("examples", "message", "source", "shown")}
    safe = [json.dumps(each).replace("</", "<\\/") for each in (widget._esm, state)]
    page.set_content(PAGE % (widget._css, *safe))
    page.wait_for_selector("[data-explorer=http-message]")
    yield page
    assert page.errors == []
    page.close()


@pytest.mark.browser
def test_every_message_can_be_chosen_and_every_part_looked_at(page: Any) -> None:
    box = page.locator("[data-explorer=http-message]")
    for example in EXAMPLES:
        box.locator("[data-action=message]").select_option(example.key)
        data = from_notation(example.source)
        parts, _ = parts_of(data, example.side, example.method)
        page.wait_for_function("count => document.querySelectorAll('[data-part]').length === count", arg=len(parts))
        outcome = verdict_of(data, example.side, example.method).outcome
        page.wait_for_selector(f"[data-message={example.key}][data-outcome={outcome}]")
        assert box.locator("[data-role=note]").inner_text() == example.note
        box.locator("[data-part]").last.click()
        assert parts[-1].meaning in box.locator("[data-role=part]").inner_text()


@pytest.mark.browser
def test_an_edit_is_judged_anew_and_can_be_taken_back(page: Any) -> None:
    box = page.locator("[data-explorer=http-message]")
    assert box.locator("[data-action=reset]").is_disabled()
    box.locator("[data-action=edit]").fill("GET / HTTP/1.1\\r\\nHost : a\\r\\n\\r\\n")
    page.wait_for_selector("[data-outcome=refused]")
    assert "illegal header line" in box.locator("[data-role=verdict]").inner_text()
    assert box.locator("[data-part=odd]").inner_text() == "Host : a"
    box.locator("[data-action=edit]").fill("GET \\q")
    page.wait_for_selector("[data-role=verdict]:has-text('Not readable')")
    box.locator("[data-action=reset]").click()
    page.wait_for_selector("[data-outcome=accepted]")
    assert box.locator("[data-part=target]").inner_text() == "/hello.txt?lang=de"


@pytest.mark.browser
def test_arrow_keys_go_from_part_to_part(page: Any) -> None:
    box = page.locator("[data-explorer=http-message]")
    box.locator("[data-part=method]").click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.part") == "target"
    assert "4-21" in box.locator("[data-role=part]").inner_text()
