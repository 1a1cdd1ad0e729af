"""Build one response whose length is right, or that has no body where none may be."""

from __future__ import annotations

import re
from random import Random

from autograder.checks.fixtures import Likely, refused
from autograder.checks.http_bytes.probes import Answer, a, read_responses, word
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner


@exercise
def build_response(status: int, headers: dict[str, str], body: bytes | str, method: str = "GET") -> bytes: ...


@requirement(
    points=1,
    source="RFC 9112 sections 2.1 and 4",
    hint="Every line ends in CRLF, the empty one, too: '\\r\\n'.join([...]) needs two empty items at the end.",
)
def test_response(learner: Learner, rng: Random, likely: Likely) -> None:
    """Status line, fields, length, an empty line and the body: a client can read it, and what follows it."""
    for status in (200, 404, 299):
        fields = {"Content-Type": "text/plain", f"X-{word(rng)}": word(rng)}
        body = rng.choice((rng.randbytes(30) + b"\r\n\r\n", word(rng, 40)))
        got = _bytes(learner(status, fields, body, "GET"))
        head, _, _ = got.partition(b"\r\n\r\n")
        likely(b"\r\n" not in got.partition(b"\n\n")[0] and b"\n" in got, "the lines end in LF alone, not in CRLF")
        line = got.partition(b"\n")[0]
        likely(re.fullmatch(rb"HTTP/1.1 [0-9]{3}\r?", line), "the space behind the number is missing")
        assert re.match(rb"HTTP/1\.1 %d [^\r\n]*\r\n" % status, got), (
            f"the status line must be 'HTTP/1.1 {status} ', a reason or none, and CRLF, got {line!r}"
        )
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)", head), f"every line of the head must end in CRLF, got {head!r}"
        _is(got, "GET", status, fields, body)


@requirement(
    points=1,
    source="RFC 9110 section 8.6",
    hint="body.encode() first, len() of that.",
)
def test_length_in_bytes(learner: Learner, rng: Random, likely: Likely) -> None:
    """A text with other letters than a to z is sent as UTF-8, and its length counts bytes."""
    for body in (f"grün {word(rng)}", f"{word(rng)} 日本 \N{ROCKET}", ""):
        got = _bytes(learner(200, {"Content-Type": "text/plain; charset=utf-8"}, body, "GET"))
        content = body.encode()
        told = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", got)
        likely(
            told and int(told[1]) == len(body) != len(content),
            f"Content-Length says {len(body)}: so many characters the text has, but {len(content)} bytes in UTF-8",
        )
        assert told, "there must be a Content-Length, for an empty body, too"
        assert int(told[1]) == len(content), f"Content-Length must be {len(content)}, got {int(told[1])}"
        _is(got, "GET", 200, {}, body)


@requirement(
    points=1,
    source="RFC 9110 section 9.3.2",
    hint="Build the head for GET, then leave the body away.",
)
def test_head(learner: Learner, rng: Random, likely: Likely) -> None:
    """The answer to HEAD has the head of the answer to GET, length included, and no body."""
    for body in (rng.randbytes(rng.randrange(20, 99)), f"für {word(rng)}"):
        fields = {"Content-Type": "text/plain", "X-Same": word(rng)}
        content = body.encode() if isinstance(body, str) else body
        got = _bytes(learner(200, fields, body, "HEAD"))
        likely(got.endswith(content), "the body was sent: the client takes it for the beginning of the next answer")
        answer = _is(got, "HEAD", 200, fields, b"")
        told = answer.field("content-length")
        likely(told == "0", "the length is 0: HEAD asks how long the body would be")
        assert told == str(len(content)), f"Content-Length must be '{len(content)}', as for GET, got {told!r}"


@requirement(
    points=1,
    source="RFC 9110 sections 8.6, 15.3.5 and 15.4.5",
    hint="204 and 304 end with the empty line. A 204 does not even have a Content-Length.",
)
def test_no_content(learner: Learner, rng: Random, likely: Likely) -> None:
    """204 and 304 have no body, 204 has no Content-Length, and a length that a 304 tells is that of a 200."""
    for status in (204, 304):
        for body in (b"", rng.randbytes(rng.randrange(20, 99))):
            fields = {"ETag": f'"{word(rng)}"'}
            got = _bytes(learner(status, fields, body, "GET"))
            likely(
                body and got.endswith(body),
                f"the body was sent: after a {status} the client takes it for the beginning of the next answer",
            )
            told = _is(got, "GET", status, fields, b"").field("content-length")
            if status == 204:
                assert told is None, f"a 204 must have no Content-Length, got {told!r}"
            else:
                right = (None, str(len(body)))
                assert told in right, f"a 304 must have no Content-Length or '{len(body)}', got {told!r}"


@requirement(
    points=1,
    source="RFC 9110 section 5.5; RFC 9112 section 11.1",
    hint="Look for '\\r', '\\n' and '\\0' in names and values before anything is built.",
)
def test_splitting(learner: Learner, rng: Random, likely: Likely) -> None:
    """A CR, an LF or a NUL in a field's name or value raises ValueError."""
    one, two = word(rng), word(rng)
    evil = f"/{one}\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK"
    damage = "the value has a line end in it, and what follows would be a second response, of somebody else's making"
    refused(learner, likely, damage, 302, {"Location": evil}, b"", "GET", seconds=1.0)
    for name, value, damage in (
        ("X-A", f"{one}\n{two}", "there is an LF in the value"),
        ("X-A", f"{one}\r{two}", "there is a CR in the value"),
        ("X-A", f"{one}\0{two}", "there is a NUL in the value"),
        (f"X-A: {one}\r\nX-B", two, "there is a line end in the name"),
    ):
        refused(learner, likely, damage, 200, {name: value}, word(rng), "GET", seconds=1.0)
    _is(_bytes(learner(200, {"X-A": one}, two, "GET")), "GET", 200, {"X-A": one}, two)


def _bytes(got: object) -> bytes:
    assert isinstance(got, bytes | bytearray), f"bytes must be returned, got {a(got)}"
    return bytes(got)


def _is(got: bytes, method: str, status: int, fields: dict[str, str], body: bytes | str) -> Answer:
    """See that a client reads these parts out of the bytes, and not a byte more or less than all of them."""
    content = body.encode() if isinstance(body, str) else body
    # Something that can't be part of a response, so that a body that is too long finds bytes, too.
    behind = b"\x01" * 300
    answers, rest = read_responses(got + behind, [method])
    assert answers, f"the response must end with its empty line and its body, but a client still waits: {got!r}"
    answer = answers[0]
    assert answer.status == status, f"the status must be {status}, got {answer.status}"
    for name, value in fields.items():
        found = answer.field(name.lower())
        assert found == value, f"the field {name} must be {value!r}, got {found!r}"
    lengths = [value for name, value in answer.headers if name == "content-length"]
    assert len(lengths) <= 1, f"there must be one Content-Length, got {lengths}"
    assert answer.body == content
    assert rest == behind, f"the response must end with its body; {len(rest) - len(behind)} bytes are too many"
    return answer
