"""serve_files of the solutions: right answers to real clients, a clear no to what is no request, no way out of root."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import h11
import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.loopback import RecordedSocket, connect, waits
from tests.http.conftest import SECRET, Serve

FILES = {
    "/": b"<p>home</p>",
    "/a.txt": b"the letter a\n",
    "/sub/": b"<p>sub</p>",
    "/sub/b.bin": bytes(range(256)) * 1000,
    "/" + quote("grün & blau?.txt"): "grün\n".encode(),
    "/..hidden..txt": b"two dots are no way out\n",
    "/empty": b"",
    "/inside.txt": b"the letter a\n",
    "/a.txt?q=/../x": b"the letter a\n",
    "/sub/../a.txt": b"the letter a\n",
}
"""What is there, by target."""


def request(target: str, *fields: str, method: str = "GET", version: str = "HTTP/1.1") -> bytes:
    return "\r\n".join([f"{method} {target} {version}", "Host: here", *fields, "", ""]).encode("latin-1")


class Pipeline:
    """Reads the responses on one connection with h11, however many requests were sent before."""

    def __init__(self, sock: RecordedSocket) -> None:
        self.sock, self.waiting = sock, b""

    def response(self, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
        client.send(h11.EndOfMessage())
        client.receive_data(self.waiting or self.sock.receive(65536))
        status, headers, body = 0, {}, b""
        while True:
            match event := client.next_event():
                case h11.Response():
                    status = event.status_code
                    headers = {name.decode(): value.decode() for name, value in event.headers}
                case h11.Data():
                    body += event.data
                case h11.EndOfMessage():
                    self.waiting = client.trailing_data[0]
                    return status, headers, body
                case _:
                    client.receive_data(self.sock.receive(65536))

    def ended(self) -> bool:
        return not self.waiting and not self.sock.receive_to_end(timeout=2.0)


# Real clients.


def test_http_client_over_one_connection(serve: Serve) -> None:
    connection = http.client.HTTPConnection(*serve(), timeout=waits.seconds(5))
    connection.connect()
    sock = connection.sock
    for target, data in FILES.items():
        for method in ("GET", "HEAD"):
            connection.request(method, target)
            response = connection.getresponse()
            assert (response.status, response.read()) == (200, data if method == "GET" else b"")
            assert response.getheader("Content-Length") == str(len(data))
    connection.request("POST", "/a.txt", body=b"x" * 100_000)
    response = connection.getresponse()
    assert (response.status, response.getheader("Allow"), response.read()) == (405, "GET, HEAD", b"")
    connection.request("GET", "/nothing")
    assert connection.getresponse().status == 404
    assert connection.sock is sock, "everything must have used one connection"
    connection.close()


def test_httpx_over_kept_connections_and_several_at_once(serve: Serve) -> None:
    with httpx.Client(base_url="http://{}:{}".format(*serve()), timeout=waits.seconds(5), trust_env=False) as client:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(client.get, ["/a.txt", "/sub/b.bin", "/", "/nothing"] * 5))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 404] * 5
    assert answers[1].content == FILES["/sub/b.bin"]
    assert {answer.headers["content-type"] for answer in answers[2::4]} == {"text/html"}


@pytest.mark.skipif(shutil.which("curl") is None, reason="this machine has no curl")
def test_curl(serve: Serve, tmp_path: Path) -> None:
    at = "http://{}:{}".format(*serve())
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--path-as-is", "--max-time", "20"]
    command += ["--write-out", "%{http_code} %{num_connects} %{size_download}\n"]
    big = tmp_path / "big"
    big.write_bytes(bytes(3_000_000))

    def run(*options: str) -> list[str]:
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    out = str(tmp_path / "out")
    lines = run("-o", out, f"{at}/a.txt", "-o", out, f"{at}/nothing", "-o", out, f"{at}/sub/b.bin")
    assert [line.split()[:2] for line in lines] == [["200", "1"], ["404", "0"], ["200", "0"]]
    assert Path(out).read_bytes() == FILES["/sub/b.bin"]
    assert run("--head", "-o", out, f"{at}/sub/b.bin") == ["200 1 0"]
    assert run("--http1.0", "-o", out, f"{at}/a.txt") == ["200 1 13"]
    assert run("-o", out, f"{at}/../secret.txt")[0].startswith("404")
    # A body of megabytes: curl asks with Expect: 100-continue first, and has its answer without sending it.
    assert run("--data-binary", f"@{big}", "-o", out, f"{at}/a.txt")[0].startswith("405")
    assert run("-H", "Expect:", "--data-binary", f"@{big}", "-o", out, f"{at}/a.txt")[0][:3] in ("405", "413")


@pytest.mark.parametrize("one_byte", [False, True])
def test_pipelined_requests_are_answered_in_their_order(serve: Serve, one_byte: bool) -> None:
    with connect(serve(one_byte=one_byte), timeout=10.0) as sock:
        targets = [*FILES, "/nothing", *FILES]
        bodies = [(method, target) for target in targets for method in ("GET", "HEAD", "PUT")]
        evil = request("/a.txt")
        chunks = b"2\r\n\r\n\r\n0\r\nX: y\r\n\r\n"
        message = b""
        for method, target in bodies:
            if method == "PUT":
                message += request(target, f"Content-Length: {len(evil)}", method=method) + evil
            else:
                message += request(target, "Transfer-Encoding: chunked", method=method) + chunks
        reader = Pipeline(sock)
        with sock.sending(message + request("/", "Connection: close")):
            for method, target in bodies:
                status, headers, body = reader.response(method)
                if method == "PUT":
                    assert (status, headers["allow"]) == (405, "GET, HEAD")
                elif target in FILES:
                    assert (status, body) == (200, FILES[target] if method == "GET" else b"")
                else:
                    assert status == 404
            assert reader.response()[1]["connection"] == "close"
        assert reader.ended()


def test_byte_by_byte_over_a_kept_connection(serve: Serve) -> None:
    with connect(serve()) as sock:
        reader = Pipeline(sock)
        for _ in range(2):
            sock.send_paced(request("/a.txt", "X: y"), size=1, gap=0.001)
            assert reader.response()[2] == FILES["/a.txt"]


def test_the_connection_ends_when_it_should(serve: Serve) -> None:
    for message, stays in (
        (request("/a.txt"), True),
        (request("/nothing"), True),
        (request("/a.txt", "Connection: keep-alive, x"), True),
        (request("/a.txt", version="HTTP/1.7"), True),
        (request("/a.txt", "Connection: x, CLOSE"), False),
        (request("/a.txt", "Connection: x", "Connection: close"), False),
        (request("/a.txt", version="HTTP/1.0"), False),
        (b"GET /a.txt HTTP/1.0\r\n\r\n", False),
        (b"\r\n" + request("/a.txt"), True),
    ):
        with connect(serve()) as sock:
            reader = Pipeline(sock)
            sock.send(message)
            assert reader.response()[0] in (200, 404)
            if stays:
                sock.send(request("/a.txt", "Connection: close"))
                assert reader.response()[2] == FILES["/a.txt"]
            assert reader.ended()


def test_silent_clients_keep_nobody_waiting(serve: Serve) -> None:
    silent = [connect(serve()) for _ in range(20)]
    with connect(serve(), timeout=2.0) as sock:
        sock.send(request("/a.txt"))
        assert Pipeline(sock).response()[0] == 200
    for client in silent:
        client.reset()


# What is no request.

LINE, HOST = b"GET /a.txt HTTP/1.1\r\n", b"Host: here\r\n"
LENGTH, CHUNKED = b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"
HELLO = b"5\r\nhello\r\n0\r\n\r\n"
BAD = {
    "obs-fold": (LINE + HOST + b"X: a\r\n b\r\n\r\n", 400),
    "obs-fold with a tab": (LINE + HOST + b"X: a\r\n\tContent-Length: 9\r\n\r\n", 400),
    "a space in front of the first field": (LINE + b" Host: here\r\n\r\n", 400),
    "a space before the colon": (LINE + HOST + b"Content-Length : 5\r\n\r\nhello", 400),
    "a tab before the colon": (LINE + HOST + b"Transfer-Encoding\t: chunked\r\n\r\n" + HELLO, 400),
    "no colon": (LINE + HOST + b"Content-Length 5\r\n\r\n", 400),
    "no name": (LINE + HOST + b": 5\r\n\r\n", 400),
    "both framings": (LINE + HOST + LENGTH + CHUNKED + b"\r\n" + HELLO, 400),
    "both framings, the other way round": (LINE + HOST + CHUNKED + LENGTH + b"\r\n" + HELLO, 400),
    "two lengths": (LINE + HOST + LENGTH + b"Content-Length: 6\r\n\r\nhello!", 400),
    "two lengths in one field": (LINE + HOST + b"Content-Length: 5, 6\r\n\r\nhello!", 400),
    "a length with a sign": (LINE + HOST + b"Content-Length: +5\r\n\r\nhello", 400),
    "a negative length": (LINE + HOST + b"Content-Length: -5\r\n\r\n", 400),
    "a length that is no number": (LINE + HOST + b"Content-Length: 0x5\r\n\r\nhello", 400),
    "a length of nothing": (LINE + HOST + b"Content-Length: \r\n\r\n", 400),
    "chunk size with a sign": (LINE + HOST + CHUNKED + b"\r\n+" + HELLO, 400),
    "chunk size with 0x": (LINE + HOST + CHUNKED + b"\r\n0x" + HELLO, 400),
    "chunk size with an underscore": (LINE + HOST + CHUNKED + b"\r\n0_" + HELLO, 400),
    "no chunk size": (LINE + HOST + CHUNKED + b"\r\n\r\nhello\r\n0\r\n\r\n", 400),
    "a chunk too long": (LINE + HOST + CHUNKED + b"\r\n4" + HELLO[1:], 400),
    "LF in a chunk's line": (LINE + HOST + CHUNKED + b"\r\n5;a\nb\r\nhello\r\n0\r\n\r\n", 400),
    "a bad trailer": (LINE + HOST + CHUNKED + b"\r\n5\r\nhello\r\n0\r\nX : y\r\n\r\n", 400),
    "bare CR in a value": (LINE + HOST + b"X: a\rY: b\r\n\r\n", 400),
    "bare CR at the end of a line": (LINE + HOST + b"X: a\r\r\n\r\n", 400),
    "bare LF": (LINE + HOST + b"X: a\nY: b\r\n\r\n", 400),
    "LF only": (b"GET /a.txt HTTP/1.1\nHost: here\n\n", 400),
    "NUL": (LINE + HOST + b"X: a\0b\r\n\r\n", 400),
    "no Host": (LINE + b"X: y\r\n\r\n", 400),
    "two Hosts": (LINE + HOST + b"Host: there\r\n\r\n", 400),
    "a Host with a path": (LINE + b"Host: here/there\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /a.txt\r\n\r\n", 400),
    "four parts": (b"GET /a.txt x HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "small letters": (b"GET /a.txt http/1.1\r\n" + HOST + b"\r\n", 400),
    "a response": (b"HTTP/1.1 200 OK\r\n" + HOST + b"\r\n", 400),
    "chunks in HTTP/1.0": (b"GET /a.txt HTTP/1.0\r\n" + HOST + CHUNKED + b"\r\n" + HELLO, 400),
    "another coding": (LINE + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + HELLO, 501),
    "nearly chunked": (LINE + HOST + b"Transfer-Encoding: xchunked\r\n\r\n" + HELLO, 501),
    "chunked twice": (LINE + HOST + CHUNKED + CHUNKED + b"\r\n" + HELLO, 501),
    "HTTP/2.0": (b"GET /a.txt HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "a head too long": (LINE + HOST + b"X: " + b"a" * 66_000 + b"\r\n\r\n", 431),
    "many fields": (LINE + HOST + b"X: abcdefghij\r\n" * 5000 + b"\r\n", 431),
    "a head without end": (LINE + HOST + b"X: " + b"a" * 70_000, 431),
    "a line without end": (b"GET /" + b"a" * 70_000, 431),
}


@pytest.mark.parametrize("how", ["whole", "byte by byte", "pipelined"])
@pytest.mark.parametrize("name", BAD)
def test_what_is_no_request_gets_its_status_and_the_end(serve: Serve, name: str, how: str) -> None:
    message, status = BAD[name]
    with connect(serve(one_byte=how == "byte by byte"), timeout=10.0) as sock:
        reader = Pipeline(sock)
        if how == "pipelined":
            message = request("/a.txt") + message
        # What follows must never be answered: the connection is closed, for nobody knows where it begins.
        with sock.sending(message + (b"" if "without end" in name else request("/a.txt"))):
            if how == "pipelined":
                assert reader.response()[0] == 200
            got, headers, _ = reader.response()
        assert (got, headers["connection"]) == (status, "close")
        assert reader.ended()


def test_a_head_of_just_the_limit_is_fine(serve: Serve) -> None:
    for size, status in ((65_536, 200), (65_537, 431)):
        bare = request("/a.txt", "X: ")
        with connect(serve()) as sock:
            sock.send(request("/a.txt", "X: " + "a" * (size - len(bare))))
            assert Pipeline(sock).response()[0] == status


def test_a_long_body_costs_the_connection_but_not_the_answer(serve: Serve) -> None:
    with connect(serve(), timeout=10.0) as sock:
        reader = Pipeline(sock)
        sock.send(request("/a.txt", "Content-Length: 1200000", method="POST") + bytes(1_200_000))
        assert reader.response()[0] == 413
        assert reader.ended()


def test_a_client_that_leaves_in_the_middle_is_forgotten(serve: Serve) -> None:
    for message in (request("/a.txt")[:20], request("/a.txt", "Content-Length: 50"), request("/sub/b.bin") * 50):
        with connect(serve()) as sock:
            sock.send(message)
            sock.reset()
    with connect(serve()) as sock:
        sock.send(request("/a.txt", "Content-Length: 50"))
        sock.end()
        sock.receive_to_end()
    with connect(serve()) as sock:
        sock.send(request("/a.txt"))
        assert Pipeline(sock).response()[0] == 200


# No way out.


def encodings(text: str) -> st.SearchStrategy[str]:
    """The text, any of its letters percent-encoded, once or twice, in either case."""

    def of(letter: str) -> st.SearchStrategy[str]:
        code = f"%{ord(letter):02x}"
        return st.sampled_from([letter, code, code.upper(), code.replace("%", "%25"), f"%c0%{ord(letter) + 128:02x}"])

    return st.tuples(*map(of, text)).map("".join)


SEGMENTS = st.sampled_from(
    ["..", "..", "..", ".", "", "root", "root-old", "secret.txt", "sub", "up", "far", "out.txt", "absolute", "circle"]
    + ["a.txt", "...", "..\\", "..\0", "C:", "~", ":memory:", "é"]
).flatmap(lambda text: encodings(text) if text.isascii() else st.just("%C3%A9"))
SEPARATORS = st.sampled_from(["/", "/", "/", "//", "%2f", "%2F", "\\", "%5c", "%5C", "/./", "%252f", ";/", "/%00/"])
FRONTS = st.sampled_from(
    ["/", "/", "/", "//", "http://here/", "http://here/../", "file:///", "", "/sub/", "/up/", "?", "/#"]
)
TAILS = st.sampled_from(["", "", "", "/", "?", "%00", "%00.txt", "/.", ".."])


@st.composite
def targets(draw: st.DrawFn) -> str:
    parts = draw(st.lists(st.tuples(SEGMENTS, SEPARATORS), min_size=1, max_size=6))
    middle = "".join(segment + separator for segment, separator in parts[:-1]) + parts[-1][0]
    return draw(FRONTS) + middle + draw(TAILS)


@settings(max_examples=600)
@given(targets())
@example("/../secret.txt")
@example("/%2e%2e/secret.txt")
@example("/%2E%2E%2Fsecret.txt")
@example("/..%5csecret.txt")
@example("/sub/../../secret.txt")
@example("/../root-old/secret.txt")
@example("/out.txt")
@example("/absolute")
@example("/up/secret.txt")
@example("/sub/far/secret.txt")
@example("/circle")
@example("/%00")
@example("/" + "a" * 5000)
@example("http://here/../secret.txt")
@example("http://[/")
@example("*")
def test_no_target_leads_out_of_the_root(serve: Serve, target: str) -> None:
    message = b"GET " + target.encode("latin-1", "replace") + b" HTTP/1.0\r\n\r\n"
    with connect(serve(), timeout=5.0) as sock:
        sock.send(message)
        answer = sock.receive_to_end()
    assert SECRET not in answer, f"{target} leads out"
    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 400 ", b"HTTP/1.1 404 ")), (target, answer[:100])
    if b" 200 " in answer[:20]:
        assert answer.partition(b"\r\n\r\n")[2] in FILES.values()


@given(st.sampled_from(["", "/", "//", "/%2f", "/%2F/", "/./", "/sub/%2f"]), st.booleans(), st.data())
def test_no_absolute_path_leads_out_of_the_root(
    serve: Serve, root: Path, front: str, inside: bool, data: st.DataObject
) -> None:
    path = str(root / "a.txt" if inside else root.parent / "secret.txt")
    target = front + "".join(data.draw(encodings(letter)) if letter in "/.s" else letter for letter in path)
    with connect(serve()) as sock:
        sock.send(f"GET {target} HTTP/1.0\r\n\r\n".encode())
        answer = sock.receive_to_end()
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 404 ")), (target, answer[:100])


def test_a_server_that_joins_raw_would_be_caught(http: SimpleNamespace, root: Path) -> None:
    """The negative control: the same targets do reach the secret where nobody looks where a path leads."""
    for target in ("/../secret.txt", "/%2e%2e/secret.txt", "/out.txt", "/up/secret.txt", "/../root-old/secret.txt"):
        name = http.unquote_to_bytes(target).decode()
        assert Path(f"{root}{name}").read_bytes() == SECRET
        assert http.file_of(target, root.resolve()) is None


def test_what_is_no_regular_file_is_not_there(serve: Serve, root: Path) -> None:
    for target in ("/sub", "/circle", "/up", "/up/", "/sub/b.bin/", "/sub/b.bin/x"):
        with connect(serve()) as sock:
            sock.send(request(target))
            assert Pipeline(sock).response()[0] == 404, target


def test_it_returns_when_the_listener_is_closed_with_clients_connected(http: SimpleNamespace, root: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(http.serve_files, listener, root)
        with connect(listener.getsockname()) as sock:
            sock.send(request("/a.txt"))
            assert Pipeline(sock).response()[0] == 200
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            assert running.result(timeout=waits.seconds(5)) is None


def test_a_head_that_drips_in_costs_little(http: SimpleNamespace) -> None:
    """64 KiB in single bytes: time grows with the bytes, not with their square."""

    class Drip:
        def __init__(self, data: bytes) -> None:
            self.data, self.at = data, 0

        def recv(self, size: int) -> bytes:
            self.at += 1
            return self.data[self.at - 1 : self.at]

    started = time.process_time()
    with pytest.raises(ValueError):
        http.receive_head(http.Incoming(Drip(b"GET / HTTP/1.1\r\nX: " + b"a" * 66_000)))
    assert time.process_time() - started < waits.seconds(3.0)
