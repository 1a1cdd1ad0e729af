"""The report in a terminal: golden texts, short enough to be read."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from autograder.report.model import HOLDS, CheckReport, Outcome, RequirementReport, number
from autograder.report.text import (
    LEAST_LINES,
    MARKS,
    MESSAGE_LINES,
    VOICES,
    WIDTH,
    check_text,
    closing,
    headline,
    message,
    parts,
    requirement_text,
    show_conversations,
)
from autograder.wire import Transcript

OUTCOMES: list[Outcome] = ["passed", "wrong", "no answer", "grader broke", "not run", "skipped"]


def requirement(outcome: Outcome = "wrong", **more: Any) -> RequirementReport:
    made = RequirementReport("test_half_close", "The echo is completed.", 2.0, outcome)
    return dataclasses.replace(made, **more)


def conversation(title: str = "", sends: int = 1) -> Transcript:
    """A conversation whose clock goes a millisecond a look."""
    transcript = Transcript(title, clock=iter([count / 1000 for count in range(1000)]).__next__)
    transcript.note("check connected")
    for number_ in range(sends):
        transcript.sent(b"question %d" % number_)
        transcript.received(b"answer")
    return transcript


FULL = requirement(
    source="RFC 9293 section 3.6",
    calls=["serve_echo(listener)"],
    got="byte 1 differs: expected 0x62, got 0x63\nexpected 3 bytes: b'abc'\ngot      3 bytes: b'acc'\n               ^",
    likely="The echo is complete.",
    printed="hello\n",
    next="Send first, then receive.",
)

GOLDEN = """\
FAIL    0/2  The echo is completed.  [your code is wrong]
      SENT         serve_echo(listener)
      ON THE WIRE      1.0 ms  -- check connected
                       2.0 ms  check -> your code  10 bytes  b'question 0'
                       3.0 ms  check <- your code   6 bytes  b'answer'
      EXPECTED     The echo is completed. (RFC 9293 section 3.6)
      GOT          byte 1 differs: expected 0x62, got 0x63
                   expected 3 bytes: b'abc'
                   got      3 bytes: b'acc'
                                  ^
      LIKELY       The echo is complete.
      PRINTED      hello
      NEXT         Send first, then receive."""


def test_a_requirement_that_fails_reads_from_top_to_bottom() -> None:
    made = dataclasses.replace(FULL)
    show_conversations(made, [conversation()])
    assert requirement_text(made) == GOLDEN


def test_a_usual_message_is_under_a_dozen_lines() -> None:
    got = "2 of 5 bytes came: b'an', and nothing more in 2.0 s; waiting in conn.recv(4096)\ncell [5], line 7: ..."
    made = dataclasses.replace(FULL, printed="", got=got)
    show_conversations(made, [conversation(sends=20)])
    assert len(message(made).splitlines()) < 12
    assert "lines left out" in message(made)


def test_a_requirement_that_holds_is_one_line() -> None:
    assert requirement_text(requirement("passed", got="x", next="y")) == "ok      2/2  The echo is completed."


def test_one_that_was_not_run_says_because_of_what() -> None:
    made = requirement(
        "not run", got='it builds on "What a client sends comes back", which does not hold yet', next="no"
    )
    assert requirement_text(made) == (
        "-       0/2  The echo is completed.  [not run]\n"
        '      BECAUSE      it builds on "What a client sends comes back", which does not hold yet'
    )


def test_one_that_was_skipped_gives_its_points() -> None:
    made = requirement("skipped", got="this machine has no IPv6 on loopback")
    assert requirement_text(made) == (
        "~       2/2  The echo is completed.  [skipped on this machine, points given]\n"
        "      BECAUSE      this machine has no IPv6 on loopback"
    )


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_has_its_own_voice_and_its_points(outcome: Outcome) -> None:
    made = requirement(outcome, got="reason")
    text = requirement_text(made)
    assert text.startswith(MARKS[outcome])
    assert made.points == (2.0 if outcome in HOLDS else 0.0)
    if outcome != "passed":
        assert VOICES[outcome] in text and "reason" in text
    others = [voice for other, voice in VOICES.items() if other != outcome]
    assert not any(f"[{voice}]" in text for voice in others)
    assert len(set(VOICES.values())) == len(OUTCOMES)


@pytest.mark.parametrize("outcome", ["wrong", "no answer", "grader broke"])
def test_a_hidden_requirement_shows_no_inputs(outcome: Outcome) -> None:
    made = dataclasses.replace(
        FULL, outcome=outcome, hidden=True, calls=["fetch(b'secret')"], got="got b'secret'", printed="b'secret'"
    )
    transcript = conversation()
    transcript.sent(b"secret")
    show_conversations(made, [transcript])
    text = requirement_text(made)
    assert "secret" not in text and "ON THE WIRE" not in text
    assert "not shown: this requirement is hidden" in text
    assert "EXPECTED     The echo is completed. (RFC 9293 section 3.6)" in text
    assert "NEXT" not in text and "LIKELY" not in text


def test_the_last_call_and_as_much_of_the_conversations_as_there_is_room() -> None:
    conversations = [conversation("client 1", 9), conversation("client 2", 9), conversation("client 3", 9)]
    short = requirement(calls=["f(1)", "f(2)"], got="nothing came", likely="", next="", printed="")
    show_conversations(short, conversations)
    text = message(short)
    assert "f(1)" not in text and "f(2)" in text
    assert "client 1" not in text and "client 2" in text and "client 3" in text
    assert len(text.splitlines()) <= MESSAGE_LINES

    full = dataclasses.replace(FULL, wire_text="")
    show_conversations(full, conversations)
    assert "client 2" not in full.wire_text and "client 3" in full.wire_text
    assert len(full.wire_text.splitlines()) == LEAST_LINES


def test_what_was_printed_is_cut_in_both_directions() -> None:
    made = requirement(printed="x" * 500 + "\n" + "line\n" * 9999)
    printed = dict(parts(made))["PRINTED"].splitlines()
    assert len(printed) == 4
    assert printed[-1] == "... and 9,997 lines more"
    assert max(map(len, printed)) <= WIDTH - 20


def test_sentences_are_wrapped_and_what_is_lined_up_is_not() -> None:
    made = requirement(
        next="word " * 60,
        likely="-".join(["hyphen"] * 30),
        got="word " * 60 + "\n" + "x" * 300,
        calls=["f(%s)" % ("1, " * 80)],
    )
    lines = requirement_text(made).splitlines()
    assert f"      {'':<11}  {'x' * 300}" in lines, "a caret stays under its byte"
    assert all(len(line) <= WIDTH or "xxx" in line or "hyphen" in line for line in lines)


def test_points_are_written_as_people_write_them() -> None:
    assert [number(points) for points in (3.0, 2.5, 0.0, 10)] == ["3", "2.5", "0", "10"]


def check_report(*requirements: RequirementReport, **more: Any) -> CheckReport:
    report = CheckReport("serve_echo", summary="Echo every byte.", max_points=4.0, seed=7, seconds=0.84)
    return dataclasses.replace(report, requirements=list(requirements), **more)


def test_the_whole_report() -> None:
    report = check_report(requirement("passed"), requirement("not run", got="reason"))
    assert check_text(report) == (
        "serve_echo: Echo every byte.\n"
        "ok      2/2  The echo is completed.\n"
        "-       0/2  The echo is completed.  [not run]\n"
        "      BECAUSE      reason\n"
        "1 of 2 requirements hold: 2 of 4 points (0.8 s, seed 7)."
    )
    assert not report.full_marks


def test_the_last_line_of_full_marks() -> None:
    report = check_report(requirement("passed"), requirement("skipped"))
    assert closing(report) == "All 2 requirements hold: 4 of 4 points (0.8 s, seed 7)."
    assert report.full_marks


def test_a_refused_answer_has_its_reason_and_no_score() -> None:
    refused = "serve_echo must be a plain function (def)."
    report = check_report(requirement("not run", got=refused), refused=refused)
    assert check_text(report) == "serve_echo: Echo every byte.\nserve_echo must be a plain function (def)."
    assert not report.full_marks and report.points == 0


def test_nothing_judged_is_no_full_marks() -> None:
    assert not check_report().full_marks
    assert not check_report(requirement("passed"), refused="no").full_marks


def test_an_exercise_without_a_summary() -> None:
    assert headline(check_report(summary="")) == "serve_echo"


def test_reports_travel_as_plain_data() -> None:
    report = check_report(FULL, refused="x", missing=True)
    plain = json.loads(json.dumps(report.to_plain()))
    assert "requirements" not in plain, "these travel one by one"
    assert CheckReport.from_plain(plain | {"unknown": 1}) == dataclasses.replace(report, requirements=[])
    assert RequirementReport.from_plain(json.loads(json.dumps(FULL.to_plain())) | {"unknown": 1}) == FULL
