"""Serve a folder over HTTP: on connections that stay open, never from outside of the folder, with a clear no."""

from __future__ import annotations

import mimetypes
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from urllib.parse import quote as percent

from autograder.checks.fixtures import Likely
from autograder.checks.http_bytes.probes import Answer, Client, get, read_responses, word
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner, Running
from autograder.judge.recipes import Folder, Listener
from autograder.loopback import EarlyEnd, NoAnswer, waits

HEAD_LIMIT = 65_536


@exercise
def serve_files(listener: socket.socket, root: Path) -> None: ...


@requirement(
    points=1,
    source="RFC 9110 sections 8.3, 8.6 and 9.3.1",
    hint="build_response(200, {'Content-Type': ...}, path.read_bytes()), and sendall.",
)
def test_get(learner: Learner, rng: Random, likely: Likely) -> None:
    """A file comes back whole, with its length and its type, large ones and empty ones, too."""
    files = {f"{word(rng)}.{end}": rng.randbytes(size) for end, size in (("txt", 90), ("html", 0), ("zz9", 300_000))}
    server = learner.start(Listener(send_limit=50_000), Folder(files))
    for name, data in files.items():
        answer = _ask(server, get(f"/{name}"))
        _is_file(answer, data)
        told = answer.field("content-length")
        assert told in (str(len(data)), None), f"Content-Length must be '{len(data)}', got {told!r}"
        kind = (answer.field("content-type") or "").partition(";")[0].strip().lower()
        right = mimetypes.guess_type(name)[0] or "application/octet-stream"
        assert kind == right, f"Content-Type of {name} must be {right!r}, got {answer.field('content-type')!r}"


@requirement(
    points=1,
    source="RFC 9110 sections 9.3.2, 15.5.5 and 15.5.6",
    hint="HEAD: build_response with the method. 404 and 405 are answers like others: the next request may follow.",
    needs="test_get",
)
def test_statuses(learner: Learner, rng: Random, likely: Likely) -> None:
    """HEAD has the head of GET and no body; what is not there is 404; other methods are 405 with Allow."""
    name, data = f"{word(rng)}.txt", rng.randbytes(rng.randrange(50, 99))
    server = learner.start(Listener(), Folder({name: data}))
    with _client(server) as client:
        client.sock.send(get(f"/{name}", "Connection: close", method="HEAD"))
        answer = client.answer("HEAD")
        assert answer.status == 200, f"HEAD of a file must be answered with 200, got {answer.status}"
        told = answer.field("content-length")
        assert told in (str(len(data)), None), f"Content-Length must be '{len(data)}', as for GET, got {told!r}"
        left = _what_follows(client)
    likely(left == data, "the file was sent after the head: HEAD asks for the head only")
    assert not left, f"after the head of the answer to HEAD nothing may come, got {left[:60]!r}"
    answer = _ask(server, get(f"/{word(rng)}"))
    assert answer.status == 404, f"a file that is not there must be answered with 404, got {answer.status}"
    for method in ("POST", "DELETE"):
        answer = _ask(server, get(f"/{name}", "Content-Length: 0", method=method))
        assert answer.status == 405, f"{method} must be answered with 405, got {answer.status}"
        allowed = {one.strip() for one in (answer.field("allow") or "").split(",")}
        assert {"GET", "HEAD"} <= allowed, f"a 405 must have 'Allow: GET, HEAD', got {answer.field('allow')!r}"


@requirement(
    points=1,
    source="RFC 9110 section 4.2.3; RFC 9112 sections 3.2.1 and 3.2.2; RFC 3986 section 2.1",
    hint="Cut the query off, then urllib.parse.unquote, then look for the file.",
    needs="test_get",
)
def test_names(learner: Learner, rng: Random, likely: Likely) -> None:
    """Names are decoded, queries dropped, whole URLs understood, and a path with / at its end means index.html."""
    one = word(rng)
    names = (f"{one} ü?#.txt", f"sub/{one}..b.txt", "index.html", "sub/deep/index.html", f"100%25{one}.txt")
    files = {name: rng.randbytes(30) for name in names}
    server = learner.start(Listener(), Folder(files))
    for target, name, slip in (
        ("/", names[2], "a path that ends in / means the file index.html there"),
        ("/sub/deep/", names[3], "a path that ends in / means the file index.html there, also in other folders"),
        (f"/sub/{one}..b.txt", names[1], "two dots in a name lead nowhere: this is an ordinary file"),
        (f"/sub/{one}..b.txt?{word(rng)}=/../x", names[1], "the query is no part of the name: cut it off at the ?"),
        (f"http://127.0.0.1/sub/{one}..b.txt", names[1], "a target may be a whole URL: its path counts"),
        (f"/%73ub/{one}..b.txt", names[1], "%73 is an s: the path is percent-encoded"),
        (f"/{percent(names[0])}", names[0], "the name is percent-encoded UTF-8, with a ? and a # that are part of it"),
        (f"/{percent(names[4])}", names[4], "%25 is a percent sign, and it is decoded once, not twice"),
    ):
        with _answering(likely, 1, slip):
            answer = _ask(server, get(target))
        likely(answer.status != 200, slip)
        _is_file(answer, files[name])


@requirement(
    points=1,
    source="RFC 9112 section 9.3; RFC 9110 section 5.1",
    hint="A loop around the one request: it ends when the client has ended or asked for the end.",
    needs="test_get",
)
def test_keep_alive(learner: Learner, rng: Random, likely: Likely) -> None:
    """One connection serves request after request, after a 404, a 405 and an answer to HEAD, too."""
    files = {word(rng): rng.randbytes(40) for _ in range(3)}
    server = learner.start(Listener(), Folder(files))
    client = _client(server)
    done = 0
    for number, (name, data) in enumerate(files.items()):
        here = f"/{name}"
        for target, method in ((f"/{word(rng)}", "GET"), (here, "HEAD"), (here, "PUT"), (here, "GET")):
            length = ("Content-Length: 0",) if method == "PUT" else ()
            fields = ("Connection: keep-alive",) if number else ()
            with _answering(
                likely, done, "the connection was closed after an answer: in HTTP/1.1 it stays open until one side asks"
            ):
                answer = client.ask(get(target, *fields, *length, method=method))
            done += 1
            right = {"PUT": 405}.get(method, 200 if target[1:] in files else 404)
            assert answer.status == right, f"{method} {target} must be answered with {right}, got {answer.status}"
        assert answer.body == data


@requirement(
    points=1,
    source="RFC 9112 sections 9.3 and 9.6",
    hint="'close' in the Connection field, in any case, or the version HTTP/1.0: send the answer, then close.",
    needs="test_get",
)
def test_close(learner: Learner, rng: Random, likely: Likely) -> None:
    """After an answer to HTTP/1.0 or Connection: close the connection is closed, and the answer is whole."""
    name, data = word(rng), rng.randbytes(50)
    server = learner.start(Listener(), Folder({name: data}))
    for request in (
        get(f"/{name}", "Connection: close"),
        get(f"/{name}", "cONNECTION: Foo, CLOSE"),
        get(f"/{name}", version="HTTP/1.0"),
        f"GET /{name} HTTP/1.0\r\n\r\n".encode(),
    ):
        with _client(server) as client:
            _is_file(client.ask(request), data)
            try:
                left = _what_follows(client)
            except NoAnswer:
                why = "the client speaks HTTP/1.0" if b"HTTP/1.0" in request else "the client asked for the end"
                likely(True, f"the answer is complete, and the connection was not closed after it, though {why}")
                raise
        assert not left, f"after the last answer nothing may come, got {left[:60]!r}"


@requirement(
    points=1,
    source="RFC 9112 section 9.3.2",
    hint="What came behind one request is the beginning of the next: keep it, and look there before recv.",
    needs="test_get",
)
def test_pipelined(learner: Learner, rng: Random, likely: Likely) -> None:
    """Requests that come all at once are answered all, in their order."""
    files = {word(rng): rng.randbytes(30) for _ in range(4)}
    server = learner.start(Listener(), Folder(files))
    requests = [get(f"/{name}") for name in files] + [get(f"/{word(rng)}"), get(f"/{next(iter(files))}")]
    client = _client(server)
    together = b"".join(requests)
    cut = rng.randrange(5, 30)
    client.sock.send(together[:-cut])
    answers: list[Answer] = []
    for number in range(len(requests)):
        if number == len(requests) - 1:
            client.sock.send(together[-cut:])
        slip = f"{number} of {len(requests)} requests that came together were answered, and the others dropped"
        with _answering(likely, number, slip):
            answers.append(client.answer())
    right = [*files.values(), None, next(iter(files.values()))]
    for number, (answer, data) in enumerate(zip(answers, right, strict=True), 1):
        status = 200 if data is not None else 404
        assert answer.status == status, f"answer {number} must be {status}, got {answer.status}"
        if data is not None:
            likely(answer.body in files.values(), "the answers are not in the order of the requests")
            assert answer.body == data


@requirement(
    points=1,
    source="RFC 9112 section 2.2; man 2 recv",
    hint="Receive until parse_head no longer returns None, however often that is.",
    needs="test_get",
)
def test_pieces(learner: Learner, rng: Random, likely: Likely) -> None:
    """Requests that come byte by byte are requests."""
    name, data = word(rng), rng.randbytes(50)
    server = learner.start(Listener(one_byte=True), Folder({name: data}))
    client = _client(server)
    for number in range(2):
        with _answering(likely, number + 1, "here each recv returns one byte: one recv is not one request"):
            answer = client.ask(get(f"/{name}", f"X: {word(rng)}"))
        likely(answer.status == 400, "a head that was not complete yet was refused: here each recv returns one byte")
        _is_file(answer, data)


@requirement(
    points=1,
    source="RFC 9112 sections 9.3 and 11.2",
    hint="read_body the body away before the next request is read, or close the connection.",
    needs="test_keep_alive",
)
def test_bodies(learner: Learner, rng: Random, likely: Likely) -> None:
    """A request's body is never taken for the next request."""
    hidden, name = f"hidden-{word(rng)}", word(rng)
    files = {hidden: rng.randbytes(30), name: rng.randbytes(30)}
    server = learner.start(Listener(), Folder(files))
    evil = get(f"/{hidden}")
    chunks = b"%x\r\n%s\r\n0\r\nX: y\r\n\r\n" % (len(evil), evil)
    for method in ("POST", "GET"):
        for request in (
            get(f"/{name}", f"Content-Length: {len(evil)}", method=method) + evil,
            get(f"/{name}", "Transfer-Encoding: chunked", method=method) + chunks,
        ):
            with _client(server) as client:
                client.sock.send(request + get(f"/{name}", "Connection: close"))
                answer = client.answer()
                right = 405 if method == "POST" else 200
                assert answer.status == right, f"{method} with a body must get {right}, got {answer.status}"
                left = _what_follows(client)
            likely(files[hidden] in left, "the body was answered like a request: an attacker hides requests there")
            likely(b" 400 " in left.partition(b"\r\n")[0], "the body was read like the head of a request, and refused")
            if left:  # the connection may as well be closed
                answers, left = read_responses(left, ["GET"], ended=True)
                _is_file(answers[0], files[name])


@requirement(
    points=1,
    source="RFC 9110 section 17.3; RFC 3986 sections 2.1 and 5.2.4",
    hint="Decode, join, resolve(), and then is_relative_to(root.resolve()).",
    needs="test_get",
)
def test_outside(learner: Learner, rng: Random, likely: Likely) -> None:
    """No `..` in any encoding, no absolute path, no backslash and no symbolic link leads out of the folder."""
    secret = b"secret " + rng.randbytes(30)
    name, data = word(rng), rng.randbytes(30)
    beside = {"secret.txt": secret, "root-old/secret.txt": secret}
    links = {"out.txt": "../secret.txt", "up": ".."}
    folder = learner.make(Folder({name: data, "sub/a.txt": b"a"}, links=links, beside=beside))
    server = learner.start(Listener(), folder)
    above = Path(folder.path).parent.as_posix()
    attempts = [
        ("/../secret.txt", "`..` leads to the folder above"),
        ("/sub/../../secret.txt", "`..` leads to the folder above, also behind another folder"),
        ("/%2e%2e/secret.txt", "%2e%2e is `..`, too, once it is decoded"),
        ("/.%2E%2Fsecret.txt", "%2F is a / once it is decoded"),
        ("/../root-old/secret.txt", "the path of root-old begins with the letters of root, and is not inside of it"),
        (f"{above}/secret.txt", "an absolute path is looked for inside the folder"),
        (f"/{above}/secret.txt", "with two slashes in front the path is absolute after the first was taken away"),
        (f"/%2f{above[1:]}/secret.txt", "%2f is a slash once it is decoded, and the path is absolute then"),
        ("/..%5csecret.txt", "%5c is a backslash, which separates folders on Windows"),
        ("/out.txt", "out.txt is a symbolic link to a file outside of the folder"),
        ("/up/secret.txt", "up is a symbolic link to the folder above"),
        ("/up/root-old/secret.txt", "up is a symbolic link to the folder above"),
        ("/%00", "%00 is a NUL, with which no file can be opened"),
        (f"/{name}%00.html", "%00 is a NUL, with which no file can be opened"),
        ("/" + "x" * 300, "no file system has names of 300 letters"),
    ]
    for target, what in attempts:
        with _answering(likely, 1, f"{what}; and the server gave no answer"):
            answer = _ask(server, get(target))
        likely(secret in answer.body, what)
        assert secret not in answer.body, "what is outside of the folder must not be sent, but it was"
        assert 400 <= answer.status < 500, f"what is outside or no file must be a 4xx, 404 say, got {answer.status}"
    _is_file(_ask(server, get(f"/{name}")), data)


@requirement(
    points=1,
    source="RFC 9112 sections 2.2, 3.2, 5.1, 5.2, 6.3 and 7.1",
    hint="except ValueError around reading the request: answer 400 and close.",
    needs="test_get",
)
def test_bad_requests(learner: Learner, rng: Random, likely: Likely) -> None:
    """What is not one clear request gets 400, and the connection is closed; the server goes on."""
    name = word(rng)
    data = rng.randbytes(30)
    server = learner.start(Listener(), Folder({name: data}))
    line, host = f"GET /{name} HTTP/1.1\r\n".encode(), f"Host: {word(rng)}\r\n".encode()
    length, chunked = b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"
    body = b"5\r\nhello\r\n0\r\n\r\n"
    for request, damage in (
        (line + b"Accept: */*\r\n\r\n", "an HTTP/1.1 request without Host"),
        (line + host + b"hOsT: other\r\n\r\n", "a request with two Hosts"),
        (line + host + b"X: a\r\n b\r\n\r\n", "a folded line in the head"),
        (line + host + b"X : a\r\n\r\n", "a space before a colon"),
        (line + host + b"X: a\rY: b\r\n\r\n", "a bare CR in the head"),
        (line.replace(b"\r\n", b"\n") + host.replace(b"\r\n", b"\n") + b"\n", "a head whose lines end in LF alone"),
        (line + host + length + chunked + b"\r\n" + body, "both Content-Length and Transfer-Encoding"),
        (line + host + length + b"Content-Length: 6\r\n\r\nhello!", "two different Content-Lengths"),
        (line + host + b"Content-Length: +5\r\n\r\nhello", "a Content-Length that is not digits and nothing else"),
        (line + host + chunked + b"\r\n+5\r\nhello\r\n0\r\n\r\n", "a bad chunk size"),
        (f"GET /{name}\r\n\r\n".encode(), "a request line without a version"),
    ):
        _is_refused(server, likely, request, 400, damage)
    _is_file(_ask(server, get(f"/{name}")), data)


@requirement(
    points=1,
    source="RFC 6585 section 5; RFC 9112 section 6.1; RFC 9110 section 15.6.6",
    hint="Three questions with an answer of their own: how long is the head, which version, which transfer coding?",
    needs="test_get",
)
def test_limits(learner: Learner, rng: Random, likely: Likely) -> None:
    """A head that is too long gets 431, an unknown transfer coding 501, another major version 505, and the end."""
    name, data = word(rng), rng.randbytes(30)
    server = learner.start(Listener(), Folder({name: data}))
    long = b"X-" + rng.randbytes(HEAD_LIMIT // 2 + 2000).hex().encode()
    target = f"/{name}"
    for request, status, damage in (
        (get(target, f"{long[:500].decode()}: 1")[:-4] + long, 431, "a head that never ends"),
        (get(target, f"X: {long.decode()}"), 431, f"a head of more than {HEAD_LIMIT:,} bytes"),
        (get(target, "Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n", 501, "an unknown transfer coding"),
        (get(target, version="HTTP/2.0"), 505, "a request in HTTP/2.0"),
        (get(target, version="HTTP/0.9"), 505, "a request in HTTP/0.9"),
    ):
        _is_refused(server, likely, request, status, damage)
    _is_file(_ask(server, get(target, f"X: {long[:60_000].decode()}")), data)


@requirement(
    points=1,
    source="RFC 9112 section 9.4; man 2 accept",
    hint="A thread for each connection: Thread(target=..., args=(conn, root), daemon=True).start().",
    needs="test_get",
)
def test_several_clients(learner: Learner, rng: Random, likely: Likely) -> None:
    """Clients who are silent, or slow, or break off, keep nobody waiting; with the listener closed, it returns."""
    name, data = word(rng), rng.randbytes(30)
    server = learner.start(Listener(), Folder({name: data}))
    silent = _client(server)
    half = _client(server)
    half.sock.send(get(f"/{name}")[:20])
    kept = _client(server)
    _is_first(kept, likely, name, data)
    rude = _client(server)
    rude.sock.send(get(f"/{name}")[:10])
    time.sleep(waits.seconds(0.02))
    rude.sock.reset()
    _is_first(_client(server), likely, name, data)
    half.sock.send(get(f"/{name}")[20:])
    _is_file(half.answer(), data)
    _is_file(silent.ask(get(f"/{name}")), data)
    server.stop_listening()
    answer = server.ended()
    assert answer is None, f"serve_files must return None, it returned {answer!r}"


def _client(server: Running) -> Client:
    return Client(server.connect(timeout=1.0))


def _ask(server: Running, request: bytes) -> Answer:
    """One request and its response, by a client who is gone afterwards."""
    with _client(server) as client:
        return client.ask(request)


def _what_follows(client: Client) -> bytes:
    """What comes until the connection is closed, with a reset if need be. NoAnswer where it is not."""
    try:
        return client.waiting + client.sock.receive_to_end(timeout=1.0)
    except ConnectionError:
        return client.waiting


def _is_file(answer: Answer, data: bytes) -> None:
    assert answer.status == 200, f"a file that is there must be answered with 200, got {answer.status}"
    assert answer.body == data


def _is_first(client: Client, likely: Likely, name: str, data: bytes) -> None:
    with _answering(likely, 1, "other connections are open and silent: they must not keep this client waiting"):
        answer = client.ask(get(f"/{name}"))
    _is_file(answer, data)


@contextmanager
def _answering(likely: Likely, done: int, slip: str) -> Iterator[None]:
    """Around an exchange: where it breaks and `done` is not 0, `slip` is what the bytes prove."""
    try:
        yield
    except (EarlyEnd, NoAnswer, ConnectionError):
        likely(done, slip)
        raise


def _is_refused(server: Running, likely: Likely, request: bytes, status: int, damage: str) -> None:
    """See that a request is answered with an error, and the connection is closed after it."""
    with _client(server) as client:
        with _answering(likely, 1, f"this was {damage}, and the answer to it is {status}"):
            # A server may answer, and even close, before it has received all of it.
            with client.sock.sending(request):
                answer = client.answer()
        likely(answer.status != status, f"this was {damage}")
        assert answer.status == status, f"the answer must be {status}, got {answer.status}"
        try:
            left = _what_follows(client)
        except NoAnswer:
            likely(True, f"this was {damage}: it was answered with {status}, and the connection was not closed")
            raise
    likely(left, f"this was {damage}: it was refused, and what came behind it was answered like a request")
    assert not left, f"after the {status} nothing may come, got {left[:60]!r}"
