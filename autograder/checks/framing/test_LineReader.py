"""Read lines of text from a stream, whatever the pieces they arrive in."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from random import Random

from autograder.checks.fixtures import Likely, Peer
from autograder.checks.framing.probes import noticing_a_spin
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Failure, Silent
from autograder.judge.learner import Handle, Learner
from autograder.judge.recipes import Connected
from autograder.loopback import Hold, Send, SendPaced

LIMIT = 10_000
"""Bytes that a line may have where the requirement is not about the limit."""

THREW_AWAY = "lines came together in one piece, and an earlier call threw away what followed its own line"


@exercise
class LineReader:
    def __init__(self, sock: socket.socket, limit: int) -> None: ...

    def readline(self) -> str | None: ...


@requirement(
    points=1,
    source="RFC 9293 section 3.9.1.3",
    hint="recv, look for b'\\n', return what stands before it. Only recv again if there is none.",
)
def test_line(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A line comes back as text, without its end, as soon as its LF is there."""
    line = _text(rng, 30)
    server = peer(Send(line.encode() + b"\n"), Hold(10.0))
    reader = learner.keep(Connected(server.address), LIMIT)
    _reads(reader, line, likely)


@requirement(
    points=1,
    source="RFC 9293 section 3.9.1.3",
    hint="What follows the LF is the beginning of the next line: keep it in the object.",
    needs="test_line",
)
def test_several(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Lines that arrive together come back one a call, in order, empty ones too; the last is completed later."""
    lines = [_text(rng, 12), "", _text(rng, 300), _text(rng, 1), "", ""]
    last = _text(rng, 20)
    start = "\n".join([*lines, last[:7]]).encode()
    server = peer(SendPaced(start + last[7:].encode() + b"\n", size=len(start), gap=0.05), Hold(10.0))
    reader = learner.keep(Connected(server.address), LIMIT)
    for number, line in enumerate([*lines, last]):
        try:
            _reads(reader, line, likely, later=[*lines[number + 1 :], last, last[7:]])
        except Silent:
            likely(number > 0, THREW_AWAY)
            raise


@requirement(
    points=1,
    source="RFC 9112 section 2.2; RFC 5234 appendix B.1",
    hint="Look for LF alone. Then one CR at the end of what stands before it goes, too.",
    needs="test_line",
)
def test_crlf(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """CRLF ends a line as LF does, also when CR and LF arrive apart; one CR goes, any other stays."""
    first, second, third = (_text(rng, 9) for _ in range(3))
    sent = f"{first}\r\n{second}\n\r\n{third}\r\r\n".encode()
    for one_byte in (False, True):
        server = peer(Send(sent), Hold(10.0))
        reader = learner.keep(Connected(server.address, one_byte=one_byte), LIMIT)
        for line in (first, second, "", third + "\r"):
            _reads(reader, line, likely)


@requirement(
    points=1,
    source="RFC 3629 section 3; man 2 recv",
    hint="Collect bytes, and decode a line when it is whole: a letter may have four bytes.",
    needs="test_line",
)
def test_pieces(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Lines that arrive byte by byte, cut inside their letters, come back whole; no UTF-8 is ValueError."""
    lines = [f"café 日本 \N{ROCKET} {_text(rng, 5)}", _text(rng, 30)]
    server = peer(Send("".join(f"{line}\n" for line in lines).encode()), Hold(10.0))
    reader = learner.keep(Connected(server.address, one_byte=True), LIMIT)
    for line in lines:
        _reads(reader, line, likely)
    server = peer(Send(b"caf\xe9\n"), Hold(10.0))
    reader = learner.keep(Connected(server.address), LIMIT)
    reader.must_raise(ValueError, "readline")


@requirement(
    points=1,
    source="docs.python.org: str.splitlines, str.strip",
    hint="splitlines knows ten ends of a line, strip takes all white space. LF is the only end here.",
    needs="test_line",
)
def test_only_line_ends(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Nothing but LF ends a line: lone CRs, form feeds, other separators and spaces are part of it."""
    middle = _text(rng, 4)
    for line in (f"  a\rb {middle} \t", f"\x0b{middle}\x0c\x1c\x85\u2028.", f"\\n{middle}\x00 "):
        server = peer(Send(f"{line}\n".encode()), Hold(10.0))
        reader = learner.keep(Connected(server.address), LIMIT)
        _reads(reader, line, likely)


@requirement(
    points=1,
    source="the contract; RFC 9112 section 2.3",
    hint="Count bytes without the line's end. The buffer must not grow for ever while no LF comes.",
    needs="test_line",
)
def test_limit(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """A line of exactly limit bytes is read; a longer one raises ValueError, even before its end comes."""
    limit = rng.randrange(100, 200) * 2
    line = "é" * (limit // 2)
    for end in ("\n", "\r\n"):
        server = peer(Send((line + end).encode()), Hold(10.0))
        reader = learner.keep(Connected(server.address), limit)
        _reads(reader, line, likely)
    for sent, said in (
        (f"{line}x\r\n".encode(), f"the line has {limit + 1} bytes and the limit is {limit}"),
        (b"x" * (limit + 50), f"{limit + 50} bytes and no LF came, and the limit is {limit}: this line is too long"),
    ):
        server = peer(Send(sent), Hold(10.0))
        reader = learner.keep(Connected(server.address), limit)
        try:
            reader.must_raise(ValueError, "readline", seconds=1.0)
        except Failure:
            likely(True, f"{said}; bytes are counted, not letters")
            raise


@requirement(
    points=1,
    source="man 2 recv: the return value 0",
    hint="b'' with an empty buffer is the end: None. b'' with half a line in it is an error: EOFError.",
    needs="test_line",
)
def test_end(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """After the last line None comes, as often as one asks; an end inside a line raises EOFError."""
    line, cut = _text(rng, 12), _text(rng, 8)
    server = peer(Send(f"{line}\n\n".encode()))
    reader = learner.keep(Connected(server.address), LIMIT)
    _reads(reader, line, likely)
    _reads(reader, "", likely)
    for _ in range(2):
        with noticing_a_spin(learner, likely):
            got = reader.call("readline")
        likely(got == "", "'' is an empty line; here no line came")
        assert got is None, f"at the end of the stream None must come back, got {got!r}"
    server = peer(Send(f"{line}\n{cut}".encode()))
    reader = learner.keep(Connected(server.address), LIMIT)
    _reads(reader, line, likely)
    try:
        with noticing_a_spin(learner, likely):
            reader.must_raise(EOFError, "readline")
    except Failure:
        likely(True, f"the stream ended after {cut!r}, without an LF: perhaps only half of the line came")
        raise


@requirement(
    points=1,
    source="docs.python.org: class and instance variables",
    hint="What belongs to one reader is made in __init__: self.buffer = b''.",
    needs="test_line",
)
def test_two_readers(learner: Learner, peer: Peer, rng: Random, likely: Likely) -> None:
    """Two readers on two sockets do not disturb each other."""
    lines = [_text(rng, 9) for _ in range(4)]
    readers = []
    for first, second in (lines[:2], lines[2:]):
        server = peer(Send(f"{first}\n{second}\n".encode()), Hold(10.0))
        readers.append(learner.keep(Connected(server.address), LIMIT))
    for number in (0, 1):
        for reader, line in ((readers[0], lines[number]), (readers[1], lines[2 + number])):
            got = reader.call("readline")
            likely(
                got != line and got in lines,
                "this line came on the other reader's socket: what is assigned in the class, outside of __init__, is "
                "one object for all",
            )
            assert got == line, f"the line {line!r} must come back, got {got!r}"


def _reads(reader: Handle, line: str, likely: Likely, later: Sequence[str] = ()) -> None:
    """Call readline once, and see that this line comes back and none of the later ones."""
    got = reader.call("readline")
    likely(got == line.encode(), "these are bytes: text is asked, decoded as UTF-8")
    if isinstance(got, str):
        likely(got in (line + "\n", line + "\r\n"), "the line's end is still there")
        likely(got == line + "\r", "the line ended in CRLF, and its CR is still there")
        likely(got == line.rstrip("\r") != line, "one CR belongs to the line's end, and more than that is missing")
        likely(got == line.strip() != line, "white space that belongs to the line is missing")
        likely(got and got != line and got in later, THREW_AWAY)
        likely(got and got != line and line.startswith(got), "only the beginning of the line came back")
        likely(got.startswith(line + "\n"), "more than one line came back")
    shown, come = (text if len(text) <= 90 else f"{text[:87]}..." for text in (repr(line), repr(got)))
    assert got == line, f"the line {shown} must come back, got {come}"


def _text(rng: Random, length: int) -> str:
    return rng.randbytes(length).hex()[:length]
