"""The cases, by section. A server under test echoes text and binary messages of up to 16 MiB (`LIMIT`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.checks.websockets_bytes.conformance.case import (
    BAD_DATA,
    GOOD_HEAD,
    NO_FRAME,
    OBJECTIONS,
    PROTOCOL_ERROR,
    TOO_BIG,
    Await,
    Case,
    End,
    Outcome,
    Send,
    Step,
)
from autograder.checks.websockets_bytes.conformance.frames import Fill, Frame, Payload
from autograder.checks.websockets_bytes.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT

KIB, MIB = 1024, 1024 * 1024
LIMIT = 16 * MIB
"""Bytes of the longest message that the server must take."""

SIZES = (0, 125, 126, 127, 128, 65535, 65536, 65537)
"""Where one form of the length ends and the next begins (RFC 6455 section 5.2), and a step to either side."""

LETTERS = b"Every length has its own form. "
OCTETS = bytes(range(255, -1, -1)) + b"\x00\xff"

Part = Frame | bytes
Message = tuple[str, Payload]

GOODBYE = Send((Frame(CLOSE, (1000).to_bytes(2, "big")),))
"""A normal end (section 7.4.1)."""


def closing(code: int, reason: bytes = b"") -> Frame:
    """A Close frame."""
    return Frame(CLOSE, code.to_bytes(2, "big") + reason)


def works(
    name: str,
    source: str,
    parts: Sequence[Part],
    messages: Sequence[Message] = (),
    pongs: Sequence[bytes] = (),
    *,
    chop: int = 0,
    gap: float = 0.001,
    **options: bool | float,
) -> Case:
    """All is well: the answers come, and then a Close is answered."""
    count = len(messages) + len(pongs)
    steps: list[Step] = [Send(tuple(parts), chop, gap)]
    steps += [Await(count)] if count else []
    allowed = [Outcome(messages=tuple(messages), pongs=tuple(pongs))]
    if len(set(pongs)) > 1:
        allowed += [
            Outcome(messages=tuple(messages), pongs=tuple(pongs[skipped:]), why="only late pings answered (5.5.3)")
            for skipped in range(1, len(pongs))
        ]
    heavy = bool(options.get("heavy", False))
    return Case(name, source, (*steps, GOODBYE), tuple(allowed), patience=5.0 if heavy else 1.0, heavy=heavy)


def refused(
    name: str,
    source: str,
    parts: Sequence[Part],
    code: int,
    messages: Sequence[Message] = (),
    *,
    chop: int = 0,
    before: Sequence[Part] = (),
    also: Sequence[int] = (),
    heavy: bool = False,
) -> Case:
    """A rule is broken, and the server fails the connection (section 7.1.7).

    Args:
        before: what is sent first, and answered with `messages`.
        also: other codes that are as good.
    """
    steps: list[Step] = [Send(tuple(before)), Await(len(messages))] if before and messages else []
    if before and not messages:
        steps = [Send(tuple(before))]
    steps.append(Send(tuple(parts), chop))
    return Case(name, source, tuple(steps), failing(code, messages, also=also), heavy=heavy, patience=5 if heavy else 1)


def failing(code: int, messages: Sequence[Message] = (), *, also: Sequence[int] = ()) -> tuple[Outcome, ...]:
    """The ways to fail a connection: the code, another objection, no Close frame."""
    told = tuple(messages)
    return (
        Outcome(messages=told, codes=frozenset({code, *also})),
        Outcome("lenient", told, codes=OBJECTIONS, why=f"{code} says it better (7.4.1)"),
        Outcome("lenient", told, codes=frozenset({NO_FRAME}), why="a Close frame should be sent first (7.1.7)"),
    )


def handshake() -> Iterator[Case]:
    """Section 4.2: which openings are accepted, which are turned down."""

    def accepted(what: str, source: str, head: bytes, chop: int = 0) -> Case:
        steps = (Send((Frame(TEXT, b"hello"),)), Await(1), GOODBYE)
        return Case(f"handshake: {what}", source, steps, (Outcome(messages=(("text", b"hello"),)),), head, chop)

    def turned_down(what: str, source: str, head: bytes, *best: int, header: tuple[str, str] | None = None) -> Case:
        first = Outcome(status=frozenset(best), header=header)
        others = frozenset(range(400, 506))
        why = "another status of refusal: those that the RFC names are examples"
        allowed = (first, Outcome("lenient", status=others, header=header, why=why))
        return Case(f"handshake: {what}", source, (), allowed, head)

    def without(name: bytes) -> bytes:
        return b"\r\n".join(line for line in GOOD_HEAD.split(b"\r\n") if not line.startswith(name + b":"))

    def other(old: bytes, new: bytes) -> bytes:
        assert old in GOOD_HEAD
        return GOOD_HEAD.replace(old, new)

    def more(line: bytes) -> bytes:
        return GOOD_HEAD.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n")

    upgrade, connection = b"Upgrade: websocket", b"Connection: Upgrade"
    key, version = b"dGhlIHNhbXBsZSBub25jZQ==", b"Version: 13"
    yield accepted("the RFC's own example", "1.3", GOOD_HEAD)
    yield accepted("in chops of 7 bytes", "4.2.1", GOOD_HEAD, 7)
    yield accepted("names in small letters", "4.2.1", GOOD_HEAD.replace(b"Sec-WebSocket", b"sec-websocket"))
    yield accepted("Upgrade: WebSocket", "4.2.1", other(upgrade, b"UPGRADE: WebSocket"))
    yield accepted("Connection: keep-alive, Upgrade", "4.2.1", other(connection, b"Connection: keep-alive, Upgrade"))
    yield accepted("Connection: upgrade", "4.2.1", other(connection, b"connection: upgrade"))
    yield accepted("no space behind a colon", "4.2.1", other(upgrade, b"Upgrade:websocket"))
    yield accepted("white space around a value", "4.2.1", other(upgrade, b"Upgrade: \t websocket \t"))
    yield accepted("a query in the path", "4.2.1", other(b"GET /echo", b"GET /echo/deep?room=1&name=%C3%A9"))
    yield accepted("a subprotocol offered", "4.2.2", more(b"Sec-WebSocket-Protocol: chat, superchat"))
    yield accepted("an unknown extension offered", "9.1", more(b"Sec-WebSocket-Extensions: x-unknown; level=3"))
    yield accepted("an Origin and a Cookie", "4.2.1", more(b"Origin: http://localhost\r\nCookie: a=b; c=d"))
    yield accepted("a header of 2000 bytes", "4.2.1", more(b"X-Long: " + b"x" * 2000))
    yield turned_down("no Upgrade", "4.2.1", without(b"Upgrade"), 400, 426)
    yield turned_down("Upgrade: h2c", "4.2.1", other(upgrade, b"Upgrade: h2c"), 400, 426)
    yield turned_down("no Connection", "4.2.1", without(b"Connection"), 400, 426)
    yield turned_down("Connection: close", "4.2.1", other(connection, b"Connection: close"), 400, 426)
    yield turned_down("no key", "4.2.1", without(b"Sec-WebSocket-Key"), 400)
    yield turned_down("an empty key", "4.2.1", other(key, b""), 400)
    yield turned_down("a key of 10 bytes", "4.2.1", other(key, b"dGVuIGJ5dGVzIQ=="), 400)
    yield turned_down("a key that is no base64", "4.2.1", other(key, b"not_base64_at_all!!!!==="), 400)
    yield turned_down("no version", "4.4", without(b"Sec-WebSocket-Version"), 400, 426)
    asks = ("sec-websocket-version", "13")
    yield turned_down("version 12", "4.4", other(version, b"Version: 12"), 400, 426, header=asks)
    yield turned_down("version 99", "4.4", other(version, b"Version: 99"), 400, 426, header=asks)
    yield turned_down("POST", "4.2.1", other(b"GET ", b"POST "), 400, 405)
    yield turned_down("HTTP/1.0", "4.2.1", other(b"HTTP/1.1", b"HTTP/1.0"), 400, 426, 505)
    yield turned_down("no Host", "4.2.1", without(b"Host"), 400)
    yield turned_down("a line without a colon", "4.2.1", more(b"a line without its mark"), 400, NO_FRAME)
    yield turned_down("no HTTP at all", "4.2.1", b"\x16\x03\x01\x02\x00 hello server \r\n\r\n", 400, NO_FRAME)
    yield turned_down("it ends in the middle", "4.2.1", GOOD_HEAD[:80], 400, NO_FRAME)


def framing() -> Iterator[Case]:
    """Section 5.2: every form of the length, whole and in chops."""
    for kind, opcode, unit in (("text", TEXT, LETTERS), ("binary", BINARY, OCTETS)):
        for size in SIZES:
            message = Fill(unit, size)
            yield works(
                f"framing: {kind} of {size} bytes", "5.2", [Frame(opcode, message)], [(kind, message)]
            )
        for size in SIZES:
            message, chop = Fill(unit, size), 1 if size == 0 else 11 if size < 200 else 4093
            frame = Frame(opcode, message, key=b"\x01\x80\xfe\x7f")
            name = f"framing: {kind} of {size} bytes in chops of {chop}"
            yield works(name, "5.2", [frame], [(kind, message)], chop=chop)
    three = [("text", b"one"), ("binary", b"\x00\x02"), ("text", b"three")]
    frames = [Frame(TEXT, b"one"), Frame(BINARY, b"\x00\x02"), Frame(TEXT, b"three")]
    yield works("framing: three messages in one piece", "5.2", frames, three)
    yield works("framing: three messages, cut across their borders", "5.2", frames, three, chop=5)
    yield works("framing: a header byte by byte", "5.2", [Frame(TEXT, Fill(LETTERS, 130))],
                [("text", Fill(LETTERS, 130))], chop=1)  # fmt: skip


def lengths() -> Iterator[Case]:
    """Section 5.2: the minimal number of bytes, and the bit that must be 0."""
    for size, extended in ((0, 2), (1, 2), (125, 2), (0, 8), (125, 8), (126, 8), (65535, 8)):
        frame = Frame(BINARY, Fill(OCTETS, size), extended=extended)
        yield refused(f"lengths: {size} written in {extended} bytes", "5.2", [frame], PROTOCOL_ERROR)
    for opcode, name in ((PING, "ping"), (CLOSE, "close")):
        frame = Frame(opcode, b"\x03\xe8", extended=2)
        yield refused(f"lengths: a {name} of 2 bytes, written in 2 more", "5.2", [frame], PROTOCOL_ERROR)
    top = Frame(TEXT, b"no end", announced=2**63 + 6)
    yield refused("lengths: the uppermost of 64 bits is set", "5.2", [top], PROTOCOL_ERROR, also=[TOO_BIG])


def masking() -> Iterator[Case]:
    """Sections 5.1 and 5.3: from the client masked, with any key; to the client never."""
    for name, frame in (
        ("text", Frame(TEXT, b"open", key=None)),
        ("an empty text", Frame(TEXT, key=None)),
        ("binary", Frame(BINARY, b"\x00\x01", key=None)),
        ("a text of 126 bytes", Frame(TEXT, Fill(LETTERS, 126), key=None)),
        ("a text of 65536 bytes", Frame(TEXT, Fill(LETTERS, 65536), key=None)),
        ("a ping", Frame(PING, b"open", key=None)),
        ("a pong", Frame(PONG, b"open", key=None)),
        ("a close", Frame(CLOSE, b"\x03\xe8", key=None)),
    ):
        yield refused(f"masking: {name} without a mask", "5.1", [frame], PROTOCOL_ERROR)
    good = Frame(TEXT, b"good")
    yield refused("masking: without a mask after a good message", "5.1", [Frame(TEXT, b"bad", key=None)],
                  PROTOCOL_ERROR, [("text", b"good")], before=[good])  # fmt: skip
    rest = [Frame(TEXT, b"first, ", fin=False), Frame(CONTINUATION, b"second", key=None)]
    yield refused("masking: the second fragment without a mask", "5.1", rest, PROTOCOL_ERROR)
    for name, key in (("zeros", bytes(4)), ("ones", b"\xff" * 4), ("four different bytes", b"\x00\x0f\xf0\xff")):
        for size in (5, 131, 65539):
            message = Fill(OCTETS, size)
            frame = Frame(BINARY, message, key=key)
            yield works(f"masking: a key of {name}, {size} bytes", "5.3", [frame], [("binary", message)])
    keys = [Frame(TEXT, b"each frame", key=b"abcd"), Frame(TEXT, b"its own key", key=b"\x01\x02\x03\x04")]
    yield works("masking: a new key in each frame", "5.3", keys, [("text", b"each frame"), ("text", b"its own key")])
    parts = [Frame(TEXT, b"abc", fin=False, key=b"wxyz"), Frame(CONTINUATION, b"defgh", key=b"\xaa\xbb\xcc\xdd")]
    yield works("masking: a new key in each fragment", "5.3", parts, [("text", b"abcdefgh")])


def reserved() -> Iterator[Case]:
    """Section 5.2: RSV1 to RSV3 are 0 unless an extension was agreed on."""
    for bits in range(1, 8):
        frame = Frame(TEXT, b"reserved", reserved=bits)
        yield refused(f"reserved: text with RSV {bits:03b}", "5.2", [frame], PROTOCOL_ERROR)
    for name, frame in (
        ("binary with RSV 010", Frame(BINARY, b"\x00", reserved=2)),
        ("an empty text with RSV 100", Frame(TEXT, reserved=4)),
        ("a ping with RSV 001", Frame(PING, b"?", reserved=1)),
        ("a pong with RSV 100", Frame(PONG, b"!", reserved=4)),
        ("a close with RSV 010", Frame(CLOSE, b"\x03\xe8", reserved=2)),
    ):
        yield refused(f"reserved: {name}", "5.2", [frame], PROTOCOL_ERROR)
    parts = [Frame(TEXT, b"first, ", fin=False), Frame(CONTINUATION, b"second", reserved=4)]
    yield refused("reserved: the second fragment with RSV 100", "5.2", parts, PROTOCOL_ERROR)
    bad = Frame(TEXT, b"reserved", reserved=4)
    yield refused("reserved: after a good message", "5.2", [bad], PROTOCOL_ERROR, [("text", b"good")],
                  before=[Frame(TEXT, b"good")])  # fmt: skip
    yield refused("reserved: in chops of 1", "5.2", [bad], PROTOCOL_ERROR, chop=1)


def opcodes() -> Iterator[Case]:
    """Section 5.2: opcodes 3 to 7 and 11 to 15 are reserved."""
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield refused(f"opcodes: {opcode}", "5.2", [Frame(opcode, b"what?")], PROTOCOL_ERROR)
    yield refused("opcodes: 3 without a payload", "5.2", [Frame(3)], PROTOCOL_ERROR)
    for opcode in (3, 11):
        yield refused(f"opcodes: {opcode} after a good message", "5.2", [Frame(opcode, b"what?")], PROTOCOL_ERROR,
                      [("text", b"good")], before=[Frame(TEXT, b"good")])  # fmt: skip
    yield refused("opcodes: 5 between two fragments", "5.2", [Frame(TEXT, b"a", fin=False), Frame(5, b"?")],
                  PROTOCOL_ERROR)  # fmt: skip


def control() -> Iterator[Case]:
    """Sections 5.5.2 and 5.5.3: a ping is answered with its own payload, a pong with nothing."""
    for name, payload in (
        ("without a payload", b""),
        ("with text", b"are you there?"),
        ("with bytes that are no text", b"\x00\xff\xfe\xfd\x80"),
        ("of 125 bytes", bytes(range(125))),
    ):
        yield works(f"control: a ping {name}", "5.5.2", [Frame(PING, payload)], pongs=[payload])
    yield works("control: a ping of 125 bytes in chops of 9", "5.5.2", [Frame(PING, b"\xfe" * 125)],
                pongs=[b"\xfe" * 125], chop=9)  # fmt: skip
    for size in (126, 127, 65536):
        yield refused(f"control: a ping of {size} bytes", "5.5", [Frame(PING, Fill(OCTETS, size))], PROTOCOL_ERROR)
    yield refused("control: a pong of 126 bytes", "5.5", [Frame(PONG, Fill(OCTETS, 126))], PROTOCOL_ERROR)
    for name, frame in (
        ("ping", Frame(PING, b"half", fin=False)),
        ("pong", Frame(PONG, b"half", fin=False)),
        ("close", Frame(CLOSE, b"\x03\xe8", fin=False)),
    ):
        yield refused(f"control: a fragmented {name}", "5.5", [frame], PROTOCOL_ERROR)
    yield works("control: a pong that nobody asked for", "5.5.3", [Frame(PONG, b"unasked")])
    yield works("control: an empty pong, and then a message", "5.5.3", [Frame(PONG), Frame(TEXT, b"and now")],
                [("text", b"and now")])  # fmt: skip
    yield works("control: a pong, and then a ping", "5.5.3", [Frame(PONG, b"mine"), Frame(PING, b"yours")],
                pongs=[b"yours"])  # fmt: skip
    ten = [b"ping %d" % number for number in range(10)]
    pings = [Frame(PING, payload) for payload in ten]
    yield works("control: ten pings in one piece", "5.5.3", pings, pongs=ten)
    yield works("control: ten pings in chops of 13", "5.5.3", pings, pongs=ten, chop=13)
    mixed = [Frame(PING, b"p"), Frame(TEXT, b"m"), Frame(PING, b"p"), Frame(BINARY, b"\x80")]
    yield works("control: pings between messages", "5.5.2", mixed, [("text", b"m"), ("binary", b"\x80")], [b"p", b"p"])


def fragments() -> Iterator[Case]:
    """Section 5.4: a message in fragments, control frames between them, nothing else between them."""

    def cut(kind: int, pieces: Sequence[Payload]) -> list[Frame]:
        last = len(pieces) - 1
        return [Frame(CONTINUATION if n else kind, piece, fin=n == last) for n, piece in enumerate(pieces)]

    two = cut(TEXT, [b"one, ", b"two"])
    whole: list[Message] = [("text", b"one, two")]
    ping = Frame(PING, b"between")
    yield works("fragments: two", "5.4", two, whole)
    yield works("fragments: two, in chops of 3", "5.4", two, whole, chop=3)
    binary = cut(BINARY, [b"\x00", b"\xff\xfe", b"\x80"])
    yield works("fragments: three of binary", "5.4", binary, [("binary", b"\x00\xff\xfe\x80")])
    yield works("fragments: three empty ones", "5.4", cut(TEXT, [b"", b"", b""]), [("text", b"")])
    yield works("fragments: an empty first one", "5.4", cut(TEXT, [b"", b"late"]), [("text", b"late")])
    yield works("fragments: an empty middle one", "5.4", cut(TEXT, [b"a", b"", b"b"]), [("text", b"ab")])
    yield works("fragments: an empty last one", "5.4", cut(TEXT, [b"all", b""]), [("text", b"all")])
    letters = [bytes([letter]) for letter in b"letter by letter"]
    yield works("fragments: letter by letter", "5.4", cut(TEXT, letters), [("text", b"letter by letter")])
    sizes = [Fill(OCTETS, size) for size in (125, 126, 127, 65535, 65536)]
    joined = b"".join(map(bytes, sizes))
    yield works("fragments: of every form of length", "5.4", cut(BINARY, sizes), [("binary", joined)])
    yield works("fragments: two messages of two", "5.4", [*two, *two], [*whole, *whole])
    yield works("fragments: a ping between two", "5.4", [two[0], ping, two[1]], whole, [b"between"])
    yield works("fragments: a ping between two, in chops of 4", "5.4", [two[0], ping, two[1]], whole, [b"between"],
                chop=4)  # fmt: skip
    waits = (Send((two[0], ping)), Await(1), Send((two[1],)), Await(2), GOODBYE)
    answered = (Outcome(messages=tuple(whole), pongs=(b"between",)),)
    yield Case("fragments: the pong comes before the message has ended", "5.4", waits, answered)
    yield works("fragments: two pings between, with other payloads", "5.4",
                [two[0], Frame(PING, b"1"), Frame(PING, b"2"), two[1]], whole, [b"1", b"2"])  # fmt: skip
    yield works("fragments: a pong between two", "5.4", [two[0], Frame(PONG, b"by the way"), two[1]], whole)
    five = cut(TEXT, [b"1", b"2", b"3", b"4", b"5"])
    woven: list[Part] = [item for frame in five for item in (frame, Frame(PING, b"same"))]
    yield works("fragments: a ping after each of five", "5.4", woven, [("text", b"12345")], [b"same"] * 5)
    nothing = [Frame(CONTINUATION, b"of what?")]
    yield refused("fragments: a continuation of nothing", "5.4", nothing, PROTOCOL_ERROR)
    started = [Frame(CONTINUATION, b"of what?", fin=False), Frame(CONTINUATION, b"of that")]
    yield refused("fragments: continuations of nothing", "5.4", started, PROTOCOL_ERROR)
    yield refused("fragments: a continuation after a whole message", "5.4", nothing, PROTOCOL_ERROR,
                  [("text", b"whole")], before=[Frame(TEXT, b"whole")])  # fmt: skip
    yield refused("fragments: a continuation after the last fragment", "5.4", nothing, PROTOCOL_ERROR, whole,
                  before=two)  # fmt: skip
    for name, frame in (
        ("a new text", Frame(TEXT, b"new")),
        ("a new binary message", Frame(BINARY, b"new")),
        ("a new fragmented text", Frame(TEXT, b"new", fin=False)),
    ):
        yield refused(f"fragments: {name} inside an unfinished message", "5.4", [two[0], frame], PROTOCOL_ERROR)
    inside = [two[0], ping, Frame(TEXT, b"new")]
    case = refused("fragments: a new text behind a ping in the middle", "5.4", inside, PROTOCOL_ERROR)
    with_pong = tuple(
        Outcome(one.rank, pongs=pongs, codes=one.codes, why=one.why)
        for one in case.allowed
        for pongs in ((b"between",), ())
    )
    yield Case(case.name, case.source, case.steps, with_pong)


GOOD_TEXTS = {
    "one byte each": "plain",
    "two bytes each": "ñøéß",
    "three bytes each": "κόσμε €中文",
    "four bytes each": "😀🂡𝄞",
    "all sizes mixed": "a¢€😀a",
    "U+0000": "\x00",
    "U+007F and U+0080": "\x7f\x80",
    "U+07FF and U+0800": "\u07ff\u0800",
    "U+D7FF and U+E000": "\ud7ff\ue000",
    "U+FFFF and U+10000": "\uffff\U00010000",
    "U+10FFFF": "\U0010ffff",
    "noncharacters": "\ufdd0\ufffe\U0001fffe",
    "a byte order mark": "\ufeffmark",
    "combining marks": "e\u0301 o\u0308",
}

BAD_TEXTS = {
    "a lone continuation byte": b"\x80",
    "a lone continuation byte behind text": b"text\xbf",
    "two bytes, the second missing": b"\xc3",
    "three bytes, the last missing": b"\xe2\x82",
    "four bytes, the last missing": b"\xf0\x9f\x98",
    "two bytes, the second wrong": b"\xc3\x28",
    "three bytes, the third wrong": b"\xe2\x82\x28",
    "four bytes, the fourth wrong": b"\xf0\x9f\x98\x28",
    "an overlong slash in two bytes": b"\xc0\xaf",
    "an overlong slash in three bytes": b"\xe0\x80\xaf",
    "an overlong slash in four bytes": b"\xf0\x80\x80\xaf",
    "an overlong U+0000": b"\xc0\x80",
    "an overlong U+07FF": b"\xe0\x9f\xbf",
    "an overlong U+FFFF": b"\xf0\x8f\xbf\xbf",
    "the surrogate U+D800": b"\xed\xa0\x80",
    "the surrogate U+DFFF": b"\xed\xbf\xbf",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "U+110000": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "six bytes": b"\xfc\x84\x80\x80\x80\x80",
    "the byte 0xFE": b"\xfe",
    "the byte 0xFF": b"\xff",
    "Latin-1": "café".encode("latin-1"),
    "good text before and behind": b"\xce\xba\xe1\xbd\xb9 \xed\xa0\x80 edited",
}


def utf8() -> Iterator[Case]:
    """Section 8.1: a text message is UTF-8, as a whole and not in each fragment."""
    for name, text in GOOD_TEXTS.items():
        data = text.encode()
        yield works(f"utf8: {name}", "8.1", [Frame(TEXT, data)], [("text", data)])
    cut_up = "é€😀".encode()
    for at in range(1, len(cut_up)):
        parts = [Frame(TEXT, cut_up[:at], fin=False), Frame(CONTINUATION, cut_up[at:])]
        yield works(f"utf8: two fragments, cut at byte {at} of é€😀", "5.6", parts, [("text", cut_up)])
    single = [
        Frame(CONTINUATION if at else TEXT, cut_up[at : at + 1], fin=at == len(cut_up) - 1)
        for at in range(len(cut_up))
    ]
    yield works("utf8: a fragment for each byte of é€😀", "5.6", single, [("text", cut_up)])
    yield works("utf8: a ping within a code point", "5.6", [single[0], Frame(PING, b"\xff"), *single[1:]],
                [("text", cut_up)], [b"\xff"])  # fmt: skip
    yield works("utf8: in chops of 1", "8.1", [Frame(TEXT, cut_up)], [("text", cut_up)], chop=1)
    yield works("utf8: bytes that are no text, in a binary message", "5.6", [Frame(BINARY, b"\xc3\x28\xff")],
                [("binary", b"\xc3\x28\xff")])  # fmt: skip
    for name, data in BAD_TEXTS.items():
        yield refused(f"utf8: {name}", "8.1", [Frame(TEXT, data)], BAD_DATA)
    halves = [Frame(TEXT, b"\xe2\x82", fin=False), Frame(CONTINUATION, b"\xac\xac")]
    yield refused("utf8: wrong only when put together", "8.1", halves, BAD_DATA)
    unfinished = [Frame(TEXT, b"\xe2", fin=False), Frame(CONTINUATION, b"\x82")]
    yield refused("utf8: the last fragment ends within a code point", "8.1", unfinished, BAD_DATA)
    yield refused("utf8: wrong in a second message", "8.1", [Frame(TEXT, b"\xff")], BAD_DATA, [("text", b"good")],
                  before=[Frame(TEXT, b"good")])  # fmt: skip


def failing_fast() -> Iterator[Case]:
    """Section 8.1: the sooner wrong UTF-8 is noticed, the better; the RFC gives no time, so later is lenient."""

    def at_once(name: str, first: Sequence[Part], rest: Sequence[Part], *, late: str) -> Case:
        steps = (Send(tuple(first)), Await(0, seconds=0.3), Send(tuple(rest)))
        early = Outcome(codes=frozenset({BAD_DATA}), early=True)
        other = Outcome("lenient", codes=frozenset({*OBJECTIONS, NO_FRAME}), why=late)
        same = [Outcome(codes=frozenset({BAD_DATA}))] if late.startswith("a frame") else []
        return Case(f"fail-fast: {name}", "8.1", steps, (early, *same, other))

    late = "noticed only when the message had ended"
    end = Frame(CONTINUATION, b" and so on")
    for name, wrong in (
        ("a surrogate", b"\xed\xa0\x80"),
        ("a byte 0xFF", b"so far so good \xff"),
        ("a code point above U+10FFFF", b"\xf4\x90"),
    ):
        yield at_once(f"{name} in the first of two fragments", [Frame(TEXT, wrong, fin=False)], [end], late=late)
    middle = [Frame(TEXT, b"good \xe2", fin=False), Frame(CONTINUATION, b"\x28", fin=False)]
    yield at_once("a code point broken by the second of three fragments", middle, [end], late=late)
    frame = bytes(Frame(TEXT, b"\xff" + b"x" * 99))
    within = "a frame may be read as a whole"
    yield at_once("within a frame", [frame[:40]], [frame[40:]], late=within)


def close() -> Iterator[Case]:
    """Sections 5.5.1 and 7: a Close is answered with a Close; codes and reasons."""

    def closes(name: str, frame: Frame, *allowed: Outcome) -> Case:
        return Case(f"close: {name}", "5.5.1", (Send((frame,)),), allowed)

    def with_code(code: int | None) -> Outcome:
        return Outcome(codes=frozenset({code}))

    typical = "a Close typically echoes the code (5.5.1)"
    yield closes("without a code", Frame(CLOSE), Outcome(codes=frozenset({None, 1000})))
    yield closes("1000 with a reason", closing(1000, b"that is all"), with_code(1000))
    yield closes("1000 with a reason in Greek", closing(1000, "τέλος".encode()), with_code(1000))
    yield closes("1000 with a reason of 123 bytes", closing(1000, b"x" * 123), with_code(1000))
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
        other = Outcome("lenient", codes=frozenset({1000, None}), why=typical)
        yield closes(f"code {code}", closing(code), with_code(code), other)
    for code in (1012, 1013, 1014):
        both = Outcome(codes=frozenset({code, PROTOCOL_ERROR}), why="registered later, with IANA")
        other = Outcome("lenient", codes=frozenset({1000, None}), why=typical)
        yield closes(f"code {code}", closing(code), both, other)
    for code in (0, 1, 999, 1004, 1005, 1006, 1015):
        yield refused(f"close: code {code}", "7.4", [closing(code)], PROTOCOL_ERROR)
    for code in (1016, 1100, 2000, 2999, 5000, 65535):
        case = refused(f"close: code {code}", "7.4.2", [closing(code)], PROTOCOL_ERROR)
        taken = Outcome("lenient", codes=frozenset({code, 1000, None}), why="not defined, but not forbidden by name")
        yield Case(case.name, case.source, case.steps, (*case.allowed, taken))
    yield refused("close: a body of one byte", "5.5.1", [Frame(CLOSE, b"\x03")], PROTOCOL_ERROR)
    yield refused("close: a reason of 124 bytes", "5.5", [closing(1000, b"x" * 124)], PROTOCOL_ERROR)
    yield refused("close: a reason that is not UTF-8", "5.5.1", [closing(1000, b"\xce\xba\xff")], BAD_DATA,
                  also=[PROTOCOL_ERROR])  # fmt: skip
    late = [closing(1000), Frame(TEXT, b"too late")]
    yield Case("close: a message behind it is ignored", "5.5.1", (Send(tuple(late)),), (with_code(1000),))
    late = [closing(1000), Frame(PING, b"too late")]
    yield Case("close: a ping behind it is ignored", "5.5.1", (Send(tuple(late)),), (with_code(1000),))
    late = [closing(1000), closing(1001)]
    yield Case("close: a second one is ignored", "5.5.1", (Send(tuple(late)),), (with_code(1000),))
    yield Case("close: something wrong behind it is ignored", "5.5.1",
               (Send((closing(1000), Frame(3, b"?", reserved=7, key=None))),), (with_code(1000),))  # fmt: skip
    yield works("close: behind a message", "5.5.1", [Frame(TEXT, b"last words")], [("text", b"last words")])
    both_at_once = (Send((Frame(TEXT, b"last words"), closing(1000))),)
    echoed = Outcome(messages=(("text", b"last words"),))
    left_out = Outcome("lenient", why="the echo was left out, because the client has closed already")
    yield Case("close: in one piece with a message", "5.5.1", both_at_once, (echoed, left_out))
    unfinished = (Send((Frame(TEXT, b"never fini", fin=False), closing(1001))),)
    yield Case("close: in the middle of a message", "5.5.1", unfinished,
               (with_code(1001), Outcome("lenient", codes=frozenset({1000, None}), why=typical)))  # fmt: skip
    paced = (Send((closing(1000, b"slowly"),), chop=1),)
    yield Case("close: in chops of 1", "5.5.1", paced, (with_code(1000),))
    any_way = frozenset({NO_FRAME, None, 1000, 1001, 1002, 1011})
    gone = (Send((Frame(TEXT, b"and gone"),)), Await(1), End())
    yield Case("close: the connection ends without one", "7.1.4", gone,
               (Outcome(messages=(("text", b"and gone"),), codes=any_way),))  # fmt: skip
    broken_off = (Send((bytes(Frame(TEXT, b"and gone"))[:9],)), End())
    yield Case("close: the connection ends within a frame", "7.1.4", broken_off, (Outcome(codes=any_way),))


def limits() -> Iterator[Case]:
    """Sections 7.4.1 and 10.4: longer than 16 MiB is too big, however it is said."""
    for name, announced in (("16 MiB and a byte", LIMIT + 1), ("a tebibyte", 2**40), ("2^63 - 1 bytes", 2**63 - 1)):
        frame = Frame(BINARY, b"the beginning", announced=announced)
        yield refused(f"limits: {name} announced", "10.4", [frame], TOO_BIG)
    first = [Frame(BINARY, Fill(OCTETS, MIB), fin=False), Frame(CONTINUATION, b"then", announced=LIMIT - MIB + 1)]
    yield refused("limits: 16 MiB and a byte announced by the second fragment", "10.4", first, TOO_BIG)
    many = [Frame(CONTINUATION if n else TEXT, Fill(LETTERS, MIB), fin=n == 16, key=bytes(4)) for n in range(17)]
    yield refused("limits: 17 fragments of 1 MiB", "10.4", many, TOO_BIG, heavy=True)


def performance() -> Iterator[Case]:
    """Long messages, many messages, many fragments."""
    for size in (MIB, 4 * MIB, LIMIT):
        for kind, opcode, unit in (("text", TEXT, LETTERS), ("binary", BINARY, OCTETS)):
            message = Fill(unit, size)
            yield works(f"performance: {kind} of {size // MIB} MiB", "5.2", [Frame(opcode, message)],
                        [(kind, message)], heavy=True)  # fmt: skip
    for total, piece in ((MIB // 4, 64), (4 * MIB, 4 * KIB), (4 * MIB, 64 * KIB), (LIMIT, MIB)):
        count = total // piece
        even = bytes(range(64))  # so that pieces put together are one Fill again
        parts = [Frame(CONTINUATION if n else BINARY, Fill(even, piece), fin=n == count - 1) for n in range(count)]
        yield works(f"performance: {total // KIB} KiB in fragments of {piece} bytes", "5.4", parts,
                    [("binary", Fill(even, total))], heavy=True)  # fmt: skip
    message = Fill(LETTERS, MIB)
    yield works("performance: text of 1 MiB in chops of 1460", "5.2", [Frame(TEXT, message)], [("text", message)],
                chop=1460, gap=0.0, heavy=True)  # fmt: skip
    for count, size in ((1000, 0), (1000, 16), (1000, 126), (300, 16 * KIB)):
        message = Fill(LETTERS, size)
        yield works(f"performance: {count} messages of {size} bytes at once", "5.2", [Frame(TEXT, message)] * count,
                    [("text", message)] * count, heavy=True)  # fmt: skip
    for size in (64, 70000):
        message = Fill(OCTETS, size)
        steps = [step for n in range(1, 101) for step in (Send((Frame(BINARY, message),)), Await(n))]
        yield Case(f"performance: 100 messages of {size} bytes, one after the other", "5.2", (*steps, GOODBYE),
                   (Outcome(messages=(("binary", message),) * 100),), heavy=True)  # fmt: skip


SECTIONS = {
    "handshake": handshake,
    "framing": framing,
    "lengths": lengths,
    "masking": masking,
    "reserved": reserved,
    "opcodes": opcodes,
    "control": control,
    "fragments": fragments,
    "utf8": utf8,
    "fail-fast": failing_fast,
    "close": close,
    "limits": limits,
    "performance": performance,
}
"""What makes the cases of each section."""

CASES: tuple[Case, ...] = tuple(case for make in SECTIONS.values() for case in make())


def of_section(section: str) -> tuple[Case, ...]:
    """The cases of one section."""
    return tuple(case for case in CASES if case.section == section)
