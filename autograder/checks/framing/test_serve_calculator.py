"""Answer sums that come as lines of JSON, however the lines are cut and however many come at once."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from autograder.checks.fixtures import Likely
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Failure
from autograder.judge.learner import Learner
from autograder.judge.recipes import Listener
from autograder.loopback import EarlyEnd, NoAnswer, NotTaken, RecordedSocket

LONGEST = 65_536
"""Bytes that a line may have, without its end."""


@exercise
def serve_calculator(listener: socket.socket) -> None: ...


@requirement(
    points=1,
    source="RFC 8259; jsonlines.org",
    hint="json.loads(line), compute, json.dumps(answer) and a newline. Send it before you read the next line.",
)
def test_sums(learner: Learner, rng: Random, likely: Likely) -> None:
    """Each of the four operations is answered with its id, while the client waits for the answer."""
    client = learner.start(Listener()).connect()
    for op in "+-*/":
        a, b = rng.randrange(-99, 99, 2), rng.choice((-8, -4, 2, 4, 16))  # an odd number by an even one: a fraction
        _ask(client, {"id": rng.randrange(10**6), "op": op, "a": a, "b": b}, likely)
    _ask(client, {"id": "x-" + rng.randbytes(3).hex(), "op": "+", "a": 0.5, "b": rng.randrange(100)}, likely)
    _ask(client, {"b": 2, "a": 7, "op": "-", "id": None}, likely)


@requirement(
    points=1,
    source="the contract",
    hint="except ZeroDivisionError around this one sum: its answer has error in place of result.",
    needs="test_sums",
)
def test_impossible_sum(learner: Learner, rng: Random, likely: Likely) -> None:
    """A division by zero is answered with its id and an error, and the conversation goes on."""
    client = learner.start(Listener()).connect()
    request = {"id": rng.randrange(10**6), "op": "/", "a": rng.randrange(1, 99), "b": 0}
    client.send(_line(request))
    answer = _answer(client)
    _is_error(answer)
    assert answer.get("id") == request["id"], f"the id must be the request's, {request['id']!r}, got {answer!r}"
    _ask(client, _request(rng), likely)


@requirement(
    points=1,
    source="RFC 9293 section 3.9.1.3",
    hint="One recv can bring many lines. What follows the first of them is not to be thrown away.",
    needs="test_sums",
)
def test_pipelined(learner: Learner, rng: Random, likely: Likely) -> None:
    """Many requests in one piece are all answered, in order; after the client's end the connection is closed."""
    client = learner.start(Listener()).connect()
    requests = [_request(rng) for _ in range(40)]
    client.send(b"".join(map(_line, requests)))
    client.end()
    for number, request in enumerate(requests):
        try:
            answer = _answer(client)
        except (EarlyEnd, NoAnswer):
            likely(
                number > 0,
                f"{len(requests)} requests came in one piece, and {number} were answered: the lines after "
                "the first were in the same recv",
            )
            raise
        _is_result(answer, request, likely)
    left = client.receive_to_end()
    assert left == b"", f"after the last answer the connection must be closed, and nothing more sent; {left!r} came"


@requirement(
    points=1,
    source="RFC 9293 section 3.9.1.3; RFC 3629",
    hint="Collect bytes until there is a newline among them; decode a line only when it is whole.",
    needs="test_sums",
)
def test_pieces(learner: Learner, rng: Random, likely: Likely) -> None:
    """A request that arrives byte by byte is answered when its newline is there, with CRLF as well as LF."""
    client = learner.start(Listener()).connect()
    for end in (b"\n", b"\r\n"):
        request = {"id": "é\N{ROCKET}" + rng.randbytes(2).hex(), "op": "+", "a": rng.randrange(99), "b": 3}
        line = json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode() + end
        try:
            client.send_paced(line, size=1, gap=0.002)
            answer = _answer(client)
        except (EarlyEnd, NoAnswer, ConnectionError):
            likely(True, "the line came byte by byte: one recv is not one line")
            raise
        likely(answer.get("error"), "the line came byte by byte: one recv is not one line")
        _is_result(answer, request, likely)


@requirement(
    points=1,
    source="the contract; RFC 8259",
    hint="json.loads raises ValueError. What it returns may be a list, a number, an object without op.",
    needs="test_sums",
)
def test_malformed(learner: Learner, rng: Random, likely: Likely) -> None:
    """A line that is no request is answered with an error, then the connection is closed; lines before it count."""
    server = learner.start(Listener())
    good = _request(rng)
    for bad in (
        b'{"id": 1, "op": "+", "a": 1',
        b"2 + 2",
        b"[1, 2]",
        b'{"id": 1, "op": "%", "a": 1, "b": 2}',
        b'{"id": 1, "op": "+", "a": 1}',
        b'{"id": 1, "op": "+", "a": "1", "b": "2"}',
        b'{"id": 1, "op": ["+"], "a": 1, "b": 2}',
        b"\xff\xfe",
    ):
        client = server.connect(timeout=1.0)
        client.send(_line(good) + bad + b"\n")
        _is_result(_answer(client), good, likely)
        with _about(bad, likely):
            answer = _answer(client)
            _is_error(answer)
            _closed(client, likely)
        client.close()


@requirement(
    points=1,
    source="the contract",
    hint="Count while you collect. More than 65,536 bytes without a newline: answer with an error and close.",
    needs="test_sums",
)
def test_endless_line(learner: Learner, rng: Random, likely: Likely) -> None:
    """A line of 65,536 bytes is read; one that is longer is answered with an error before it ends, and closed."""
    server = learner.start(Listener())
    client = server.connect(timeout=1.0)
    request = _request(rng)
    padded = json.dumps(request).encode().ljust(LONGEST)
    client.send(padded + b"\n")
    _is_result(_answer(client), request, likely)
    client.close()
    client = server.connect(timeout=1.0)
    try:
        client.send(b" " * (LONGEST + 100))
    except (ConnectionError, NotTaken):
        pass  # it may close before it has read all of this
    try:
        answer = _answer(client)
    except NoAnswer:
        likely(
            True,
            f"{LONGEST + 100:,} bytes came without a newline: whoever goes on collecting lets a stranger decide how "
            "much memory to use",
        )
        raise
    _is_error(answer)
    _closed(client, likely)


@requirement(
    points=1,
    source="RFC 9293 section 3.5.3; man 2 accept",
    hint="What one client does must not leave the loop over clients; accept's OSError must.",
    needs="test_sums",
)
def test_next_client(learner: Learner, rng: Random, likely: Likely) -> None:
    """After a client that resets or leaves in the middle of a line the next is served; a closed listener ends it."""
    server = learner.start(Listener())
    rude = server.connect(title="a client that resets")
    _ask(rude, _request(rng), likely)
    rude.send(b'{"id": 1')
    rude.reset()
    leaving = server.connect(title="a client that leaves inside a line", timeout=1.5)
    _ask(leaving, _request(rng), likely)
    leaving.send(b'{"id": 1, "op"')
    leaving.end()
    _closed(leaving, likely, answers=True)
    leaving.close()
    last = server.connect(title="a normal client")
    _ask(last, _request(rng), likely)
    last.close()
    server.stop_listening()
    answer = server.ended()
    assert answer is None, f"serve_calculator must return None, it returned {answer!r}"


def _request(rng: Random) -> dict[str, Any]:
    return {"id": rng.randrange(10**6), "op": rng.choice("+-*"), "a": rng.randrange(1000), "b": rng.randrange(1000)}


def _line(request: dict[str, Any]) -> bytes:
    return json.dumps(request).encode() + b"\n"


def _ask(client: RecordedSocket, request: dict[str, Any], likely: Likely) -> None:
    """Send one request, and see that its answer comes and is right."""
    client.send(_line(request))
    _is_result(_answer(client), request, likely)


def _answer(client: RecordedSocket) -> dict[str, Any]:
    """The next line, read as JSON."""
    line = bytearray()
    while not line.endswith(b"\n"):
        try:
            line += client.receive_exactly(1)
        except (EarlyEnd, NoAnswer) as short:
            assert not line, f"an answer must be a line and end in a newline; {bytes(line)!r} came, and then no newline"
            raise short
    try:
        answer = json.loads(line)
    except ValueError:
        raise AssertionError(f"an answer must be one line of JSON, got {bytes(line)!r}") from None
    assert isinstance(answer, dict), f"an answer must be a JSON object, got {answer!r}"
    return answer


def _is_result(answer: dict[str, Any], request: dict[str, Any], likely: Likely) -> None:
    a, b = request["a"], request["b"]
    right = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else 0}[request["op"]]
    shown = f"{a} {request['op']} {b}"
    got = answer.get("result")
    likely(request["op"] == "/" and got == a // b != right, "this is the quotient without its fraction: // for /")
    assert "result" in answer, f"the answer to {shown} must have a result, got {answer!r}"
    assert isinstance(got, (int, float)), f"{shown} must be the number {right!r}, got {got!r}"
    assert abs(got - right) < 1e-9, f"{shown} must be {right!r}, got {got!r}"
    assert "id" in answer, f"the answer must have the request's id, got {answer!r}"
    assert answer["id"] == request["id"], f"the id must be the request's, {request['id']!r}, got {answer['id']!r}"


def _is_error(answer: dict[str, Any]) -> None:
    error = answer.get("error")
    said = f"the answer must have an error, a text that is not empty, and no result; got {answer!r}"
    assert isinstance(error, str) and error and "result" not in answer, said


def _closed(client: RecordedSocket, likely: Likely, *, answers: bool = False) -> None:
    """See that the connection is closed now; a reset counts, for it is what close makes of unread bytes."""
    try:
        left = client.receive_to_end(timeout=0.8)
    except ConnectionError:
        return
    except NoAnswer:
        likely(True, "the connection must be closed now, and it is still open")
        raise
    assert answers or not left, f"nothing may follow the error; {left[:80]!r} came"


@contextmanager
def _about(bad: bytes, likely: Likely) -> Iterator[None]:
    """Around the answer to a malformed line: the report names the line."""
    try:
        yield
    except (AssertionError, OSError, EOFError, Failure):
        likely(True, f"the line {bad!r} is no request")
        raise
