"""The onion and quiz explorers: what they say without a kernel, and how their front ends react."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import captures
import pytest

from explorers.onion import bytes_of, layers_of, onion, picture, steps, words, wrapping
from explorers.onion_words import ABOUT, MESSAGES, Message, about
from explorers.quiz import quiz

every_message = pytest.mark.parametrize("message", MESSAGES, ids=[message.key for message in MESSAGES])
SVG = "{http://www.w3.org/2000/svg}"


# --- still ---


@every_message
def test_words_name_every_layer_and_field(message: Message) -> None:
    text = words(message)
    for layer in layers_of(message):
        assert f"layer {layer.osi}  {layer.name}: {layer.end - layer.start} bytes" in text
        for field in layer.fields:
            assert f"  {field.name}: " in text
    assert text == words(message)


@every_message
def test_the_picture_is_svg_with_a_text_alternative_and_true_to_scale(message: Message) -> None:
    root = ET.fromstring(picture(message))
    assert root.get("role") == "img"
    assert (root.findtext(f"{SVG}title") or "").startswith(message.title)
    layers = layers_of(message)
    assert f"{layers[-1].end} bytes in all" in (root.findtext(f"{SVG}desc") or "")
    # The last rectangles are the whole frame's: their widths are as the numbers of bytes.
    widths = [float(rect.get("width", "")) for rect in root.iter(f"{SVG}rect")][-len(layers) :]
    expected = [(layer.end - layer.start) / layers[-1].end for layer in layers]
    assert [width / sum(widths) for width in widths] == pytest.approx(expected, abs=0.001)


@every_message
def test_every_field_says_what_it_is_for(message: Message) -> None:
    for layer in layers_of(message):
        for field in layer.fields:
            assert about(layer.name, field.name), f"{layer.name}, {field.name}"


def test_nothing_is_explained_that_no_message_shows() -> None:
    shown = {(layer.name, field.name) for each in MESSAGES for layer in layers_of(each) for field in layer.fields}
    shown |= {("TLS", field.name) for frame in captures.frames("tls")[5:6] for field in layers_in(frame)[-1].fields}
    for layer, names in ABOUT.items():
        for name in names:
            assert any(layer == known and field.startswith(name) for known, field in shown), (layer, name)


def layers_in(frame: bytes) -> list[Any]:
    from autograder.wire.dissect import dissect

    return dissect(frame)


@every_message
def test_each_step_says_how_many_bytes_are_handed_on(message: Message) -> None:
    layers = layers_of(message)
    shells = wrapping(layers)
    found = steps(layers)
    assert len(found) == len(shells)
    for shell, step in zip(shells, found, strict=True):
        assert f"{step['unwrapped_end'] - shell.start} bytes" in step["unwrapped"]
        assert f"{step['wrapped_end'] - shell.start}" in step["wrapped"]
    assert found[-1]["wrapped_end"] == shells[-1].end
    assert found[0]["unwrapped_end"] == found[0]["wrapped_end"] == len(bytes_of(message))


def test_padding_leaves_with_the_layer_that_knows_its_length() -> None:
    ends = {
        each.key: [step["unwrapped_end"] for step in steps(layers_of(each))]
        for each in MESSAGES
        if each.key in ("ack", "arp", "http")
    }
    assert ends == {"ack": [60, 60, 54], "arp": [60, 60], "http": [117, 117, 117, 117]}


def test_one_output_has_the_live_view_and_the_still_ones() -> None:
    data, _ = onion()._repr_mimebundle_()
    assert set(data) == {
        "application/vnd.jupyter.widget-view+json", "text/plain", "text/html", "image/svg+xml"
    }  # fmt: skip
    assert '<img alt="HTTP request over TCP over IPv4, wrapped layer by layer"' in data["text/html"]
    assert "<details>" in data["text/html"] and "total length: 103 bytes" in data["text/html"]
    again, _ = onion()._repr_mimebundle_()
    for kind in ("text/plain", "text/html", "image/svg+xml"):
        assert data[kind] == again[kind]


def test_what_cannot_be_shown_is_refused() -> None:
    with pytest.raises(ValueError, match="no message is called 'smtp'; there are http, http-response, syn"):
        onion("smtp")
    with pytest.raises(ValueError, match="taken must be 0 to 3 for 'http', not 4"):
        onion("http", taken=4)


def test_a_quiz_folds_its_reasons_and_escapes_its_text() -> None:
    asked = quiz("Is `1 < 2`?", {"yes": (True, "It is."), "<b>no": (False, "Count again.")})
    data, _ = asked._repr_mimebundle_()
    assert data["text/plain"] == "Is `1 < 2`?\n  ( ) yes\n  ( ) <b>no"
    assert "<code>1 &lt; 2</code>" in data["text/html"] and "&lt;b&gt;no" in data["text/html"]
    reasons = re.findall(r"<details><summary>(.*?)</summary><p><b>(.).*?</b> (.*?)</p>", data["text/html"])
    assert reasons == [("yes", "✓", "It is."), ("&lt;b&gt;no", "✗", "Count again.")]


def test_a_quiz_without_a_right_option_or_a_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="no option of 'Why\\?' is right"):
        quiz("Why?", {"because": (False, "No.")})
    with pytest.raises(ValueError, match="option 'because' of 'Why\\?' has no reason"):
        quiz("Why?", {"because": (True, "")})


@pytest.mark.parametrize("front", ["_esm", "_css"])
def test_the_front_ends_load_nothing_from_anywhere(front: str) -> None:
    for widget in (onion(), quiz("?", {"yes": (True, "So.")})):
        assert not re.search(r"https?:|//\w|import |@import|url\(|fetch\(", getattr(widget, front))


# --- live, in a browser, with a model that stands for the kernel ---

PAGE = """<!doctype html><meta charset="utf-8"><style>%s</style><main></main><script type="module">
const code = new Blob([%s], { type: "text/javascript" });
const { default: widget } = await import(URL.createObjectURL(code));
const state = %s;
globalThis.state = state;
const nothing = () => {};
const set = (name, value) => { state[name] = value; };
const model = { get: (name) => state[name], set, save_changes: nothing, on: nothing, off: nothing };
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


def show(browser: Any, widget: Any) -> Any:
    """A page with the widget's front end, and the errors that it throws in `page.errors`."""
    state = {name: getattr(widget, name) for name in widget.trait_names() if name in FRONT_END_NAMES}
    page = browser.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    script = json.dumps(widget._esm).replace("</", "<\\/")
    page.set_content(PAGE % (widget._css, script, json.dumps(state).replace("</", "<\\/")))
    page.wait_for_selector("[data-explorer], [data-quiz]")
    return page


FRONT_END_NAMES = {"messages", "message", "taken", "layer", "field", "question", "options", "opened"}


@pytest.mark.browser
def test_unwrapping_and_wrapping_in_a_browser(browser: Any) -> None:
    page = show(browser, onion())
    box = page.locator("[data-explorer=onion]")
    assert box.locator("[data-layer]").all_inner_texts() == [
        "Ethernet\n14 bytes", "IPv4\n20 bytes", "TCP\n20 bytes", "HTTP\n63 bytes"
    ]  # fmt: skip
    assert box.locator("[data-byte]").count() == 117
    box.locator("[data-action=unwrap]").click()
    assert box.get_attribute("data-taken") == "1"
    assert "Handed up: 103 bytes, the IPv4 packet." in box.locator("[data-role=status]").inner_text()
    assert box.locator("[data-byte][data-gone]").count() == 14
    box.locator("[data-action=wrap]").click()
    assert "Out they go on the wire" in box.locator("[data-role=status]").inner_text()
    for _ in range(3):
        box.locator("[data-action=unwrap]").click()
    assert box.locator("[data-action=unwrap]").is_disabled()
    assert box.locator("[data-layer]").all_inner_texts() == ["HTTP\n63 bytes"]
    assert page.errors == []


@pytest.mark.browser
def test_a_field_lights_its_bytes_and_a_byte_finds_its_field(browser: Any) -> None:
    page = show(browser, onion())
    box = page.locator("[data-explorer=onion]")
    box.locator("[data-layer=IPv4]").click()
    box.locator("[data-field='total length']").click()
    assert box.locator("[data-byte][data-lit]").all_inner_texts() == ["00", "67"]
    assert "103 bytes with this header" in box.locator("[data-role=meaning]").inner_text()
    page.keyboard.press("ArrowDown")
    assert box.locator("[data-field][aria-pressed=true]").get_attribute("data-field") == "identification"
    assert page.evaluate("document.activeElement.dataset.field") == "identification"
    names = []
    for _ in range(3):
        box.locator("[data-byte='46']").click()
        names.append(box.locator("[data-field][aria-pressed=true]").get_attribute("data-field"))
    assert names == ["data offset", "reserved", "data offset"]
    assert box.locator("[data-role=meaning] mark").inner_text() == "0101"
    assert page.errors == []


@pytest.mark.browser
def test_every_field_of_every_message_can_be_looked_at(browser: Any) -> None:
    page = show(browser, onion())
    box = page.locator("[data-explorer=onion]")
    for message in MESSAGES:
        box.locator("[data-action=message]").select_option(message.key)
        assert box.get_attribute("data-message") == message.key
        lit = page.evaluate(
            """() => [...document.querySelectorAll("[data-layer]")].map((layer) => {
              const name = layer.dataset.layer;
              document.querySelector(`[data-layer="${name}"]`).click();
              return [name, [...document.querySelectorAll("[data-field]")].map((_, index) => {
                document.querySelectorAll("[data-field]")[index].click();
                return document.querySelectorAll("[data-byte][data-lit]").length;
              })];
            })"""
        )
        sizes = [[layer.name, [field.end - field.start for field in layer.fields]] for layer in layers_of(message)]
        assert sorted(lit) == sorted(sizes), message.key
    assert page.errors == []


@pytest.mark.browser
def test_a_quiz_answers_each_option_with_its_reason(browser: Any) -> None:
    asked = quiz("Is `1 < 2`?", {"yes": (True, "It is."), "no": (False, "Count again.")})
    page = show(browser, asked)
    box = page.locator("[data-quiz]")
    assert "It is." not in box.inner_text()
    box.locator("[data-option='1']").click()
    assert box.locator("[data-verdict=wrong]").inner_text().split("\n\n") == ["no", "✗ Not this one. Count again."]
    box.locator("[data-option='0']").click()
    assert box.locator("[data-verdict=right]").inner_text().split("\n\n") == ["yes", "✓ Right. It is."]
    box.locator("[data-option='1']").click()
    assert box.locator("[data-verdict=wrong]").count() == 0
    assert page.evaluate("state.opened") == [0]
    assert page.errors == []
