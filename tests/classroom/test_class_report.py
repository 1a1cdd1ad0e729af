"""The page about a class: its numbers, the grouping of failures, what must never be in it, and hostile input."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
from lxml import etree

from autograder.classroom import class_report
from autograder.classroom.class_report import class_page, clean, normal, pattern
from autograder.classroom.verdicts import CellVerdict, Event, Verdicts
from autograder.judge import words
from autograder.report import CheckReport, Outcome, RequirementReport

ECHO = "What a client sends comes back."
CLOSE = "After a conversation its socket is closed."


class Page:
    """A rendered page. It must be well-formed, without scripts and without anything from outside."""

    def __init__(self, verdicts: Sequence[Verdicts], failed: dict[str, str] | None = None) -> None:
        self.html = class_page(iter(verdicts), assignment="03-tcp-sockets", failed=failed)
        self._root = etree.fromstring(self.html.encode())  # a strict parser: XML
        assert not self._root.xpath(
            "//script | //iframe | //object | //img | //link | //@src | //@*[starts-with(name(), 'on')]"
        )
        assert all(str(href).startswith("#") for href in self._root.xpath("//@href"))
        ids = [str(one) for one in self._root.xpath("//@id")]
        assert len(ids) == len(set(ids))
        assert {str(href)[1:] for href in self._root.xpath("//@href")} <= set(ids), "every link leads somewhere"
        assert "url(" not in self.html and "@import" not in self.html

    def section(self, name: str) -> str:
        """The words of a section, with single spaces."""
        pieces = []
        for element in self._part(name):
            pieces.append(" ".join(element.itertext()))
        return " ".join(" ".join(pieces).split())

    def rows(self, name: str, table: int = 0) -> list[list[str]]:
        """The cells of one of the section's tables, without its head."""
        tables = [found for element in self._part(name) for found in element.iter("table")]
        return [
            [" ".join("".join(cell.itertext()).split()) for cell in row.iter("th", "td")]
            for row in tables[table].find("tbody").iter("tr")
        ]

    def numbers(self) -> dict[str, str]:
        """The headline numbers by their names."""
        return {
            str(one.findtext("dt")): str(one.findtext("dd"))
            for one in self._root.iterfind(".//dl[@class='numbers']/div")
        }

    def patterns(self) -> list[tuple[str, str, str]]:
        """Of each shown pattern: how many, LIKELY, the example."""
        found = []
        for item in [item for element in self._part("patterns") for item in element.iter("li")]:
            likely = [
                " ".join("".join(p.itertext()).split()) for p in item.findall("p") if "Likely" in "".join(p.itertext())
            ]
            found.append(
                (str(item.findtext("p/b")), "".join(likely).removeprefix("Likely "), item.findtext("pre") or "")
            )
        return found

    def _part(self, name: str) -> list[Any]:
        main = self._root.find("body/main")
        inside, found = False, []
        for element in main:
            if element.tag == "h2":
                inside = element.get("id") == name
            if inside:
                found.append(element)
        assert found, f"no section {name}"
        return found


def requirement(outcome: Outcome = "passed", sentence: str = ECHO, **more: Any) -> RequirementReport:
    return RequirementReport("test_" + sentence.split()[-1], sentence, 2.0, outcome, **more)


def judged(*requirements: RequirementReport, exercise: str = "serve_echo", **more: Any) -> CellVerdict:
    report = CheckReport(exercise, max_points=2.0 * len(requirements), requirements=list(requirements), **more)
    return CellVerdict(f"check-{exercise}", "judge", report.max_points, report.points, exercise, report)


def learner(name: str, *cells: CellVerdict, events: Sequence[Event] = (), notebook: str = "sockets") -> Verdicts:
    return Verdicts(name, "03-tcp-sockets", notebook, cells=list(cells), events=list(events))


def wrong(name: str, got: str, likely: str = "", **more: Any) -> Verdicts:
    """A learner with one failed requirement."""
    return learner(name, judged(requirement(more.pop("outcome", "wrong"), got=got, likely=likely, **more)))


# Counts.


def test_the_headline_counts_learners_and_not_notebooks() -> None:
    page = Page(
        [
            learner("ada", judged(requirement())),
            learner("ada", judged(requirement(), exercise="fetch"), notebook="more"),
            learner("bob", judged(requirement("no answer", got="no answer from serve_echo(listener)"))),
            learner("cyd", judged(requirement()), events=[Event("tampering", "cell 7", "it replaced check")]),
            learner("dan", judged(requirement())),
        ],
        failed={"dan": "the disk was full", "eve": "the notebook is no JSON"},
    )
    assert page.numbers() == {"Submissions": "5", "Graded": "3", "Failed": "2", "Hung": "1", "Suspicious": "1"}
    assert page.rows("numbers") == [["dan", "the disk was full"], ["eve", "the notebook is no JSON"]]
    assert page.rows("learners") == [
        ["ada", "4", "4", "100%", "", ""],
        ["bob", "0", "2", "0%", "", "hung"],
        ["cyd", "2", "2", "100%", "", "suspicious"],
        ["dan", "–", "–", "–", "–", "failed: the disk was full"],
        ["eve", "–", "–", "–", "–", "failed: the notebook is no JSON"],
    ]


def test_the_distribution() -> None:
    # 0, 10, 20 ... 100 percent: each in the class that begins with it, and 100 with 90.
    scores = [learner(f"s{tenths:02}", CellVerdict("c", "manual", 10.0, float(tenths))) for tenths in range(11)]
    page = Page(scores)
    counts = [int(row[1]) for row in page.rows("scores")]
    assert counts == [1] * 9 + [2]
    assert page.rows("scores")[0][0] == "0% to under 10%" and page.rows("scores")[9][0] == "90% to 100%"
    assert "Median 50% , mean 50%." in page.section("scores")
    assert "between 25% and 75% (the quartiles)" in page.section("scores")
    assert "90% to 100%: 2. Median 50%." in page.section("scores"), "the picture is described in words"


@pytest.mark.parametrize("maximum", [1, 3, 7, 10, 30, 45, 70])
def test_a_score_on_the_edge_of_a_class_begins_it(maximum: int) -> None:
    for edge in range(10):
        page = Page([learner("ada", CellVerdict("c", "manual", float(maximum), maximum * edge / 10))])
        assert [int(row[1]) for row in page.rows("scores")].index(1) == edge


@pytest.mark.parametrize("size", [1, 4, 5, 17, 99, 1000])
def test_the_bars_stay_inside_the_picture(size: int) -> None:
    bars, ticks = class_report._histogram([0.55] * size)
    assert sum(bar.learners for bar in bars) == size
    top = min(tick.y for tick in ticks)
    assert all(bar.y >= top >= class_report.PLOT_TOP and bar.height >= 0 for bar in bars)
    assert 2 <= len(ticks) <= 6 and max(tick.learners for tick in ticks) >= size


def test_how_an_exercise_went() -> None:
    stub = words.raised(
        {"type": "NotImplementedError", "message": "", "mro": ["NotImplementedError"], "errno": None, "places": []}
    )
    blank = judged(requirement("wrong", got=stub), requirement("not run", CLOSE, got="not implemented yet"))
    page = Page(
        [
            learner("full", judged(requirement(), requirement(sentence=CLOSE))),
            learner("half", judged(requirement(), requirement("wrong", CLOSE, got="3 stayed open"))),
            learner("zero", judged(requirement("wrong", got="nothing came"), requirement("not run", CLOSE))),
            learner("blank", blank),
            learner(
                "taken out",
                judged(requirement("not run"), requirement("not run", CLOSE), missing=True, refused="no serve_echo"),
            ),
            learner(
                "shape",
                judged(requirement("not run"), requirement("not run", CLOSE), refused="serve_echo must be a function"),
            ),
            learner("dead", CellVerdict("check-serve-echo", "judge", 4.0, 0.0, "serve_echo")),
        ]
    )
    # 1, 1/2 and five zeros
    assert page.rows("exercises") == [["serve_echo", "21%", "7", "1", "5", "2", "2"]]
    said = page.section("exercises")
    assert "serve_echo must be a function" in said and "its notebook ended before this cell was reached" in said
    assert page.rows("requirements") == [
        ["serve_echo", CLOSE, "1", "2", "50%", "0", "1"],
        ["serve_echo", ECHO, "1", "3", "33%", "0", "0"],
    ], "blank answers say nothing about a requirement"
    assert "not implemented yet" not in page.section("patterns")


def test_an_answer_that_is_partly_written_is_not_blank() -> None:
    stub = "not implemented yet: it raised NotImplementedError"
    page = Page([learner("ada", judged(requirement("wrong", got=stub), requirement("passed", CLOSE)))])
    assert page.rows("requirements") == [["serve_echo", ECHO, "1", "1", "100%", "0", "0"]]
    assert page.patterns() == [("1 learner", "", stub)]


def test_the_most_failed_requirement_comes_first() -> None:
    page = Page(
        [
            *[wrong(f"a{number}", "x", sentence="Rare.") for number in range(2)],
            *[wrong(f"b{number}", "x", sentence="Often.", outcome="no answer") for number in range(3)],
            *[learner(f"c{number}", judged(requirement(sentence="Often."))) for number in range(5)],
            learner("d", judged(requirement("skipped", "Often.", got="no IPv6 here"))),
            learner("e", judged(requirement("grader broke", "Often.", got="Traceback"))),
            learner("f", judged(requirement(sentence="Never."))),
        ]
    )
    assert page.rows("requirements") == [
        ["serve_echo", "Often.", "3", "8", "38%", "3", "0"],
        ["serve_echo", "Rare.", "2", "2", "100%", "0", "0"],
    ]


def test_where_the_points_came_from() -> None:
    def one(name: str, essay: float | None) -> Verdicts:
        cells = [
            judged(requirement()),
            CellVerdict("ports", "nbgrader", 3.0, 1.5),
            CellVerdict("essay", "manual", 5.0, essay),
        ]
        return learner(name, *cells)

    page = Page([one("ada", 4.0), one("bob", None)])
    kinds = {row[0].split(",")[0]: row[1:] for row in page.rows("sources")}
    assert kinds == {
        "the judge": ["2", "4", "4", "0", "0"],
        "nbgrader's rule": ["2", "3", "6", "0", "0"],
        "a person": ["2", "4", "5", "1", "5"],
    }
    cells = [[row[1], row[2].split(",")[0], *row[3:]] for row in page.rows("sources", 1)]
    assert cells == [["ports", "nbgrader's rule", "2", "3", "6", "0"], ["essay", "a person", "2", "4", "5", "1"]]
    assert page.rows("learners") == [["ada", "7.5", "10", "75%", "", ""], ["bob", "3.5", "10", "35%", "5", ""]]
    assert "1 cell , worth 5 points in all, waits for a person" in page.section("scores")


def test_reasons_to_look() -> None:
    page = Page(
        [
            learner(
                "ada", events=[Event("tampering", "cell 7", "it replaced check"), Event("timed out", "cell 8", "30 s")]
            ),
            learner("bob", events=[Event("limit", "serve-echo", "64 processes")]),
            learner("cyd", events=[Event("kernel died", f"cell {number}", "signal 9") for number in range(9)]),
        ]
    )
    assert page.rows("events", 0) == [["ada", "cell 7: it replaced check"], ["bob", "serve-echo: 64 processes"]]
    assert page.rows("events", 1) == [["cyd", "".join(f"cell {n}: signal 9" for n in range(5)) + "and 4 more"]]
    assert page.rows("events", 2) == [["ada", "cell 8: 30 s"]]
    assert "a reason to look, not a verdict" in page.section("events")


def test_where_the_grader_broke_is_told_apart_from_wrong_code() -> None:
    trace = 'Traceback (most recent call last):\n  File "probes.py", line 3\nKeyError: 12'
    page = Page(
        [wrong("ada", trace, outcome="grader broke"), wrong("bob", trace.replace("12", "7"), outcome="grader broke")]
    )
    assert "No requirement failed." in page.section("requirements")
    assert "2 learners · the grader broke".replace("· ", "") in page.section("events")
    assert "KeyError: 12" in page.section("events") and "KeyError: 7" not in page.section("events")


# Patterns.


def test_the_same_slip_with_other_random_bytes_is_one_pattern() -> None:
    rng = random.Random(4)
    verdicts = []
    for number in range(30):
        expected = rng.randbytes(rng.choice([1, 20, 40, 300]))
        got = words.difference(bytes([expected[0] ^ 255]) + expected[1:], expected)
        verdicts.append(wrong(f"s{number:02}", got, f"the first of {len(expected)} bytes was changed"))
    page = Page(verdicts)
    [(count, likely, example)] = page.patterns()
    assert count == "30 learners"
    assert re.fullmatch(r"the first of \d+ bytes was changed", likely)
    assert example in [one.cells[0].report.requirements[0].got for one in verdicts if one.cells[0].report], (
        "a real example"
    )


def test_different_slips_are_different_patterns() -> None:
    page = Page(
        [
            wrong(
                "ada", "0 of 5 bytes came, and nothing more in 2.0 s; waiting in conn.recv(4096)", outcome="no answer"
            ),
            wrong(
                "bob", "0 of 7 bytes came, and nothing more in 2.1 s; waiting in client.recv(10)", outcome="no answer"
            ),
            wrong(
                "cyd", "0 of 7 bytes came, and nothing more in 2.1 s; waiting in listener.accept()", outcome="no answer"
            ),
            wrong("dan", "0 of 7 bytes came, then your side closed the connection"),
            wrong("eve", "0 of 9 bytes came, then your side closed the connection", "one recv for all"),
        ]
    )
    assert sorted(count for count, _, _ in page.patterns()) == ["1 learner"] * 3 + ["2 learners"]
    assert page.patterns()[0][0] == "2 learners", "the commonest first"
    assert (
        "1 learner",
        "one recv for all",
        "0 of 9 bytes came, then your side closed the connection",
    ) in page.patterns()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("got b'abc'", "got b'it\\'s'"),
        ("got b'abc'", 'got b"it\'s"'),
        ("it returned b'ab' ... 967 bytes ... b'yz', then", "it returned b'x', then"),
        ("byte 1,000 differs: expected 0x62, got 0x63", "byte 7 differs: expected 0xff, got 0x00"),
        ("the first of 3 bytes is right", "the first 2 of 30 bytes are right"),
        ("bound to 127.0.0.1 port 5000", "bound to ::1 port 80"),
        ("1 byte came", "20 bytes came"),
        ("the identifier is de:ad:be:ef", "the identifier is 0a1b2c3d"),
        ("id 123e4567-e89b-12d3-a456-426614174000 seed 5", "id 00000000-0000-0000-0000-00000000000a seed 99"),
        (
            "no answer from fetch('::1', 80, b'x') after 2.0 s",
            "no answer from fetch('127.0.0.1', 9, b'yy') after 1.9 s",
        ),
        ("waiting in self.sock.recv(n - len(data))", "waiting in conn.recv(4096)"),
        (
            "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xc3 in position 5: unexpected end of data",
            "UnicodeDecodeError: 'utf-8' codec can't decode byte 0x80 in position 0: invalid start byte",
        ),
        ("GET /xb76c6b0f4d must be answered", "GET /a/b?c=d must be answered"),
        (
            "no answer from http_get('http://127.0.0.1:80/a…) after 2 s",
            "no answer from http_get('http://[::1]/b…) after 3 s",
        ),
        ("the key must be l+Vz0aKkLirUeMPZweYzrOEPiBCI=, got x", "the key must be tAyKVkLIr/UeMPZweYzrOEPiBCI=, got x"),
        ("PE5X must be sent a text", "ME1Y must be sent a text"),
        ("the line must come back, got 'abc", "the line must come back, got '1\\n2..."),
        ("it returned b'" + "a" * 2000, "it returned b'" + "b" * 3000),
    ],
)
def test_what_is_left_out_of_a_pattern(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("expected bytes b'a'\ngot      str 'a'", "expected bytes b'a'\ngot      None"),
        ("a bytes-like object is required, not 'str'", "a bytes-like object is required, not 'NoneType'"),
        ("waiting in conn.recv(4096)", "waiting in conn.sendall(data)"),
        ("it can't be and won't be read", "it can't be or won't be read"),
        ("the learners' answer is short", "the learners' answer is long"),
        ("it is read and/or written", "it is read and/or sent"),
        ("the socket stays open", "the socket is closed"),
        ("Traceback (most recent call last):\n x\nKeyError: 1", "Traceback (most recent call last):\n x\nOSError: 1"),
    ],
)
def test_what_is_kept_in_a_pattern(one: str, other: str) -> None:
    assert pattern("", one) != pattern("", other)


def test_a_proven_guess_makes_one_pattern_of_different_messages() -> None:
    likely = "the connection was closed after an earlier echo"
    page = Page(
        [
            wrong("ada", "0 of 7 bytes came, then your side closed the connection", likely),
            wrong("bob", "your side reset the connection", likely),
            wrong("cyd", "your side reset the connection", likely, outcome="no answer"),
        ]
    )
    assert page.patterns() == [
        ("2 learners", likely, "0 of 7 bytes came, then your side closed the connection"),
        ("1 learner", likely, "your side reset the connection"),
    ]


def test_only_the_commonest_patterns_and_the_first_names_are_listed() -> None:
    crowd = [wrong(f"s{number:03}", "nothing came") for number in range(70)]
    odd = [wrong(f"odd{letter}", f"TypeError: {letter}{letter}") for letter in "abcdefgh"]
    page = Page(crowd + odd)
    assert [count for count, _, _ in page.patterns()] == ["70 learners"] + ["1 learner"] * (
        class_report.MOST_PATTERNS - 1
    )
    said = page.section("patterns")
    assert "s049" in said and "s050" not in said and "and 20 more" in said
    assert "And 3 other patterns, of 3 learners." in said


def test_rarer_requirements_are_named_without_their_patterns() -> None:
    cells = [
        judged(requirement("wrong", f"Sentence {letter}.", got=f"got {letter}"), exercise=f"e{letter}")
        for letter in "abcdefghijklmnopqrst"
    ]
    page = Page([learner("ada", *cells)])
    assert len(page.rows("requirements")) == class_report.MOST_REQUIREMENTS
    assert len(page.rows("requirements", 1)) == 20 - class_report.MOST_REQUIREMENTS
    assert len(page.patterns()) == class_report.MOST_REQUIREMENTS


# What must not be there, and what must not break it.


@pytest.mark.parametrize("outcome", ["wrong", "no answer", "grader broke", "not run", "skipped", "passed"])
def test_of_a_hidden_requirement_there_is_the_sentence_and_the_count(outcome: Outcome) -> None:
    secret = "marmalade"
    more: dict[str, Any] = dict.fromkeys(("wire_text", "wire_html", "got", "likely", "next", "printed"), secret)
    made = [learner(name, judged(requirement(outcome, hidden=True, calls=[secret], **more))) for name in ("ada", "bob")]
    page = Page(made)
    assert secret not in page.html
    if outcome in ("wrong", "no answer"):
        assert page.rows("requirements")[0][1:4] == [f"{ECHO} hidden", "2", "2"]
        assert page.patterns() == [("2 learners", "", "")]
    elif outcome == "grader broke":
        assert ECHO in page.section("events")


def test_what_a_requirement_sent_and_what_was_printed_stay_in_the_learners_own_feedback() -> None:
    more: dict[str, Any] = dict.fromkeys(("wire_text", "wire_html", "printed"), "marmalade")
    assert "marmalade" not in Page([wrong("ada", "nothing came", calls=["marmalade"], **more)]).html


NASTY = "<script>alert(1)</script> &amp; \"'</table></main>\x00\x1b[31m\x85\u202e\ud800\uffff{{ 7 * 7 }} ]]> <!--"


def test_hostile_text_is_shown_as_text() -> None:
    made = learner(
        NASTY,
        judged(requirement("wrong", NASTY, got=NASTY, likely=NASTY), exercise=NASTY),
        judged(requirement("grader broke", NASTY, got=NASTY), exercise="other" + NASTY),
        judged(requirement("not run", NASTY), exercise="third" + NASTY, refused=NASTY),
        CellVerdict(NASTY, "manual", 1.0),
        events=[Event("tampering", NASTY, NASTY), Event("kernel died", NASTY, NASTY), Event("timed out", NASTY, NASTY)],
        notebook=NASTY,
    )
    page = Page([made], failed={"x" + NASTY: NASTY})
    page.html.encode()
    shown = str(clean(NASTY[: class_report.NAME_LENGTH]))
    assert "<script" not in page.html and "49" not in page.section("learners")
    assert page.html.count("&lt;script&gt;alert(1)") > 15
    assert not set("\x00\x1b\x85\u202e\uffff") & set(page.html)
    assert page.rows("learners")[0][0] == " ".join(shown.split())


def test_long_texts_are_cut() -> None:
    long = "x" * 10_000_000
    lines = "line\n" * 2_000_000
    page = Page(
        [
            wrong(long, long, long),
            wrong("lines", lines, lines),
            wrong("quotes", "'" * 100_000, '"' * 100_000),
            wrong("digits", "1" * 100_000, "1:" * 100_000),
            wrong("trace", "Traceback (most recent call last)\n" + long, outcome="grader broke"),
            learner("events", events=[Event("limit", long, lines) for _ in range(100)]),
            learner("refused", judged(requirement("not run"), refused=long)),
        ],
        failed={long + "2": lines},
    )
    assert len(page.html) < 60_000
    assert "x" * 401 not in page.html


def test_numbers_that_are_none() -> None:
    page = Page(
        [
            learner("ada", CellVerdict("c", "manual", 5.0, float("nan"))),
            learner("bob", CellVerdict("d", "manual", 5.0, 2.0)),
        ]
    )
    assert page.rows("learners")[0][3] == "–"
    assert "One submission, with 40% of the points." in page.section("scores")


# Sizes of a class.


def test_an_empty_class() -> None:
    page = Page([])
    assert set(page.numbers().values()) == {"0"}
    assert "Nobody has handed anything in." in page.section("learners")


def test_a_class_of_one() -> None:
    page = Page([wrong("ada", "nothing came")])
    assert "One submission, with 0% of the points." in page.section("scores")
    assert page.patterns() == [("1 learner", "", "nothing came")]


def test_a_class_without_points() -> None:
    page = Page([learner("ada"), learner("bob", CellVerdict("c", "nbgrader", 0.0, 0.0))])
    assert "No submission has points to show." in page.section("scores")
    assert [row[3] for row in page.rows("learners")] == ["–", "–"]


def test_a_class_in_which_all_failed() -> None:
    page = Page([], failed={f"s{number:03}": "no JSON" for number in range(80)})
    assert page.numbers()["Failed"] == "80" and page.numbers()["Graded"] == "0"
    assert len(page.rows("numbers")) == 50 and "And 30 more" in page.section("numbers")
    assert len(page.rows("learners")) == 80


def test_a_thousand_learners_fit_on_a_page_of_a_few_megabytes() -> None:
    words_of_letters = str.maketrans("0123456789", "ghi klmnop")

    def one(number: int) -> Verdicts:
        rng = random.Random(number)
        cells = []
        for exercise in range(5):
            made = []
            for index in range(6):
                # Half of the messages are like no other, so that every list is as long as it may be.
                got = (
                    f"expected {rng.randbytes(20)!r}"
                    if rng.random() < 0.5
                    else rng.randbytes(150).hex().translate(words_of_letters)
                )
                outcomes: list[Outcome] = ["passed", "wrong", "no answer"]
                made.append(requirement(rng.choice(outcomes), f"Requirement {'abcdef'[index]}.", got=got, likely=got))
            cells.append(judged(*made, exercise=f"exercise_{'abcde'[exercise]}"))
        events = [Event("limit", "cell 3", "w " * 500) for _ in range(20)]
        return learner(f"learner-{number:04}-" + "n" * 60, *cells, events=events)

    page = Page([one(number) for number in range(1000)])
    assert len(page.rows("learners")) == 1000
    assert len(page.html.encode()) < 3_000_000
