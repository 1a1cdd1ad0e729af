"""The parsers of assignment 11's solution: whole, byte by byte, with bytes behind, and beside h11."""

from __future__ import annotations

import socket
import threading
from types import SimpleNamespace

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.loopback import one_byte

TOKEN = st.text("abcXYZ019!#$%&'*+.^_`|~-", min_size=1, max_size=8)
VALUE = st.binary(max_size=12).map(lambda data: bytes(byte for byte in data if byte > 31 and byte != 127).strip())
FIELDS = st.lists(st.tuples(TOKEN, VALUE), max_size=6)


def plain(name: str) -> bool:
    """Is this a field that h11 does not look into?"""
    return name.lower() not in ("host", "content-length", "transfer-encoding", "connection", "expect")


@given(FIELDS, st.binary(max_size=20))
def test_a_head_is_read_as_h11_reads_it(http: SimpleNamespace, fields: list[tuple[str, bytes]], behind: bytes) -> None:
    lines = [b"GET /x HTTP/1.1", b"Host: h", *(name.encode() + b": " + value for name, value in fields if plain(name))]
    head = b"\r\n".join([*lines, b"", b""])
    server = h11.Connection(h11.SERVER)
    server.receive_data(head)
    request = server.next_event()
    assert isinstance(request, h11.Request)
    expected: dict[str, str] = {}
    for raw_name, raw_value in request.headers:
        name, value = raw_name.decode(), raw_value.decode("latin-1")
        expected[name] = f"{expected[name]}, {value}" if name in expected else value
    start, headers, rest = http.parse_head(head + behind)
    assert (start, headers, rest) == (("GET", "/x", "HTTP/1.1"), expected, behind)
    assert all(http.parse_head(head[:end]) is None for end in range(len(head)))


@given(st.binary(max_size=60))
def test_any_bytes_are_a_head_or_none_or_refused(http: SimpleNamespace, data: bytes) -> None:
    for given_data in (data, b"GET / HTTP/1.1\r\n" + data, b"GET / HTTP/1.1\r\nX: " + data + b"\r\n\r\n"):
        try:
            head = http.parse_head(given_data)
        except ValueError:
            continue
        if head is not None:
            assert given_data.endswith(head[2])
            assert not set("".join(head[0]) + "".join(head[1].values())) & set("\r\n\0")


def test_a_refused_beginning_never_becomes_good(http: SimpleNamespace) -> None:
    for bad in (b"GET / HTTP/1.1\nHost: h\n", b"GET / HTTP/1.1\r\nX: a\rb", b"GET / HTTP/1.1\r\nX: a\0"):
        for behind in (b"", b"\r\n", b"\r\n\r\n", b"\n\n"):
            with pytest.raises(ValueError):
                http.parse_head(bad + behind)


CHUNKS = st.lists(st.binary(min_size=1, max_size=40), max_size=5)


@given(CHUNKS, st.booleans(), st.booleans(), st.binary(max_size=10), st.integers(0, 200))
def test_a_body_is_what_h11_sent(
    http: SimpleNamespace, chunks: list[bytes], counted: bool, single: bool, behind: bytes, cut: int
) -> None:
    body = b"".join(chunks)
    framing = {"content-length": str(len(body))} if counted else {"transfer-encoding": "chunked"}
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="POST", target="/", headers=[("Host", "h"), *framing.items()]))
    sent = b"".join(client.send(h11.Data(data=chunk)) or b"" for chunk in chunks)
    sent += client.send(h11.EndOfMessage()) or b""
    came, later = sent[:cut], sent[cut:]
    ours, theirs = socket.socketpair()
    with one_byte(ours) if single else ours as sock, theirs:
        if cut >= len(sent):
            came += behind
        theirs.sendall(later + (behind if cut < len(sent) else b""))
        got, rest = http.read_body(sock, framing, came)
        assert got == body
        theirs.shutdown(socket.SHUT_WR)
        while piece := sock.recv(1000):
            rest += piece
        assert rest == behind


@pytest.mark.parametrize("single", [False, True])
def test_every_early_end_is_an_eof_error(http: SimpleNamespace, single: bool) -> None:
    chunked = b"5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n"
    for headers, whole in (({"content-length": "5"}, b"hello"), ({"transfer-encoding": "chunked"}, chunked)):
        for end in range(len(whole)):
            ours, theirs = socket.socketpair()
            with one_byte(ours) if single else ours as sock:
                theirs.sendall(whole[end // 2 : end])
                theirs.close()
                with pytest.raises(EOFError):
                    http.read_body(sock, headers, whole[: end // 2])


def test_a_line_of_a_chunk_has_a_limit(http: SimpleNamespace) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=theirs.sendall, args=(b"5;" + b"x" * 100_000,), daemon=True)
        sender.start()
        with pytest.raises(ValueError):
            http.read_body(ours, {"transfer-encoding": "chunked"}, b"")
        ours.shutdown(socket.SHUT_RDWR)


@given(st.integers(200, 599), FIELDS, st.text(max_size=30), st.sampled_from(["GET", "HEAD"]))
def test_h11_reads_what_build_response_writes(
    http: SimpleNamespace, status: int, fields: list[tuple[str, bytes]], body: str, method: str
) -> None:
    headers = {name.lower(): value.decode("latin-1") for name, value in fields if plain(name)}
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
    client.send(h11.EndOfMessage())
    client.receive_data(http.build_response(status, headers, body, method) + b"\0behind")
    response, content = client.next_event(), b""
    assert isinstance(response, h11.Response)
    assert response.status_code == status
    while isinstance(event := client.next_event(), h11.Data):
        content += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert client.trailing_data == (b"\0behind", False)
    assert content == (b"" if method == "HEAD" or status in (204, 304) else body.encode())
    got = {name.decode(): value.decode("latin-1") for name, value in response.headers}
    assert {name: got[name] for name in headers} == headers


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\r\nSet-Cookie: a=b"])
def test_a_response_can_not_be_split(http: SimpleNamespace, bad: str) -> None:
    for headers in ({"Location": f"/{bad}"}, {f"X{bad}": "1"}):
        with pytest.raises(ValueError):
            http.build_response(302, headers, b"")
