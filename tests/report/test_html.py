"""The report in JupyterLab: the same words, everything escaped, both themes, read aloud well."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.report.html import check_html, note_html
from autograder.report.model import CheckReport, Outcome, RequirementReport
from autograder.report.text import VOICES, closing, headline, parts, show_conversations
from autograder.wire import Transcript

unhurried = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
nasty = st.text(st.sampled_from("<>&\"'/ab b-!\n"), max_size=20)

OUTCOMES: list[Outcome] = ["wrong", "passed"]

ALLOWED = set("style section h4 ol li div span code p dl dt dd pre table caption tr th td".split())


class Reader(HTMLParser):
    """The words outside the style sheet; tags must be known, carry no script, and be closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words = ""
        self.style = ""
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, f"<{tag}> was smuggled in"
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.open.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            self.style += data
        else:
            self.words += data + " "

    def handle_comment(self, data: str) -> None:
        raise AssertionError("nothing writes comments")

    @property
    def spaced(self) -> str:
        """The words with single spaces."""
        return " ".join(self.words.split())

    def says(self, text: str) -> bool:
        """Are these words in it, whatever the white space?"""
        return "".join(text.split()) in "".join(self.words.split())


def requirement(outcome: Outcome = "wrong", **more: Any) -> RequirementReport:
    made = RequirementReport(
        "test_half_close",
        "The echo is completed.",
        2.0,
        outcome,
        source="RFC 9293 section 3.6",
        calls=["serve_echo(listener)"],
        got="byte 1 differs: expected 0x62, got 0x63\nexpected 3 bytes: b'abc'",
        likely="The echo is complete.",
        printed="hello\n",
        next="Send first, then receive.",
    )
    made = dataclasses.replace(made, **more)
    transcript = Transcript()
    transcript.sent(b"what was sent")
    show_conversations(made, [transcript])
    return made


def report(*requirements: RequirementReport, **more: Any) -> CheckReport:
    made = CheckReport("serve_echo", summary="Echo every byte.", max_points=4.0, seed=7, seconds=0.84)
    return dataclasses.replace(made, requirements=list(requirements), **more)


@pytest.mark.parametrize("outcome", VOICES)
def test_it_says_all_that_the_text_says(outcome: Outcome) -> None:
    made = requirement(outcome)
    whole = report(made)
    read = Reader(check_html(whole))
    assert read.says(headline(whole)) and read.says(closing(whole)) and read.says(made.sentence)
    for name, text in parts(made):
        assert read.says(name)
        if name != "ON THE WIRE":
            assert read.says(text)
    assert ("aria-label", VOICES[outcome]) in read.attributes, "the mark is read aloud as words"
    assert read.says(VOICES[outcome]) is (outcome != "passed")
    assert read.says("what was sent") is any(name == "ON THE WIRE" for name, _ in parts(made))


@pytest.mark.parametrize("outcome", ["wrong", "no answer", "grader broke"])
def test_a_hidden_requirement_shows_no_inputs(outcome: Outcome) -> None:
    made = requirement(outcome, hidden=True, calls=["fetch('secret')"], got="got 'secret'", printed="secret")
    html = check_html(report(made))
    assert "secret" not in html and "what was sent" not in html and "abc" not in html
    assert Reader(html).says("not shown: this requirement is hidden")
    assert Reader(html).says("The echo is completed. (RFC 9293 section 3.6)")


@unhurried
@given(nasty, nasty, nasty, nasty)
def test_everything_is_escaped(sentence: str, got: str, printed: str, call: str) -> None:
    made = requirement(
        sentence=sentence, got=got, printed=printed, calls=[call], likely=got, next=call, source=printed, name=call
    )
    read = Reader(check_html(report(made, summary=sentence, exercise=got), running=[printed]))
    assert read.says(sentence) and read.says(got) and read.says(call)
    assert ("data-requirement", call) in read.attributes
    refused = Reader(check_html(report(refused=got)))
    assert refused.says(got)
    assert Reader(note_html(sentence)).says(sentence)


def test_colours_follow_the_theme_and_mean_nothing_alone() -> None:
    # Without a conversation: the colours of those are tested in tests/wire.
    made = [dataclasses.replace(requirement(outcome), wire_text="") for outcome in OUTCOMES]
    read = Reader(check_html(report(*made)))
    colours = re.findall(r"(?:color|background|border-top):[^;}]*", read.style)
    assert len(colours) > 5
    for colour in colours:
        assert re.search(r"var\(--jp-[a-z0-9-]+, [^)]+\)|inherit|none", colour), f"{colour} is the same in every theme"
    assert "✗" in read.words and "✓" in read.words


def test_no_script_and_nothing_from_outside() -> None:
    html = check_html(report(requirement(), requirement("no answer")))
    assert "<script" not in html and "http" not in html and "url(" not in html


def test_while_it_runs_the_rest_is_announced_and_there_is_no_score() -> None:
    whole = report(requirement("passed"))
    running = Reader(check_html(whole, ["Another sentence."]))
    assert running.says("checking …") and running.says("Another sentence.") and not running.says("requirements hold")
    over = Reader(check_html(whole))
    assert over.says("All 1 requirements hold: 2 of 4 points") and not over.says("checking")
    assert ("role", "status") in over.attributes, "a screen reader is told the score"


@pytest.mark.parametrize(("outcomes", "width"), [([], 0), (["passed", "wrong"], 50), (["passed", "skipped"], 100)])
def test_the_bar_shows_the_share_of_the_points(outcomes: list[Outcome], width: int) -> None:
    assert f'style="width: {width}%"' in check_html(report(*map(requirement, outcomes)))
    assert 'style="width: 0%"' in check_html(report(max_points=0.0))


def test_a_refused_answer_shows_its_reason_alone() -> None:
    read = Reader(check_html(report(refused="serve_echo must be a plain function (def).")))
    assert read.spaced == "serve_echo : Echo every byte. serve_echo must be a plain function (def)."
