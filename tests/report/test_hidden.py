"""A hidden requirement tells a learner its sentence, and nothing of what it tried."""

from __future__ import annotations

import dataclasses

import pytest

from autograder.report.html import check_html
from autograder.report.model import CheckReport, Outcome, RequirementReport
from autograder.report.text import check_text, message, parts, show_conversations
from autograder.wire import Transcript

SECRET = "marmalade"

FAILED = RequirementReport(
    "test_large",
    "A megabyte comes back whole.",
    2.0,
    "wrong",
    source="RFC 9293 section 3.8",
    hidden=True,
    calls=[f"serve_echo({SECRET!r})"],
    got=f"nothing came after {SECRET}\nexpected {SECRET}",
    likely=f"recv was called once for {SECRET}",
    next=f"Try it with {SECRET}.",
    printed=f"{SECRET}\n",
)


def failed(outcome: Outcome) -> RequirementReport:
    made = dataclasses.replace(FAILED, outcome=outcome)
    transcript = Transcript()
    transcript.sent(SECRET.encode())
    show_conversations(made, [transcript])
    assert SECRET in made.wire_text and SECRET in made.wire_html, "there is something to hide"
    return made


@pytest.mark.parametrize("outcome", ["wrong", "no answer", "grader broke"])
def test_its_message_is_its_sentence(outcome: Outcome) -> None:
    made = failed(outcome)
    assert parts(made) == [
        ("EXPECTED", "A megabyte comes back whole. (RFC 9293 section 3.8)"),
        ("GOT", "not shown: this requirement is hidden"),
    ]
    assert message(made) == (
        "EXPECTED     A megabyte comes back whole. (RFC 9293 section 3.8)\n"
        "GOT          not shown: this requirement is hidden"
    )


@pytest.mark.parametrize("outcome", ["wrong", "no answer", "grader broke"])
def test_neither_form_of_the_report_shows_more(outcome: Outcome) -> None:
    report = CheckReport("serve_echo", max_points=2.0, requirements=[failed(outcome)])
    for shown in (check_text(report), check_html(report)):
        assert SECRET not in shown
        assert "A megabyte comes back whole." in shown


def test_the_same_requirement_in_the_open_shows_it_all() -> None:
    made = dataclasses.replace(failed("wrong"), hidden=False)
    assert [name for name, _ in parts(made)] == ["SENT", "ON THE WIRE", "EXPECTED", "GOT", "LIKELY", "PRINTED", "NEXT"]
    assert all(SECRET in text for name, text in parts(made) if name != "EXPECTED")


def test_why_it_was_not_run_is_said_since_nothing_was_tried() -> None:
    because = 'it builds on "What a client sends comes back", which does not hold yet'
    made = dataclasses.replace(FAILED, outcome="not run", got=because)
    assert parts(made) == [("BECAUSE", because)]


def test_without_a_reason_there_is_no_empty_part() -> None:
    assert parts(dataclasses.replace(FAILED, outcome="not run", got="")) == []
