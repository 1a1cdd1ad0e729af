"""Make messages out of frames: fragments, interleaved control frames, UTF-8, limits, close codes."""

from random import Random
from typing import Any

from autograder.checks.fixtures import Likely
from autograder.checks.websockets_bytes.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame, new_key
from autograder.checks.websockets_bytes.reading import Event, Reading
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner


@exercise
class MessageReader:
    def __init__(self, from_client: bool = True, max_message: int = 16 * 1024 * 1024) -> None: ...

    def feed(self, data: bytes) -> list[tuple[Any, ...]]:
        raise NotImplementedError


@requirement(
    points=1,
    source="RFC 6455 sections 5.5 and 5.6",
    hint="Call decode_frame in a loop, until it returns None, and keep its rest for the next feed.",
)
def test_messages(learner: Learner, rng: Random, likely: Likely) -> None:
    """Text, binary, ping and pong frames become events, alone or several in one feed, from a client or a server."""
    for from_client in (True, False):
        reading = Reading(learner, from_client)
        key = new_key(rng) if from_client else None
        words, data = f"héllo {rng.randrange(10**6)} \N{ROCKET}", rng.randbytes(200)
        some: list[tuple[str, bytes, Event]] = [
            ("a text message", frame(TEXT, words.encode(), key=key), ("text", words)),
            ("a binary message", frame(BINARY, data, key=key), ("binary", data)),
            ("a ping", frame(PING, data[:9], key=key), ("ping", data[:9])),
            ("a pong", frame(PONG, data[9:11], key=key), ("pong", data[9:11])),
            ("an empty text message", frame(TEXT, key=key), ("text", "")),
            ("an empty binary message", frame(BINARY, key=key), ("binary", b"")),
            ("an empty ping", frame(PING, key=key), ("ping", b"")),
        ]
        for told, sent, event in some:
            got = reading.feed(sent)
            likely(got and got[0] == ("text", words.encode()), "the text is still bytes: a text message is a str")
            reading.compare(told, got, [event])
        got = reading.feed(b"".join(sent for _, sent, _ in some))
        likely(
            [event[:2] for event in got] == [some[0][2]],
            "all seven were fed together, and only the first came out: one feed can complete many frames",
        )
        reading.compare("all of these in one feed", got, [event for _, _, event in some])


@requirement(
    points=1,
    source="RFC 6455 section 5.2; RFC 9293 section 3.9.1.3",
    hint="Keep what is no complete frame yet, and put the next bytes behind it.",
)
def test_pieces(learner: Learner, rng: Random, likely: Likely) -> None:
    """How the bytes are cut makes no difference: one by one, or with the end of one frame and half of the next."""
    key = new_key(rng)
    data = rng.randbytes(130)
    stream = frame(TEXT, "näh".encode(), key=key) + frame(PING, b"?", key=key) + frame(BINARY, data, key=key)
    expected: list[Event] = [("text", "näh"), ("ping", b"?"), ("binary", data)]
    reading, got = Reading(learner), list[Event]()
    for at in range(len(stream)):
        got += reading.feed(stream[at : at + 1])
    reading.compare(f"a text message, a ping and a binary message in {len(stream)} single bytes", got, expected)
    for first in (9, 12, 20, rng.randrange(30, 140)):
        reading, got = Reading(learner), list[Event]()
        for piece in (stream[:first], b"", stream[first:]):
            got += reading.feed(piece)
        reading.compare(f"a text message, a ping and a binary message, cut at byte {first}", got, expected)


@requirement(
    points=1,
    source="RFC 6455 sections 5.4 and 8.1",
    hint="A control frame leaves the message under way alone. A letter may be cut between two fragments.",
)
def test_fragments(learner: Learner, rng: Random, likely: Likely) -> None:
    """Fragments become one message; control frames between them come at once; a letter may be cut in two."""
    key = new_key(rng)
    reading = Reading(learner)
    data = rng.randbytes(30)
    reading.expect("an empty binary fragment", frame(BINARY, fin=False, key=key))
    got = reading.feed(frame(CONTINUATION, data[:10], fin=False, key=key))
    likely(got, "the first fragment was empty; a message has begun all the same")
    reading.compare("a continuation without FIN", got, [])
    got = reading.feed(frame(PING, b"alive?", key=key))
    likely(not got, "the ping waits for the end of the message; it may come between two fragments and is told at once")
    reading.compare("a ping", got, [("ping", b"alive?")])
    reading.expect("an empty continuation without FIN", frame(CONTINUATION, fin=False, key=key))
    reading.expect("a continuation without FIN", frame(CONTINUATION, data[10:29], fin=False, key=key))
    reading.expect("a pong", frame(PONG, key=key), ("pong", b""))
    reading.expect("the last continuation", frame(CONTINUATION, data[29:], key=key), ("binary", data))
    reading.expect("a text message in one frame", frame(TEXT, b"next", key=key), ("text", "next"))

    words = f"é\N{ROCKET}日{rng.randrange(1000)}"
    reading = Reading(learner)
    raw = words.encode()
    for at in range(len(raw)):
        opcode = CONTINUATION if at else TEXT
        got = reading.feed(frame(opcode, raw[at : at + 1], fin=False, key=key))
        likely(
            got[:1] == [("error", 1007)] or (got and got[0][:2] == ("error", 1007)),
            "a letter of several bytes was cut between two fragments: that is allowed, only the whole must be UTF-8",
        )
        reading.compare(f"byte {at + 1} of a text, as a fragment", got, [])
    got = reading.expect("an empty last continuation", frame(CONTINUATION, key=key), ("text", words))


@requirement(
    points=1,
    source="RFC 6455 section 8.1; RFC 3629 section 3",
    hint="codecs.getincrementaldecoder('utf-8') remembers half a letter; final=True insists on whole ones.",
)
def test_utf8(learner: Learner, rng: Random, likely: Likely) -> None:
    """Text that is not UTF-8 is error 1007, told at the fragment after which nothing can mend it."""
    key = new_key(rng)
    good = "good é "
    for told, raw in (
        ("a byte that never occurs", b"\xff"),
        ("a lone continuation byte", b"\x80"),
        ("half a letter", b"\xe6\x97"),
        ("a letter in too many bytes", b"\xc0\xaf"),
        ("half a surrogate pair", b"\xed\xa0\x80"),
        ("a number above U+10FFFF", b"\xf4\x90\x80\x80"),
    ):
        reading = Reading(learner)
        got = reading.feed(frame(TEXT, good.encode() + raw, key=key))
        likely(got[:1] and got[0][0] == "text", "what is not UTF-8 came out as text: it was replaced or dropped")
        reading.compare(f"a text message with {told}", got, [("error", 1007)])
        if told != "half a letter":
            reading = Reading(learner)
            reading.expect("a text fragment", frame(TEXT, good.encode(), fin=False, key=key))
            got = reading.feed(frame(CONTINUATION, raw + b"and more", fin=False, key=key))
            likely(not got, "nothing that follows can make this UTF-8: the error is due now, not at the message's end")
            reading.compare(f"a continuation without FIN, with {told}", got, [("error", 1007)])
    reading = Reading(learner)
    reading.expect("a text fragment that ends inside a letter", frame(TEXT, b"caf\xc3", fin=False, key=key))
    reading.expect("an empty last continuation", frame(CONTINUATION, key=key), ("error", 1007))
    reading = Reading(learner)
    reading.expect("a text fragment that ends inside a letter", frame(TEXT, b"caf\xc3", fin=False, key=key))
    beginning = frame(CONTINUATION, b"x", fin=False, key=key)
    reading.expect("a continuation that begins with another letter", beginning, ("error", 1007))
    for odd in ("\ufeffmark", "\x00", "\uffff", "\U0010ffff", "\ud7ff\ue000"):
        raw = odd.encode()
        reading = Reading(learner)
        reading.expect(f"a text message of {odd!a}", frame(TEXT, raw, key=key), ("text", odd))
    reading = Reading(learner)
    reading.expect("a binary message that is no UTF-8", frame(BINARY, b"\xff\xc0", key=key), ("binary", b"\xff\xc0"))


@requirement(
    points=1,
    source="RFC 6455 sections 5.5.1, 7.1.5 and 7.4",
    hint="Two bytes of code in network byte order, then the reason. No payload: 1005. One byte: an error.",
)
def test_close(learner: Learner, rng: Random, likely: Likely) -> None:
    """A close frame gives its code and reason and is the last event; a code that may not be sent is error 1002."""
    key = new_key(rng)
    for code in (1000, 1001, 1003, 1007, 1011, 3000, rng.randrange(3001, 4999), 4999):
        reason = rng.choice(["", "bye é", "x" * 123])
        reading = Reading(learner)
        sent = frame(CLOSE, code.to_bytes(2, "big") + reason.encode(), key=key)
        got = reading.feed(frame(PING, key=key) + sent + frame(TEXT, b"late", key=key))
        likely(
            got[1:2] == [("close", int.from_bytes(code.to_bytes(2, "big"), "little"), reason)] and code != got[1][1],
            "the close code was read with its low byte first",
        )
        likely(got[2:] and got[2][0] == "text", "after a close frame nothing counts any more")
        reading.compare(f"a ping, a close with {code} and a text", got, [("ping", b""), ("close", code, reason)])
        reading.expect("another text", frame(TEXT, b"later", key=key))
    reading = Reading(learner)
    reading.expect("a text fragment", frame(TEXT, b"half", fin=False, key=key))
    reading.expect("a close without a payload", frame(CLOSE, key=key), ("close", 1005, ""))
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535):
        reading = Reading(learner)
        got = reading.feed(frame(CLOSE, code.to_bytes(2, "big"), key=key))
        likely(got[:1] and got[0][0] == "close", f"{code} came out as a close code, and nobody may send it")
        reading.compare(f"a close with the code {code}", got, [("error", 1002)])
    reading = Reading(learner)
    reading.expect("a close with a payload of one byte", frame(CLOSE, b"\x03", key=key), ("error", 1002))
    reading = Reading(learner)
    reading.expect("a close whose reason is not UTF-8", frame(CLOSE, b"\x03\xe8\xff", key=key), ("error", 1007))


@requirement(
    points=1,
    source="RFC 6455 sections 5.1, 5.2, 5.4 and 7.1.7",
    hint="Is a message under way? A continuation needs one, a text or binary frame must not have one.",
)
def test_rules(learner: Learner, rng: Random, likely: Likely) -> None:
    """A broken rule is error 1002, after the events before it; then nothing more comes."""
    key = new_key(rng)
    before = frame(TEXT, b"before", key=key)
    start = frame(TEXT, b"begun", fin=False, key=key)
    for told, sent in (
        ("a continuation where no message has begun", frame(CONTINUATION, b"?", key=key)),
        ("a text in two fragments and a further continuation", start + 2 * frame(CONTINUATION, key=key)),
        ("a text frame inside an unfinished text", start + frame(TEXT, b"new", key=key)),
        ("a binary frame inside an unfinished text", start + frame(BINARY, b"new", fin=False, key=key)),
        ("a frame without a mask", frame(TEXT, b"bare")),
        ("a frame with RSV1", frame(TEXT, b"odd", key=key, rsv=4)),
        ("a ping in fragments", frame(PING, b"half", fin=False, key=key)),
        ("opcode 5", frame(5, key=key)),
    ):
        reading = Reading(learner)
        told = f"a text message, then {told}"
        expected: list[Event] = [("text", "before"), ("error", 1002)]
        if "further" in told:
            expected.insert(1, ("text", "begun"))
        got = reading.feed(before + sent + frame(TEXT, b"after", key=key))
        likely(
            got and got[0][0] == "error" and got[0][1:2] == (1002,),
            "the text message before the error is gone: it was complete, so it is told",
        )
        reading.compare(told + ", then a text", got, expected)
        reading.expect("another text", frame(TEXT, b"later", key=key))
    reading = Reading(learner, False)
    reading.expect("a server's frame with a mask", frame(TEXT, b"hi", key=key), ("error", 1002))


@requirement(
    points=1,
    source="RFC 6455 sections 7.4.1 and 10.4",
    hint="decode_frame has a limit: give it the room that the message under way still has.",
)
def test_limit(learner: Learner, rng: Random, likely: Likely) -> None:
    """A message longer than max_message, fragments together, is error 1009 as soon as a header announces it."""
    key = new_key(rng)
    limit = rng.randrange(300, 5000)
    data = rng.randbytes(limit)
    reading = Reading(learner, True, limit)
    for told, sent in (("a message", frame(BINARY, data, key=key)), ("another message", frame(BINARY, data, key=key))):
        reading.expect(f"{told} of just {limit} bytes", sent, ("binary", data))
    reading.expect("a fragment of all bytes but 9", frame(BINARY, data[9:], fin=False, key=key))
    got = reading.feed(frame(PING, data[:100], key=key))
    likely(got and got[0][0] == "error", "a ping is no part of the message: its bytes do not count")
    reading.compare("a ping of 100 bytes", got, [("ping", data[:100])])
    reading.expect("the last 9 bytes", frame(CONTINUATION, data[:9], key=key), ("binary", data[9:] + data[:9]))

    for told, opcode, size, sent in (
        (f"the header of a message of {limit + 1} bytes", BINARY, limit + 1, b""),
        ("the header of a message of 2**40 bytes", BINARY, 1 << 40, b""),
        (
            f"a fragment of {limit - 5} bytes and the header of a continuation of 6",
            CONTINUATION,
            6,
            frame(BINARY, data[5:], fin=False, key=key),
        ),
    ):
        reading = Reading(learner, True, limit)
        header = frame(opcode, length=size, key=key)
        got = reading.feed(sent + header)
        likely(not got, "the header says that the message will be too long: nobody waits for the rest of it")
        reading.compare(told, got, [("error", 1009)])
    reading = Reading(learner, True, 10)
    got = reading.feed(frame(TEXT, "ééééé".encode(), key=key) + frame(TEXT, "éééééé".encode(), key=key))
    likely(got[1:2] == [("text", "éééééé")], "the second text has 6 letters and 12 bytes: max_message counts bytes")
    reading.compare("texts of 10 and 12 bytes, where 10 are allowed", got, [("text", "ééééé"), ("error", 1009)])
