"""Do the server's half of a WebSocket's opening handshake, and refuse what is none."""

import socket
from random import Random

from wsproto.utilities import generate_accept_token

from autograder.checks.fixtures import Likely, Peer
from autograder.checks.osi_model.fields import a
from autograder.checks.tcp_sockets.probes import need_bytes
from autograder.checks.websockets_bytes.frames import frame
from autograder.checks.websockets_bytes.heads import (
    Answer,
    Fields,
    changed,
    fields,
    head,
    new_key,
    read,
    received,
    request_line,
    shake,
)
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Silent
from autograder.judge.learner import Learner
from autograder.judge.recipes import Connected
from autograder.loopback import End, ReceiveToEnd, Send, waits


@exercise
def handshake(sock: socket.socket) -> bytes | None:
    raise NotImplementedError


@requirement(
    points=1,
    source="RFC 6455 section 4.2.2",
    hint="A status line, three header lines, an empty line; each ends in CR LF.",
)
def test_switches(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A correct request is answered with 101 and the accept value of its key, and b"" is returned."""
    key = new_key(rng)
    returned, got = shake(learner, peer, Send(head(request_line(rng), fields(key))))
    _switched(got, key)
    _returned(returned, b"", likely)


@requirement(
    points=1,
    source="RFC 6455 section 4.2.1; RFC 9110 sections 5.1, 5.3 and 5.6.1",
    hint="Compare small letters. Join the lines of one name with commas, split at the commas, strip each token.",
)
def test_spelling(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Names and tokens count in any case of letters, in lists, over several lines, with white space around a value."""
    key = new_key(rng)
    right = fields(key)
    cases: list[tuple[str, str, Fields]] = [
        ("header names in small letters", ": ", [(name.lower(), value) for name, value in right]),
        ("header names in capitals", ": ", [(name.upper(), value) for name, value in right]),
        ("Upgrade: WebSocket", ": ", changed(right, "Upgrade", "WebSocket")),
        ("Connection: keep-alive, Upgrade", ": ", changed(right, "Connection", "keep-alive, Upgrade")),
        ("Connection: upgrade ,keep-alive", ": ", changed(right, "Connection", "upgrade ,keep-alive")),
        ("two lines Connection", ": ", changed(right, "Connection", "keep-alive", "UPGRADE")),
        ("two lines Upgrade", ": ", changed(right, "Upgrade", "h2c", "websocket")),
        ("no space behind the colons", ":", right),
        ("spaces and tabs around the values", ": \t ", [(name, value + " \t") for name, value in right]),
        (
            "other header fields between",
            ": ",
            [("Origin", "http://example.com:8000"), *right, ("Cookie", "a=b: c"), ("X-Empty", "")],
        ),
    ]
    for said, colon, some in cases:
        _, got = shake(learner, peer, Send(head(request_line(rng), some, colon=colon)))
        _switched(got, key, f"a request with {said}")


@requirement(
    points=1,
    source="RFC 9293 section 3.9.1.3; RFC 9112 section 2.2",
    hint="Receive until the empty line is among all that has come so far.",
)
def test_pieces(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A head that arrives byte by byte is read to its end."""
    key = new_key(rng)
    returned, got = shake(learner, peer, Send(head(request_line(rng), fields(key))), one_byte=True)
    _switched(got, key)
    _returned(returned, b"", likely)


@requirement(
    points=1,
    source="RFC 6455 section 4.1; RFC 9112 section 2.2",
    hint="recv may give you more than the head. Find where the head ends, and return what is behind it.",
)
def test_rest(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Bytes that come with the head belong to the first frame: they are returned, all of them and nothing else."""
    with_line_ends = rng.randbytes(20) + b"\r\n\r\n" + rng.randbytes(20) + b"\r\n"
    for rest in (frame(1, b"early", key=b"key!"), b"\x82", with_line_ends):
        key = new_key(rng)
        client = peer(Send(head(request_line(rng), fields(key)) + rest), ReceiveToEnd())
        sock = learner.make(Connected(client.address))
        returned = learner(sock)
        _switched(received(client), key)
        need_bytes(returned, "handshake")
        # Who receives the head byte by byte leaves the rest in the socket, where it is not lost either.
        sock.call("settimeout", waits.seconds(0.1))
        while len(returned) < len(rest) and rest.startswith(returned):
            try:
                returned += sock.call("recv", 100)
            except TimeoutError:
                break
        _returned(returned, rest, likely)


@requirement(
    points=1,
    source="RFC 6455 section 4.2.1; RFC 9112 sections 3.2 and 5.1",
    hint="A dictionary from each name to the list of its values tells how many there are.",
)
def test_bad_request(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A malformed head, one without its Host or its key, or with a key that is not 16 bytes is refused with 400."""
    key, line = new_key(rng), request_line(rng)
    right = fields(key)
    cases = [
        ("no Host", head(line, changed(right, "Host"))),
        ("two lines Host", head(line, changed(right, "Host", "example.com", "example.org"))),
        ("no Sec-WebSocket-Key", head(line, changed(right, "Sec-WebSocket-Key"))),
        ("two keys", head(line, changed(right, "Sec-WebSocket-Key", key, new_key(rng)))),
        ("an empty key", head(line, changed(right, "Sec-WebSocket-Key", ""))),
        ("a key of 15 bytes", head(line, changed(right, "Sec-WebSocket-Key", new_key(rng, 15)))),
        ("a key of 17 bytes", head(line, changed(right, "Sec-WebSocket-Key", new_key(rng, 17)))),
        ("a key with ! in it", head(line, changed(right, "Sec-WebSocket-Key", key[:9] + "!" + key[9:]))),
        ("a key whose padding is gone", head(line, changed(right, "Sec-WebSocket-Key", key.rstrip("=")))),
        ("the version HTTP/1.0", head(line.replace("1.1", "1.0"), right)),
        ("no version in the request line", head(line.removesuffix(" HTTP/1.1"), right)),
        ("a header line without a colon", head(line + "\r\nthis is no header line", right)),
        ("a header line without a name", head(line + "\r\n: value", right)),
        ("a space before a colon", head(line + "\r\nX-Odd : value", right)),
    ]
    for said, data in cases:
        _refused(learner, peer, data, said, 400)


@requirement(
    points=1,
    source="RFC 6455 section 4.4; RFC 9110 sections 15.5.6 and 15.5.22",
    hint="405 tells in Allow what would work. 426 tells in Upgrade and Sec-WebSocket-Version.",
)
def test_not_a_websocket(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Another method is refused with 405, another version or no wish for a WebSocket with 426; both say what works."""
    line = request_line(rng)
    right = fields(new_key(rng))
    for method in ("POST", "HEAD", "PUT"):
        answer = _refused(learner, peer, head(line.replace("GET", method), right), f"the method {method}", 405)
        assert "get" in answer.tokens("Allow"), f"405 must come with Allow: GET, got {_shown(answer.values('Allow'))}"
    for said, some in (
        ("no Upgrade", changed(right, "Upgrade")),
        ("no Connection", changed(right, "Connection")),
        ("Upgrade: h2c", changed(right, "Upgrade", "h2c")),
        ("Upgrade: notwebsocket", changed(right, "Upgrade", "notwebsocket")),
        ("Connection: keep-alive", changed(right, "Connection", "keep-alive")),
        ("Connection: no-upgrade", changed(right, "Connection", "no-upgrade")),
        ("Sec-WebSocket-Version: 8", changed(right, "Sec-WebSocket-Version", "8")),
        ("Sec-WebSocket-Version: 130", changed(right, "Sec-WebSocket-Version", "130")),
        ("no Sec-WebSocket-Version", changed(right, "Sec-WebSocket-Version")),
        ("nothing of WebSockets at all", [("Host", "example.com")]),
    ):
        answer = _refused(learner, peer, head(line, some), said, 426)
        versions = answer.tokens("Sec-WebSocket-Version")
        assert "13" in versions, f"426 must come with Sec-WebSocket-Version: 13, got {_shown(versions)}"
        upgrade = answer.tokens("Upgrade")
        assert "websocket" in upgrade, f"426 must come with Upgrade: websocket, got {_shown(upgrade)}"


@requirement(
    points=1,
    source="RFC 9293 section 3.6; RFC 6455 section 10.4",
    hint="recv returns b'' when the client has ended, again and again. And count the bytes of a head without an end.",
)
def test_no_end(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A client that ends inside its head gives None; one whose head is not complete after 16384 bytes is told 400."""
    whole = head(request_line(rng), fields(new_key(rng)))
    for part in (b"", whole[:30], whole[:-2]):
        idle = learner.cpu_seconds
        try:
            returned, got = shake(learner, peer, Send(part), End(), wait=0.05)
        except Silent:
            likely(
                learner.cpu_seconds - idle > 0.4,
                "the client has ended, and the program went on computing: recv returns b'' at once, again and again",
            )
            raise
        assert returned is None, f"a head that ended after {len(part)} bytes must give None, got {a(returned)}"
        assert b" 101 " not in got, "the client ended inside its head, and was told 101"
    endless = whole[:-2] + b"X-Long: " + b"x" * 17000
    returned, got = shake(learner, peer, Send(endless), seconds=1.0)
    answer = read(got)
    # 431 is the more exact word for it (RFC 6585 section 5).
    status = answer.status
    assert status in (400, 431), f"a head without an end after {len(endless)} bytes must be told 400, got {status}"
    assert returned is None, f"a refused request must give None, got {a(returned)}"


def _switched(got: bytes, key: str, said: str = "a correct request") -> None:
    """See that the answer is a 101 for a key."""
    answer = read(got)
    assert answer.status == 101, f"{said} must be answered with 101, got {answer.status}"
    upgrade = answer.values("Upgrade")
    assert answer.tokens("Upgrade") == ["websocket"], f"Upgrade must be websocket, got {_shown(upgrade)}"
    connection = answer.values("Connection")
    assert "upgrade" in answer.tokens("Connection"), f"Connection must be Upgrade, got {_shown(connection)}"
    expected = generate_accept_token(key.encode("ascii")).decode("ascii")
    accepts = answer.values("Sec-WebSocket-Accept")
    assert accepts == [expected], f"to {said} Sec-WebSocket-Accept must be {expected}, got {_shown(accepts)}"
    assert not answer.behind, f"behind the head of a 101 the first frame begins, got {answer.behind!r}"


def _returned(returned: object, rest: bytes, likely: Likely) -> None:
    """See that the rest was returned."""
    likely(returned is None, "None says that the request was refused; without any bytes behind the head it is b''")
    need_bytes(returned, "handshake")
    likely(rest and returned == b"", "the bytes behind the head were dropped: they arrived with the same recv")
    likely(str(returned).startswith("b'GET "), "the head is still in front of the rest")
    assert returned == rest


def _refused(learner: Learner, peer: Peer, data: bytes, said: str, status: int) -> Answer:
    """See that a request is refused, and return the answer."""
    returned, got = shake(learner, peer, Send(data))
    assert got, f"a request with {said} must be answered with {status}, got not a single byte"
    answer = read(got)
    assert answer.status == status, f"a request with {said} must be answered with {status}, got {answer.status}"
    assert returned is None, f"a refused request must give None, got {a(returned)}"
    return answer


def _shown(values: list[str]) -> str:
    """Values of a header field as a learner reads them."""
    return ", ".join(values) if any(values) else "none"
