"""Read the head of a request or a response, and refuse what is not well formed."""

from __future__ import annotations

from random import Random
from typing import Any

from autograder.checks.fixtures import Likely, refused
from autograder.checks.http_bytes.probes import a, word
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner

Head = tuple[tuple[str, str, str], dict[str, str], bytes]


@exercise
def parse_head(data: bytes) -> Head | None: ...


@requirement(
    points=1,
    source="RFC 9112 sections 2.1, 3 and 4",
    hint="The head is everything before the first CRLF CRLF; its first line has three parts.",
)
def test_start_lines(learner: Learner, rng: Random, likely: Likely) -> None:
    """The three parts of a request line and of a status line are returned, whatever the reason is."""
    path = f"/{word(rng)}?{word(rng, 5)}=%20a:b"
    for line, start in (
        (f"GET {path} HTTP/1.1", ("GET", path, "HTTP/1.1")),
        (f"M-SEARCH * HTTP/1.{rng.randrange(10)}", None),
        (f"HTTP/1.1 404 Not {word(rng)} at all", None),
        ("HTTP/1.0 200 ", ("HTTP/1.0", "200", "")),
    ):
        expected = start or tuple(line.split(" ", 2))
        got, _, _ = _complete(learner, f"{line}\r\nHost: {word(rng)}\r\n\r\n".encode())
        likely(
            len(got) > 2 and expected[2] and got[2] == expected[2].split(" ")[0] != expected[2],
            "only the first word of the reason came: everything behind the second space belongs to it",
        )
        assert got == expected, f"the start line {line!r} must give {expected!r}, got {got!r}"


@requirement(
    points=1,
    source="RFC 9110 sections 5.1 and 5.5; RFC 9112 section 5.1",
    hint="partition(':') cuts at the first colon only; strip(' \\t') takes spaces and tabs, and nothing else.",
)
def test_fields(learner: Learner, rng: Random, likely: Likely) -> None:
    """Names come in small letters, values without the spaces and tabs around them and otherwise unchanged."""
    plain, port = word(rng), rng.randrange(1024, 65536)
    data = (
        f"GET / HTTP/1.1\r\nhOsT:127.0.0.1:{port}\r\nX-PLAIN: \t {plain} and more \t\r\nX_y.1!:\r\nX-Space:  \t \r\n"
        f"X-City: {plain}\x85{plain} voilà\r\n\r\n"
    ).encode("latin-1")
    data = data.replace("à".encode("latin-1"), "à".encode())
    expected = {
        "host": f"127.0.0.1:{port}",
        "x-plain": f"{plain} and more",
        "x_y.1!": "",
        "x-space": "",
        "x-city": f"{plain}\x85{plain} voilÃ\xa0",
    }
    _, headers, _ = _complete(learner, data)
    likely("hOsT" in headers, "names are the same in any case: give them back in small letters")
    likely(headers.get("host") == "127.0.0.1", "the value was cut at its second colon")
    likely(
        headers.get("x-city", "").endswith("Ã") or headers.get("x-city") == expected["x-city"][:-1],
        "the last byte of the value is gone: 0xa0 is the second byte of à in UTF-8, and str.strip() without an "
        "argument takes it for a space",
    )
    likely(
        headers.get("x-city", "").endswith("à"),
        "the head was decoded as UTF-8: bytes above 127 are kept one by one, as in ISO-8859-1",
    )
    _same_fields(headers, expected)


@requirement(
    points=1,
    source="RFC 9110 section 5.3",
    hint="Is the name there already? Then put the new value behind the old one.",
)
def test_repeats(learner: Learner, rng: Random, likely: Likely) -> None:
    """Values of a name that comes again are joined in their order by a comma and a space."""
    one, two, three = (word(rng) for _ in range(3))
    fields = f"Via: {one}\r\nContent-Length: 5\r\nVIA: {two}\r\ncontent-length: 6\r\nvia: {three}\r\n\r\n"
    _, headers, _ = _complete(learner, f"GET / HTTP/1.1\r\n{fields}".encode())
    likely(headers.get("via") == three, "the last of three values is left: each one replaced the one before")
    likely(headers.get("via") == one, "the first of three values is left: the later ones were dropped")
    _same_fields(headers, {"via": f"{one}, {two}, {three}", "content-length": "5, 6"})


@requirement(
    points=1,
    source="RFC 9112 section 2.1",
    hint="Cut at the first CRLF CRLF, and give back what is behind it as it is.",
)
def test_rest(learner: Learner, rng: Random, likely: Likely) -> None:
    """Whatever follows the head is returned unchanged: a body, the next request, other line ends."""
    head = f"POST / HTTP/1.1\r\nX: {word(rng)}\r\n\r\n".encode()
    for rest in (
        b"",
        b"\r\n\r\n" + rng.randbytes(20) + b"\r\n\r\nend",
        head + head,
        b"\n\r\0 a : b\r" + rng.randbytes(9),
        b"\r",
    ):
        _, headers, got = _complete(learner, head + rest)
        likely(isinstance(got, str), "this is text: what follows the head may be any bytes")
        likely(
            rest.count(b"\r\n\r\n") and got == rest.rpartition(b"\r\n\r\n")[2],
            "the cut was made at the last empty line of the data, not at the first",
        )
        assert isinstance(got, bytes | bytearray), f"rest must be bytes, got {a(got)}"
        assert got == rest
    # A head without fields ends in the same four bytes.
    start, headers, got = _complete(learner, b"GET / HTTP/1.0\r\n\r\nrest")
    assert (start, headers, got) == (("GET", "/", "HTTP/1.0"), {}, b"rest"), (
        f"a head without fields must give (('GET', '/', 'HTTP/1.0'), {{}}, b'rest'), got {(start, headers, got)!r}"
    )


@requirement(
    points=1,
    source="RFC 9112 section 2.2",
    hint="As long as CRLF CRLF has not come, the answer is None.",
)
def test_need_more(learner: Learner, rng: Random, likely: Likely) -> None:
    """For every beginning of a head, down to a single byte, the answer is None."""
    head = f"GET /{word(rng)} HTTP/1.1\r\nHost: {word(rng)}\r\nAccept: */*\r\n\r\n".encode()
    ends = {len(head) - 1, len(head) - 2, len(head) - 3, head.index(b"\r") + 1, head.index(b"\n") + 1, 0, 1}
    for end in sorted(ends | set(rng.sample(range(len(head)), 6)), reverse=True):
        got = learner(head[:end])
        likely(
            end == len(head) - 2 and got is not None,
            "the last line of the head is here, but not the empty line behind it: another field may follow",
        )
        assert got is None, f"the head is not complete, so None must be returned, got {a(got)}"
    _complete(learner, head)


@requirement(
    points=1,
    source="RFC 9112 section 2.2",
    hint="Look at the head for a CR without LF behind it and an LF without CR before it, complete or not.",
)
def test_line_ends(learner: Learner, rng: Random, likely: Likely) -> None:
    """A CR or an LF on its own raises ValueError as soon as it has come."""
    one, two = word(rng), word(rng)
    for data, damage in (
        (f"GET / HTTP/1.1\nHost: {one}\n\n", "all lines of this head end in LF alone, so CRLF CRLF never comes"),
        (f"GET / HTTP/1.1\r\nHost: {one}\nX: {two}\r\n\r\n", "the line of Host ends in LF alone"),
        (f"GET / HTTP/1.1\r\nHost: {one}\rX: {two}\r\n\r\n", "there is a CR without LF in the line of Host"),
        (f"GET / HTTP/1.1\r\nHost: {one}\r\r\n\r\n", "there is a CR too many at the end of the last line"),
        (f"GET / HTTP/1.1\r\nHost: {one}\rX", "the head is not complete, and there is a bare CR in it already"),
    ):
        refused(learner, likely, damage, data.encode(), seconds=1.0)
    _takes_a_good_one(learner, rng)


@requirement(
    points=1,
    source="RFC 9112 sections 5.1 and 5.2; RFC 9110 sections 5.5 and 5.6.2",
    hint="The text before the first colon must be a token: fullmatch it, do not strip it.",
)
def test_bad_fields(learner: Learner, rng: Random, likely: Likely) -> None:
    """A folded line, a space before the colon, a line without colon or name, a NUL raise ValueError."""
    one, two = word(rng), word(rng)
    for lines, damage in (
        (f"Content-Length : 5\r\nHost: {one}", "there is a space between the name and the colon"),
        (f"Host: {one}\r\nX-Name\t: {two}", "there is a tab between the name and the colon"),
        (f"X: {one}\r\n {two}", "the second line begins with a space: it is folded"),
        (f"X: {one}\r\n\tHost: {two}", "the second line begins with a tab: it is folded, colon or not"),
        (f" Host: {one}", "the first field begins with a space"),
        (f"Host: {one}\r\n{two}", "the second line has no colon"),
        (f": {one}", "the field has no name"),
        (f"Ho st: {one}", "there is a space in the name"),
        (f"X(y): {one}", "there are brackets in the name, which no token has"),
        (f"X: {one}\0{two}", "there is a NUL in the value"),
    ):
        refused(learner, likely, damage, f"GET / HTTP/1.1\r\n{lines}\r\n\r\n".encode(), seconds=1.0)
    _takes_a_good_one(learner, rng)


@requirement(
    points=1,
    source="RFC 9112 sections 2.3, 3 and 4",
    hint="fullmatch one pattern for request lines and one for status lines.",
)
def test_bad_start_lines(learner: Learner, rng: Random, likely: Likely) -> None:
    """A first line that is neither a request line nor a status line raises ValueError."""
    path = f"/{word(rng)}"
    for line, damage in (
        (f"GET {path}", "there is no version"),
        (path, "there is one part only"),
        (f"GET {path} HTTP/1.1 {word(rng)}", "there is a fourth part"),
        (f"GET {path} HTTP/1", "a version has a digit, a dot and a digit"),
        (f"GET {path} http/1.1", "a version is written in capitals"),
        (f"G@T {path} HTTP/1.1", "a method is a token, and no token has an @"),
        (f"HTTP/1.1 {word(rng, 3)} OK", "this status has no three digits"),
        ("HTTP/1.1 2000 OK", "this status has four digits"),
    ):
        refused(learner, likely, damage, f"{line}\r\nHost: {word(rng)}\r\n\r\n".encode(), seconds=1.0)
    _takes_a_good_one(learner, rng)


def _takes_a_good_one(learner: Learner, rng: Random) -> None:
    """See that a head without a fault is not refused: who refuses everything has found no fault."""
    _complete(learner, f"GET /{word(rng)} HTTP/1.1\r\nHost: {word(rng)}\r\n\r\n".encode())


def _complete(learner: Learner, data: bytes) -> tuple[tuple[Any, ...], dict[str, str], Any]:
    """The three parts of the answer to a complete head."""
    got = learner(data)
    assert got is not None, "the head is complete, so (start, headers, rest) must be returned, got None"
    fits = isinstance(got, tuple | list) and len(got) == 3 and isinstance(got[0], tuple | list)
    assert fits and isinstance(got[1], dict), f"a tuple (start, headers, rest) must be returned, got {a(got)}"
    return tuple(got[0]), got[1], got[2]


def _same_fields(headers: dict[str, str], expected: dict[str, str]) -> None:
    for name, value in expected.items():
        assert name in headers, f"headers must have the key {name!r}, got the keys {list(headers)}"
        assert headers[name] == value, f"headers[{name!r}] must be {value!r}, got {headers[name]!r}"
    assert len(headers) == len(expected), f"headers must have the keys {list(expected)}, got {list(headers)}"
