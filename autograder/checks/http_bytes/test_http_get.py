"""Fetch a document over HTTP: one well-formed request, the whole body, redirects on the same connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from autograder.checks.fixtures import Likely, Peer, refused
from autograder.checks.http_bytes.probes import ReceiveHead, a, requests_in, word
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Failure, Raised, Silent
from autograder.judge.learner import Learner
from autograder.loopback import End, Hold, Pause, RecordedSocket, ScriptedPeer, Send, SendPaced, Step


@exercise
def http_get(url: str) -> tuple[int, dict[str, str], bytes]: ...


@requirement(
    points=1,
    source="RFC 9112 sections 3 and 3.2; RFC 9110 section 7.2",
    hint="GET, path and query, HTTP/1.1, CRLF, Host: and what the URL has between // and the path, CRLF, CRLF.",
)
def test_get(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """The request is well formed, with path, query and Host, and the answer's status, fields and body are returned."""
    hosts = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.1")]
    if _has_ipv6():
        hosts.append((socket.AF_INET6, "[::1]"))
    path, value = f"/{word(rng)}/%20a", word(rng)
    wanted = [(f"{path}?{word(rng)}=/b", "#top"), ("", ""), (path, "")]
    for (family, host), (target, fragment), status in zip(hosts, wanted, (200, 404, 200), strict=False):
        body = rng.randbytes(40)
        fields = (f"X-Value: {value}", f"Content-Length: {len(body)}")
        server = peer(ReceiveHead(), Send(_response(status, *fields) + body), Hold(3.0), family=family)
        authority = f"{host}:{server.port}"
        got = _fetch(learner, likely, server, f"http://{authority}{target}{fragment}")
        _request_is(server, target or "/", authority, likely)
        _answer_is(got, status, body)
        assert got[1].get("x-value") == value, f"headers['x-value'] must be {value!r}, got {got[1].get('x-value')!r}"


@requirement(
    points=1,
    source="RFC 9112 sections 6.3 and 7.1; man 2 recv",
    hint="Receive until parse_head no longer returns None, then read_body.",
    needs="test_get",
)
def test_pieces(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Counted or chunked, and cut anywhere, the body is whole, while the connection stays open."""
    body = b"\r\n\r\n" + rng.randbytes(40)
    chunks = b"A\r\n" + body[:10] + b"\r\n22;x\r\n" + body[10:] + b"\r\n0\r\nX: y\r\n\r\n"
    counted = _response(200, f"Content-Length: {len(body)}")
    for answer in (
        (SendPaced(counted + body),),
        (Send(_response(200, "transfer-encoding: Chunked") + chunks),),
        (Send(counted + body[:9]), Pause(0.05), Send(body[9:])),
    ):
        server = peer(ReceiveHead(), *answer, Hold(3.0))
        got = _fetch(learner, likely, server, f"http://127.0.0.1:{server.port}/")
        likely(got[2] == chunks, "the chunks' sizes and line ends are still in the body")
        likely(got[2] == body[: len(got[2])] != body, "this is a beginning of the body: the rest came later")
        _answer_is(got, 200, body)


@requirement(
    points=1,
    source="RFC 9112 section 6.3; RFC 9110 sections 15.2, 15.3.5 and 15.4.5",
    hint="Pass over 1xx. No body after 204 and 304. With neither field, read to the end of the connection.",
    needs="test_get",
)
def test_where_it_ends(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A body that nobody counted ends with the connection, 204 and 304 have none, and 1xx is not the answer."""
    body = rng.randbytes(70_000)
    server = peer(ReceiveHead(), Send(_response(200) + body[:300]), Pause(0.03), Send(body[300:]), End())
    got = _fetch(learner, likely, server, f"http://127.0.0.1:{server.port}/")
    likely(got[2] == b"", "neither field is there, and this is an answer: its body ends with the connection")
    likely(got[2] == body[:300], "the body goes on: it ends where the connection ends")
    _answer_is(got, 200, body)
    for status, field in ((204, "X: y"), (304, "Content-Length: 70000")):
        server = peer(ReceiveHead(), Send(_response(status, field)), Hold(3.0))
        slip = f"a {status} never has a body, whatever its fields say, and this connection stays open"
        got = _fetch(learner, likely, server, f"http://127.0.0.1:{server.port}/", slip)
        _answer_is(got, status, b"")
    early = _response(100) + _response(103, "Link: </a.css>")
    final = _response(200, "Content-Length: 5") + body[:5]
    server = peer(ReceiveHead(), Send(early[:40]), Pause(0.02), Send(early[40:] + final), Hold(3.0))
    got = _fetch(learner, likely, server, f"http://127.0.0.1:{server.port}/")
    likely(got[0] in (100, 103), f"{got[0]} says that the answer is still to come: read on")
    _answer_is(got, 200, body[:5])


@requirement(
    points=1,
    source="RFC 9110 sections 10.2.2 and 15.4; RFC 3986 section 5",
    hint="urljoin(url, location) is the next URL, whatever form the location has.",
    needs="test_get",
)
def test_redirects(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """All five redirects are followed, wherever they lead: a relative path, a query, another server."""
    one, two, three, four = (word(rng) for _ in range(4))
    body = rng.randbytes(30)
    last = peer(*_talk([_redirect(303, two), _response(404, f"Content-Length: {len(body)}") + body]), connections=4)
    first = peer(
        *_talk(
            [
                _redirect(301, f"/{one}/{two}/"),
                _redirect(302, f"../{three}?{four}=1"),
                _redirect(307, f"?{four}"),
                _redirect(308, f"http://127.0.0.1:{last.port}/{four}/{one}#there"),
            ]
        ),
        connections=8,
    )
    got = _fetch(learner, likely, first, f"http://127.0.0.1:{first.port}/{four}/x")
    likely(got[0] in (301, 302, 303, 307, 308), f"{got[0]} with a Location is a redirect: the answer is elsewhere")
    first_wanted = [f"/{four}/x", f"/{one}/{two}/", f"/{one}/{three}?{four}=1", f"/{one}/{three}?{four}"]
    for server, wanted in ((first, first_wanted), (last, [f"/{four}/{one}", f"/{four}/{two}"])):
        asked = [item for transcript in server.transcripts for item in requests_in(transcript.all_received)]
        targets = [target for _, target, _ in asked]
        assert targets == wanted, f"the requests must be for {wanted}, got {targets}"
        authority = f"127.0.0.1:{server.port}"
        wrong = [found for _, _, found in asked if found != [authority]]
        assert not wrong, f"each request must have 'Host: {authority}', got {wrong[0] if wrong else ''}"
    _answer_is(got, 404, body)
    server = peer(ReceiveHead(), Send(_response(302, "Content-Length: 5") + body[:5]), Hold(3.0))
    _answer_is(_fetch(learner, likely, server, f"http://127.0.0.1:{server.port}/"), 302, body[:5])


@requirement(
    points=1,
    source="RFC 9110 section 15.4",
    hint="for _ in range(11), and after the loop raise ValueError.",
    needs="test_redirects",
)
def test_limit(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Ten redirects are followed, the eleventh raises ValueError."""
    body = rng.randbytes(20)
    names = [word(rng) for _ in range(10)]
    answers = [*(_redirect(302, f"/{name}") for name in names), _response(200, "Content-Length: 20") + body]
    server = peer(*_talk(answers), connections=12)
    _answer_is(_fetch(learner, likely, server, f"http://127.0.0.1:{server.port}/"), 200, body)
    server = peer(*_talk([_redirect(302, name) for name in ("/a", "/b") * 40]), connections=81)
    try:
        learner.must_raise(ValueError, f"http://127.0.0.1:{server.port}/a")
    finally:
        count = sum(len(requests_in(transcript.all_received)) for transcript in server.transcripts)
        likely(count > 11, f"a leads to b, and b leads to a: {count} requests were sent, round and round")
    assert count == 11, f"11 requests must be sent, got {count}"


@requirement(
    points=1,
    source="RFC 9112 sections 9.3 and 9.6",
    hint="Keep the socket and what came behind the body from one request to the next; close it in finally.",
    needs="test_redirects",
)
def test_connections(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A connection that stays open is used again, one that ends is not, and in the end all are closed."""
    learner.instrument(hold_sockets=True)
    before = learner.open_sockets()
    body = rng.randbytes(20)
    final = _response(200, "Content-Length: 20") + body
    chunked = _response(302, "Location: /c", "Transfer-Encoding: chunked") + b"5\r\nmoved\r\n0\r\n\r\n"
    server = peer(*_talk([_redirect(301, "/b"), chunked, final]), connections=3)
    got = _fetch(learner, likely, server, f"http://127.0.0.1:{server.port}/a")
    _answer_is(got, 200, body)
    used = sum(1 for transcript in server.transcripts if transcript.all_received)
    assert used == 1, f"3 requests to the same server must use 1 connection, got {used} connections"
    for redirect, why in (
        (_redirect(302, "/b", "connection: Close"), "the answer said Connection: close"),
        (_redirect(302, "/b", version="HTTP/1.0"), "the answer was HTTP/1.0"),
        (_response(302, "Location: /b") + b"moved", "the answer's body ended with the connection"),
    ):
        answers = _Answers([redirect, final])
        server = peer(ReceiveHead(), answers, End(), connections=2)
        try:
            got = _fetch(learner, likely, server, f"http://127.0.0.1:{server.port}/a")
        except Failure:
            likely(True, f"{why}: this connection can't be used again, open another one")
            raise
        _answer_is(got, 200, body)
    left = learner.open_sockets() - before
    assert left <= 0, f"after http_get has returned all its sockets must be closed; after 4 calls {left} stayed open"


@requirement(
    points=1,
    source="RFC 9110 section 4.2.1; RFC 9112 sections 8 and 11.1",
    hint="Look at the URL before anything is sent, and let EOFError and ValueError of the reading go to the caller.",
    needs="test_get",
)
def test_refusals(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A URL that can't be used and a malformed answer raise ValueError, an answer that breaks off raises EOFError."""
    name = word(rng)
    server = peer(ReceiveHead(), Send(_response(200, "Content-Length: 0")), connections=9)
    at = f"127.0.0.1:{server.port}"
    for url, damage in (
        (f"https://{at}/{name}", "https is another protocol: it needs TLS"),
        (f"ftp://{at}/{name}", "ftp is another protocol"),
        (f"/{name}", "there is no host"),
        (f"http:///{name}", "there is no host"),
        (f"http://{at}/{name}\r\nX-Evil: 1", "there is a line end in the URL: a field of somebody else's may follow"),
        (f"http://{at}/{name}\nX-Evil:1", "there is a line end in the URL: a field of somebody else's may follow"),
        (f"http://{at}/{name} b", "there is a space in the URL: the request line would have four parts"),
        (f"http://{at}/\x00{name}", "there is a control character in the URL"),
        (f"http://{at}/{name}ü", "there is a letter outside of ASCII in the URL"),
    ):
        refused(learner, likely, damage, url, seconds=1.0)
        assert not any(transcript.all_received for transcript in server.transcripts), "nothing may be sent, but it was"
    for answer, error, damage in (
        (_redirect(302, f"https://{at}/{name}"), ValueError, "the redirect leads to https"),
        (_response(200, "Content-Length : 5") + b"hello", ValueError, "there is a space before a colon in the answer"),
        (_response(200, "Content-Length: 5", "Content-Length: 6") + b"hello", ValueError, "two lengths in the answer"),
        (b"HTTP/1.1 200 OK\r\nX: ", EOFError, "the answer ended within its head"),
        (_response(200, "Content-Length: 50") + b"hello", EOFError, "5 of 50 bytes of the body came"),
        (_response(200, "Transfer-Encoding: chunked") + b"9\r\nhello", EOFError, "the answer ended within a chunk"),
    ):
        server = peer(ReceiveHead(), Send(answer), End())
        refused(learner, likely, damage, f"http://127.0.0.1:{server.port}/{name}", error=error, seconds=1.0)


def _response(status: int, *fields: str, version: str = "HTTP/1.1") -> bytes:
    """The head of a response."""
    return "\r\n".join([f"{version} {status} Some Reason", *fields, "", ""]).encode("ascii")


def _redirect(status: int, location: str, *fields: str, version: str = "HTTP/1.1") -> bytes:
    """A whole redirect with a body that has to be read over."""
    return _response(status, f"LOCATION: {location}", "Content-Length: 5", *fields, version=version) + b"moved"


@dataclass
class _Answers(Step):
    """Send the next one of some answers, on whichever connection it is asked for."""

    answers: list[bytes]

    def __post_init__(self) -> None:
        self._left: Iterator[bytes] = iter(self.answers)
        self._lock = threading.Lock()

    @property
    def sentence(self) -> str:
        return "sends its next answer"

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        with self._lock:
            answer = next(self._left, b"")
        if answer:
            conn.send(answer)


def _talk(answers: list[bytes]) -> list[Step]:
    """Receive a request and answer it, again and again, on one connection or on several."""
    shared = _Answers(answers)
    return [step for _ in answers for step in (ReceiveHead(), shared)]


def _fetch(
    learner: Learner, likely: Likely, server: ScriptedPeer, url: str, slip: str = ""
) -> tuple[int, dict[str, str], bytes]:
    """One call's answer, whose types are seen to; `slip` is what a wait after the whole answer proves."""
    try:
        got: Any = learner(url, seconds=1.5)
    except Silent:
        sent = server.transcript.all_received
        likely(
            sent and b"\r\n\r\n" not in sent and sent.replace(b"\r\n", b"\n").endswith(b"\n\n"),
            "the lines of the request end in LF alone: the server still waits for CRLF CRLF",
        )
        likely(
            sent and b"\r\n\r\n" not in sent and not sent.replace(b"\r\n", b"\n").endswith(b"\n\n"),
            "the empty line that ends the request has not come, so the server waits for it",
        )
        likely(
            server.transcript.all_sent,
            slip or "the whole answer was sent, and the connection stays open: its end is told by its head",
        )
        raise
    except Raised as raised:
        likely(
            raised.is_a(ConnectionRefusedError) and len(server.transcripts) == 1 and server.transcript.all_sent,
            "a second connection was opened to a server that keeps the first one open",
        )
        raise
    fits = isinstance(got, tuple | list) and len(got) == 3 and isinstance(got[1], dict)
    assert fits and isinstance(got[0], int), f"a tuple (status, headers, body) must be returned, got {a(got)}"
    assert isinstance(got[2], bytes | bytearray), f"the body must be bytes, got {a(got[2])}"
    return got[0], got[1], bytes(got[2])


def _request_is(server: ScriptedPeer, target: str, host: str, likely: Likely) -> None:
    sent = server.received
    heads = requests_in(sent)
    assert len(heads) == 1 and sent.endswith(b"\r\n\r\n"), f"one request must be sent, got {sent!r}"
    method, asked, hosts = heads[0]
    line = sent.partition(b"\r\n")[0].decode("latin-1")
    likely("#" in line, "the part behind # is for the browser only, it is never sent")
    likely(target == "/" and asked == "", "the path is empty, and a request's target never is: ask for /")
    assert line == f"GET {target} HTTP/1.1", f"the request line must be 'GET {target} HTTP/1.1', got {line!r}"
    assert hosts == [host], f"there must be one Host, {host!r}, got {hosts}"


def _answer_is(got: tuple[int, dict[str, str], bytes], status: int, body: bytes) -> None:
    assert got[0] == status, f"the status must be {status}, got {got[0]}"
    assert got[2] == body


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
