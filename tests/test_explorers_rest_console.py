"""The REST console: it really asks, shows the bytes that crossed, and comes out alike each time without a kernel."""

from __future__ import annotations

import socket
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from autograder.loopback import background_server
from autograder.loopback.rest_api import DropAfter, RestApi, rest_api
from explorers.rest_console import EXAMPLES, METHODS, NO_ANSWER, Question, exchange, meaning, reason, rest_console

JSON = "Content-Type: application/json"
NAMES = {"s": "http://www.w3.org/2000/svg"}


@pytest.fixture
def api() -> Iterator[RestApi]:
    with rest_api([{"name": "bolt M4", "quantity": 80}, {"name": "nut M4", "quantity": 9}], page_size=1) as running:
        yield running


def test_what_is_shown_is_what_crossed(api: RestApi) -> None:
    done = exchange(api.base_url, Question("", "GET", "/items/1", "X-Trace: abc"))
    assert done.request.startswith(b"GET /items/1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"X-Trace: abc\r\n" in done.request
    assert done.answer.endswith(b'\r\n\r\n{"name":"bolt M4","quantity":80,"id":1}')
    assert done.status == 200
    (seen,) = api.requests
    assert (seen.method, seen.target, seen.headers["x-trace"]) == ("GET", "/items/1", "abc")


def test_the_still_view_is_the_same_each_time_although_port_and_date_differ() -> None:
    consoles = [rest_console() for _ in range(2)]
    try:
        assert consoles[0].base_url != consoles[1].base_url
        assert consoles[0].words() == consoles[1].words()
        assert consoles[0].page() == consoles[1].page()
        assert "date: Thu, 01 Jan 2026 00:00:00 GMT" in consoles[0].words()
        assert "link: <http://127.0.0.1:50000/items?after=2>; rel=" in consoles[0].words()
        before = consoles[0].picture()
        consoles[0].ask("GET", "/items/1")
        assert consoles[0].picture() == before, "the still view stays that of the first exchange"
    finally:
        for console in consoles:
            console.stop()
            console.stop()


def test_the_picture_has_a_title_and_the_words_and_the_status(api: RestApi) -> None:
    console = rest_console(api.base_url, "/items", "POST", JSON, '{"name": "<é>", "quantity": 1}')
    root = ET.fromstring(console.picture())
    assert root.get("role") == "img"
    assert root.findtext("s:title", namespaces=NAMES) == "POST and its answer: 201 Created"
    assert root.findtext("s:desc", namespaces=NAMES) == console.words()
    shown = ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}tspan")]
    assert "201 Created" in shown
    for text in ("POST", "/items", "201", '{"name": "<é>", "quantity": 1}'):
        assert any(each.endswith(text) for each in shown), text


def test_the_form_sends_and_a_bad_form_says_why_and_keeps_the_answer(api: RestApi) -> None:
    console = rest_console(api.base_url)
    console.method, console.path, console.headers, console.body = "DELETE", "/items/2", "", ""
    console.go += 1
    assert [item["id"] for item in api.items] == [1]
    assert console.history[-1] == {"asked": "DELETE /items/2", "answer": "204"}
    before = console.svg
    console.path = "items"
    console.go += 1
    assert console.problem == "the path 'items' must begin with a slash: /items"
    assert console.svg == before
    console.path, console.headers = "/items/1", "no colon"
    console.go += 1
    assert console.problem == "the header line 'no colon' is not of the form Name: value"
    console.method, console.headers = "GET", ""
    console.go += 1
    assert console.problem == ""
    assert console.svg != before


def test_the_answer_offers_what_comes_next(api: RestApi) -> None:
    console = rest_console(api.base_url)
    (follow,) = console.steps
    assert (follow["label"], follow["path"]) == ("Follow the link: next", "/items?after=1")
    console.ask("GET", "/items/2")
    again, put = console.steps
    assert console.ask(again["method"], again["path"], again["headers"]).status == 304
    assert console.ask(put["method"], put["path"], put["headers"], put["body"]).status == 200
    assert api.items[1] == {"id": 2, "name": "nut M4", "quantity": 8}
    assert console.ask(put["method"], put["path"], put["headers"], put["body"]).status == 412
    console.ask("POST", "/items", JSON, '{"name": "pin", "quantity": 1}')
    assert (console.steps[0]["label"], console.steps[0]["path"]) == ("Go to the Location", "/items/3")


def test_a_connection_that_ends_without_an_answer_is_told_so(api: RestApi) -> None:
    console = rest_console(api.base_url)
    api.play(DropAfter())
    done = console.ask("POST", "/items", JSON, '{"name": "pin", "quantity": 1}')
    assert (done.status, done.answer) == (None, b"")
    assert NO_ANSWER in console.svg
    assert len(api.items) == 3
    assert console.history[-1]["answer"] == "no answer"


def test_an_answer_that_is_no_http_is_shown_and_not_understood() -> None:
    def greet(conn: socket.socket) -> None:
        conn.recv(4096)
        conn.sendall(b"220 mail ready\r\n")

    with background_server(greet) as server:
        done = exchange(f"http://127.0.0.1:{server.port}", Question("", "GET", "/"))
    assert (done.status, done.answer) == (None, b"220 mail ready\r\n")


def test_every_example_is_answered_as_it_should_be() -> None:
    console = rest_console()
    try:
        statuses = [console.ask(*each[1:]).status for each in EXAMPLES]
    finally:
        console.stop()
    assert statuses == [200, 200, 201, 201, 200, 204, 404, 422, 405, 200]
    assert len(console.history) == 8
    assert {each.method for each in EXAMPLES} <= set(METHODS)


def test_a_stopped_api_is_nobody_who_listens() -> None:
    console = rest_console()
    console.stop()
    console.go += 1
    assert console.problem.startswith("nobody listens at 127.0.0.1:")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"base_url": "http://example.org:80"}, "the console asks only this computer"),
        ({"base_url": "https://127.0.0.1:443"}, "the console asks only this computer"),
        ({"base_url": "http://127.0.0.1:80", "method": "BREW"}, "there is no method 'BREW' here; there are GET"),
        ({"base_url": "http://127.0.0.1:80", "path": "http://example.org/"}, "must begin with a slash"),
        ({"base_url": "http://127.0.0.1:80", "headers": "Name: ü"}, "not ASCII"),
        ({"base_url": "http://127.0.0.1:80", "headers": "Two words: 1"}, "is not of the form Name: value"),
    ],
)
def test_bad_input_names_the_value(options: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rest_console(**options)


def test_statuses_without_a_sentence_of_their_own_have_that_of_their_class() -> None:
    assert meaning(418).startswith("The client made a mistake")
    assert meaning(299) == "It worked."
    assert reason(422) == "422 Unprocessable Content"
    assert reason(299) == "299"
