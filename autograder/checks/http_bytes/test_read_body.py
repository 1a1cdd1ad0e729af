"""Read the body of one message: counted, in chunks, or none, and not a byte of the next message."""

from __future__ import annotations

from random import Random
from typing import Any

from autograder.checks.fixtures import Likely, Peer, refused
from autograder.checks.http_bytes.probes import a, word
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Failure, Raised, Silent
from autograder.judge.learner import Learner
from autograder.judge.recipes import Connected
from autograder.loopback import End, Hold, Pause, ScriptedPeer, Send
from autograder.wire import compare

CHUNKED = {"transfer-encoding": "chunked"}

_BAD_SIZES = ((b"+5", 5), (b"-5", 5), (b"0x5", 5), (b"5_0", 80), (b"", 0), (b"5g", 5), (b" ", 0), (b";x=1", 0))
"""No sizes of chunks, each with the number that a kind reader makes of it: so many bytes follow."""


@exercise
def read_body(sock: Any, headers: dict[str, str], rest: bytes) -> tuple[bytes, bytes]: ...


@requirement(
    points=1,
    source="RFC 9112 sections 6.2 and 6.3",
    hint="First what is in rest, then recv until the number of bytes is reached, and not until the end.",
)
def test_length(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A counted body is read whole, what came with the head and what comes later, while the connection stays open."""
    for size, came in ((200_000, 900), (40, 11), (300, 0), (50, 50)):
        body = rng.randbytes(size)
        half = came + (size - came) // 2
        server = peer(Send(body[came:half]), Pause(0.03), Send(body[half:]), Hold(3.0))
        sock = Connected(server.address)
        got, _ = _call(learner, likely, server, sock, {"host": "h", "content-length": str(size)}, body[:came])
        likely(got == body[:came] != body, "this is what came with the head: the rest of the body has not been read")
        likely(got == body[came:] != body, "what came with the head is missing: it is in rest")
        _same_body(got, body)


@requirement(
    points=1,
    source="RFC 9112 section 6.3",
    hint="Neither Content-Length nor Transfer-Encoding: return (b'', rest) and receive nothing.",
)
def test_none(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """With neither Content-Length nor Transfer-Encoding, or a length of 0, there is no body, and nothing is awaited."""
    behind = f"GET /{word(rng)} HTTP/1.1\r\n".encode()
    for headers in ({"host": word(rng)}, {"content-length": "0"}):
        for rest in (behind, b""):
            server = peer(Hold(3.0))
            got, left = _call(learner, likely, server, Connected(server.address), headers, rest)
            likely(got == behind, "what came behind the head was taken for a body: it is the next message")
            _same_body(got, b"")
            assert left == rest, f"rest must come back as it was, {rest!r}, got {left!r}"


@requirement(
    points=1,
    source="RFC 9112 sections 7.1 and 7.1.1",
    hint="A line with the size in hexadecimal, so many bytes, CRLF, and again until the size is 0.",
)
def test_chunks(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Chunks are put together, whatever bytes are in them; sizes in either case, with extensions."""
    body, data = b"", b""
    chunks = (rng.randbytes(26), b"\r\n0\r\n\r\n", rng.randbytes(3000), rng.randbytes(171), b"x")
    sizes = ("1A", "7", "bb8;name=value", 'aB ;a="b;c"', "0001")
    for chunk, size in zip(chunks, sizes, strict=True):
        body += chunk
        data += size.encode() + b"\r\n" + chunk + b"\r\n"
    data += b"0\r\n\r\n"
    cut = rng.randrange(5, 25)
    for coding in ("chunked", "Chunked"):
        server = peer(Send(data[cut:500]), Pause(0.03), Send(data[500:]), Hold(3.0))
        headers = {"transfer-encoding": coding}
        got, _ = _call(learner, likely, server, Connected(server.address), headers, data[:cut])
        likely(got == data, "the sizes and line ends of the chunks are still in the body")
        _same_body(got, body)


@requirement(
    points=1,
    source="RFC 9112 section 7.1.2",
    hint="Behind the last chunk read lines until an empty one comes.",
    needs="test_chunks",
)
def test_trailers(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Fields behind the last chunk are read over: the message ends with the empty line after them."""
    body, behind = rng.randbytes(20), f"GET /{word(rng)} HTTP/1.1\r\n".encode()
    for trailers in (f"X-Sum: {word(rng)}\r\n", f"A: {word(rng)}\r\nB: {word(rng)}\r\n"):
        data = b"14\r\n" + body + b"\r\n0\r\n" + trailers.encode() + b"\r\n"
        server = peer(Hold(3.0))
        got, left = _call(learner, likely, server, Connected(server.address), CHUNKED, data + behind)
        _same_body(got, body)
        likely(
            left != behind and left.endswith(behind) and data.endswith(left.removesuffix(behind)),
            "the trailer fields were left for the next message: its start line would be a field",
        )
        assert left == behind


@requirement(
    points=1,
    source="RFC 9112 section 9.3.2",
    hint="Whatever came and is not part of the body belongs to the next message: return it.",
)
def test_rest(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """No byte behind the body gets lost: it is returned, or still waits in the socket."""
    body = rng.randbytes(30)
    behind = f"GET /{word(rng)} HTTP/1.1\r\nHost: {word(rng)}\r\n\r\n".encode()
    counted, chunked = {"content-length": "30"}, b"1e\r\n" + body + b"\r\n0\r\n\r\n"
    for headers, data, came in (
        (counted, body, 30 + len(behind)),
        (counted, body, 12),
        (CHUNKED, chunked, len(chunked) + 7),
        (CHUNKED, chunked, 12),
    ):
        all_of_it = data + behind
        server = peer(Send(all_of_it[came:]), End())
        sock = learner.make(Connected(server.address))
        got, left = _call(learner, likely, server, sock, headers, all_of_it[:came])
        likely(got == all_of_it, "the body was read to the end of the connection: its length was told")
        _same_body(got, body)
        while waiting := sock.call("recv", 65536):
            left += waiting
        likely(
            left == b"" or (left != behind and behind.endswith(left)),
            f"{len(behind) - len(left)} bytes of the next message were received and dropped: give them back as rest",
        )
        assert left == behind


@requirement(
    points=1,
    source="RFC 9112 section 2.2; man 2 recv",
    hint="Lines and chunks are cut anywhere: keep what came and look again when there is more.",
)
def test_pieces(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Byte by byte, counted and chunked bodies are the same."""
    body = rng.randbytes(60)
    data = b"1e\r\n" + body[:30] + b"\r\n1E;x\r\n" + body[30:] + b"\r\n0\r\nX: y\r\n\r\n"
    for headers, sent in (({"content-length": "60"}, body), (CHUNKED, data)):
        server = peer(Send(sent), Hold(3.0))
        sock = Connected(server.address, one_byte=True)
        got, _ = _call(learner, likely, server, sock, headers, b"")
        short = len(got) < len(body) and body.startswith(got)
        likely(short, "one recv was taken for the whole: here each gives one byte")
        _same_body(got, body)


@requirement(
    points=1,
    source="RFC 9112 sections 6.1, 6.3 and 11.2",
    hint="int() accepts +5, 5_0 and spaces: fullmatch the digits first.",
)
def test_ambiguous(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Both framings, two lengths, another coding, a bad number or a bad chunk raise ValueError."""
    body = rng.randbytes(5)
    chunked = b"5\r\n" + body + b"\r\n0\r\n\r\n"
    sock = learner.make(Connected(peer(Hold(5.0)).address))
    for headers, rest, damage in (
        ({"content-length": "15", **CHUNKED}, chunked, "both Content-Length and Transfer-Encoding are there"),
        ({"content-length": "5, 6"}, body + b"x", "two different lengths are there"),
        ({"transfer-encoding": "gzip, chunked"}, chunked, "gzip is not a coding that is known here"),
        ({"transfer-encoding": "xchunked"}, chunked, "xchunked is another coding than chunked"),
        *(
            ({"content-length": bad}, body * 12, f"Content-Length is {bad!r}: that is not digits and nothing else")
            for bad in ("+5", "-1", "5_0", "0x5", "five", "", "5 5")
        ),
        *(
            (CHUNKED, bad + b"\r\n" + (body * 16)[:kindly] + b"\r\n0\r\n\r\n", f"the chunk's size is {bad!r}")
            for bad, kindly in _BAD_SIZES
        ),
        (CHUNKED, b"4\r\n" + body + b"\r\n0\r\n\r\n", "the chunk is a byte longer than its size says"),
        (CHUNKED, b"5\r\n" + body + b"xy0\r\n\r\n", "two other bytes stand behind the chunk where CRLF must be"),
    ):
        refused(learner, likely, damage, sock, headers, rest, seconds=1.0)


@requirement(
    points=1,
    source="RFC 9112 section 8",
    hint="recv returned b'' and the body is not complete: raise EOFError.",
)
def test_early_end(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """When the other side ends before the body is complete, EOFError is raised."""
    body = rng.randbytes(40)
    for headers, sent, damage in (
        ({"content-length": "41"}, body, "40 of 41 bytes came"),
        ({"content-length": "9"}, b"", "not one byte of the body came"),
        (CHUNKED, b"28\r\n" + body[:20], "the connection ended within a chunk"),
        (CHUNKED, b"28\r\n" + body + b"\r\n", "the connection ended where the next chunk should begin"),
        (CHUNKED, b"28\r\n" + body + b"\r\n0\r\n", "the connection ended before the empty line behind the last chunk"),
    ):
        server = peer(Send(sent), End()) if sent else peer(End())
        busy = learner.cpu_seconds
        try:
            refused(learner, likely, damage, Connected(server.address), headers, b"", error=EOFError, seconds=1.0)
        except Failure:
            likely(learner.cpu_seconds - busy > 0.4, "recv returned b'' again and again")
            raise


def _call(
    learner: Learner, likely: Likely, server: ScriptedPeer, sock: object, headers: dict[str, str], rest: bytes
) -> tuple[bytes, bytes]:
    """Body and rest of one call, whose types are seen to."""
    try:
        got = learner(sock, headers, rest, seconds=1.5)
    except Silent:
        likely(
            "content-length" in headers and len(rest) >= int(headers["content-length"]),
            "the whole body was in rest already, and the other side is silent: nothing more may be received",
        )
        likely(
            "content-length" not in headers and "transfer-encoding" not in headers,
            "there is no body, and the other side is silent: nothing may be received",
        )
        likely(True, "every byte of the body was there: where it ends is told by the head, not by the connection's end")
        raise
    except Raised as raised:
        likely(raised.is_a(EOFError), "everything was sent and the connection is open: there was no early end")
        raise
    fits = isinstance(got, tuple | list) and len(got) == 2 and all(isinstance(one, bytes | bytearray) for one in got)
    assert fits, f"a tuple (body, rest) of two bytes objects must be returned, got {a(got)}"
    return bytes(got[0]), bytes(got[1])


def _same_body(got: bytes, body: bytes) -> None:
    difference = compare(body, got)
    assert difference is None, f"body: {difference}"
