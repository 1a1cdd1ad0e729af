"""An HTTP/1.1 message as bytes, part by part, and what h11 says about it.

`parts_of` reads leniently, so that a broken message can be shown as well: whatever breaks a rule becomes a
part of its own, of the kind "odd". `verdict_of` asks h11, an independent parser.
The rules are those of RFC 9112; sections are named where they are applied.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import h11

SIDES = ("request", "response")
# RFC 9110, section 5.6.2: the characters of a token, and so of a field's name.
TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST_LINE = re.compile(rb"(%s)( )([^ \r\0]+)( )(HTTP/\d\.\d)" % TOKEN)
STATUS_LINE = re.compile(rb"(HTTP/\d\.\d)( )(\d{3})(?:( )([^\r\0]*))?")
FIELD_LINE = re.compile(rb"(%s)(:)([ \t]*)([^\r\0]*?)([ \t]*)" % TOKEN)
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]+)([ \t]*;[^\r\0]*)?")
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}


class Part(NamedTuple):
    """Bytes `start` to `end - 1` of a message: what they are, and what that means."""

    kind: str
    start: int
    end: int
    meaning: str


class Verdict(NamedTuple):
    """What h11 says: `outcome` is "accepted", "refused" or "waiting", `sentences` tell it step by step."""

    outcome: str
    sentences: tuple[str, ...]


def from_notation(text: str) -> bytes:
    """The bytes that a text in the explorer's notation stands for.

    A line break is written `\\r\\n`; there are also `\\t`, `\\\\` and `\\xNN`. Real line breaks of the text stand for
    nothing, and all other characters for their UTF-8.

    Raises:
        ValueError: a backslash that begins none of these.
    """
    found = []
    for piece in re.findall(r"\\x[0-9A-Fa-f]{2}|\\[^\n]?|[^\\\n\r]+", text):
        if piece[0] != "\\":
            found.append(piece.encode())
        elif len(piece) == 4:
            found.append(bytes.fromhex(piece[2:]))
        elif piece[1:] in ESCAPES:
            found.append(ESCAPES[piece[1:]])
        else:
            raise ValueError(f"{piece} is none of \\r \\n \\t \\\\ \\xNN")
    return b"".join(found)


def to_notation(data: bytes) -> str:
    """The bytes in the explorer's notation, with a real line break after each `\\n`."""
    found = []
    for char in data.decode("utf-8", "surrogateescape"):
        code = ord(char)
        if 0xDC80 <= code <= 0xDCFF:
            found.append(f"\\x{code - 0xDC00:02x}")
        elif char in "\r\n\t\\":
            found.append({"\r": "\\r", "\n": "\\n\n", "\t": "\\t", "\\": "\\\\"}[char])
        else:
            found.append(char if code >= 32 and code != 127 else f"\\x{code:02x}")
    return "".join(found).rstrip("\n")


class _Reader:
    """Cuts a message into parts from front to back; every byte gets into exactly one part."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.parts: list[Part] = []

    def add(self, kind: str, size: int, meaning: str) -> None:
        """The next `size` bytes are a part; nothing is added for none."""
        if size:
            self.parts.append(Part(kind, self.position, self.position + size, meaning))
            self.position += size

    def line(self) -> bytes | None:
        """The rest of this line without its end; None if no LF follows any more."""
        end = self.data.find(b"\n", self.position)
        if end < 0:
            return None
        line = self.data[self.position : end]
        return line[:-1] if line.endswith(b"\r") else line

    def line_end(self, meaning: str = "CRLF ends the line.") -> None:
        """The end of the line: CRLF, or LF alone."""
        if self.data.startswith(b"\r\n", self.position):
            self.add("line end", 2, meaning)
        else:
            self.add("odd", 1, "LF alone. A sender must write CRLF; a recipient may forgive LF (section 2.2).")

    def rest(self, kind: str, meaning: str) -> None:
        """All that is left."""
        self.add(kind, len(self.data) - self.position, meaning)


def parts_of(data: bytes, side: str = "request", method: str = "GET") -> tuple[list[Part], str]:
    """Cut a message into parts.

    Args:
        data: the bytes.
        side: "request" or "response".
        method: for a response, the method of the request it answers: an answer to HEAD has no body.

    Returns:
        The parts, in order and without gaps, and a sentence: how the end of the body was found.
    """
    if side not in SIDES:
        raise ValueError(f"side must be one of {', '.join(SIDES)}, not {side!r}")
    reader = _Reader(data)
    if (start := reader.line()) is None:
        reader.rest("odd", "The start line has no end yet.")
        return reader.parts, "The head is not complete: its first line has no end yet."
    status = _start_line(reader, start, side)
    fields = _fields(reader, "field")
    if fields is None:
        return reader.parts, "The head is not complete: the empty line is missing."
    framing = _body(reader, side, method, status, fields)
    reader.rest("beyond", "Not of this message. On a kept connection the next message begins here.")
    return reader.parts, framing


def _start_line(reader: _Reader, line: bytes, side: str) -> int:
    """Request line or status line (sections 3 and 4); the status code, 0 where there is none."""
    pattern = REQUEST_LINE if side == "request" else STATUS_LINE
    if (found := pattern.fullmatch(line)) is None:
        form = "method SP target SP version" if side == "request" else "version SP status SP reason"
        reader.add("odd", len(line), f"Not of the form {form}.")
        reader.line_end()
        return 0
    space = ("space", "One space, exactly.")
    if side == "request":
        names = [
            ("method", "The method: what to do. Capitals count: get is not GET."),
            space,
            ("target", "The target: what to do it with, here a path, perhaps with a query."),
            space,
            ("version", "The version that the sender speaks."),
        ]
    else:
        names = [
            ("version", "The version that the server speaks."),
            space,
            ("status", "The status code: three digits; the first one is the class."),
            space,
            ("reason", "The reason phrase: for people only. A client ignores it, and it may be empty."),
        ]
    for text, (kind, meaning) in zip(found.groups(), names, strict=True):
        reader.add(kind, len(text or b""), meaning)
    reader.line_end("CRLF ends the start line.")
    return int(found[3]) if side == "response" else 0


def _fields(reader: _Reader, what: str) -> list[tuple[str, str]] | None:
    """Field lines up to the empty line (section 5); None if that is missing."""
    fields: list[tuple[str, str]] = []
    while (line := reader.line()) is not None:
        if not line:
            reader.line_end("The empty line: the head ends here." if what == "field" else "The empty line: the end.")
            return fields
        if found := FIELD_LINE.fullmatch(line):
            name, colon, before, value, after = found.groups()
            reader.add("name", len(name), f"A {what}'s name. Capitals do not count.")
            reader.add("colon", len(colon), "The colon follows the name at once.")
            reader.add("space", len(before), "Optional space: not part of the value.")
            reader.add("value", len(value), f"The {what}'s value.")
            reader.add("space", len(after), "Optional space: not part of the value.")
            fields.append((name.decode().lower(), value.decode("latin-1")))
        else:
            reader.add("odd", len(line), _oddity(line))
        reader.line_end()
    reader.rest("odd", "A line that has no end yet.")
    return None


def _oddity(line: bytes) -> str:
    """Why a line is no field line."""
    if line[:1] in b" \t":
        return "A folded line (obs-fold): a server must refuse it or put spaces in its place (section 5.2)."
    if re.match(TOKEN + rb"[ \t]+:", line):
        return "Space before the colon: a server must refuse the request with 400 (section 5.1)."
    if b"\r" in line:
        return "CR without LF: invalid, or to be read as a space (section 2.2)."
    if b"\0" in line:
        return "A NUL byte, which no field may hold (RFC 9110, section 5.5)."
    return "Not of the form name, colon, value."


def _body(reader: _Reader, side: str, method: str, status: int, fields: list[tuple[str, str]]) -> str:
    """Mark the body by the rules of section 6.3, in their order; the sentence that names the rule."""
    coding = [value for name, value in fields if name == "transfer-encoding"]
    lengths = {item.strip() for name, value in fields if name == "content-length" for item in value.split(",")}
    if side == "response" and (method == "HEAD" or status // 100 == 1 or status in (204, 304)):
        why = "an answer to HEAD" if method == "HEAD" else f"status {status}"
        return f"No body: {why} never has one, whatever the fields say."
    both = " Content-Length is there too: an attempt to smuggle, perhaps, and best refused." if lengths else ""
    if coding:
        if not re.fullmatch(r"(.*,)?[ \t]*chunked[ \t]*", coding[-1], re.IGNORECASE):
            return "The last transfer coding is not chunked: in a request, the end cannot be known."
        return _chunks(reader) + both
    if lengths:
        if len(lengths) > 1:
            return "Two lengths that differ: nobody can know the end. An error that nothing repairs."
        if not re.fullmatch("[0-9]+", length := lengths.pop()):
            return f"Content-Length is no number: {length!r}. An error that nothing repairs."
        there = len(reader.data) - reader.position
        wanted = int(length)
        reader.add("content", min(wanted, there), "The content, counted by Content-Length.")
        missing = f" {wanted - there} of them are missing." if there < wanted else ""
        return f"Content-Length: the {wanted} bytes after the empty line.{missing}"
    if side == "request":
        return "No body: a request without Content-Length and Transfer-Encoding has none."
    reader.rest("content", "The content: everything until the server closes.")
    return "No length: everything until the server closes. The client cannot tell an end from a crash."


def _chunks(reader: _Reader) -> str:
    """A chunked body with its trailer section (section 7.1)."""
    total = 0
    while (line := reader.line()) is not None:
        if (found := CHUNK_LINE.fullmatch(line)) is None:
            reader.add("odd", len(line), "Not a chunk size: hexadecimal digits and nothing else.")
            return "Chunked, but a size is unreadable: where this message ends, nobody knows."
        size = int(found[1], 16)
        reader.add("chunk size", len(found[1]), f"The size of the next chunk, in hexadecimal: {size}.")
        reader.add("extension", len(found[2] or b""), "A chunk extension: to be ignored when unknown.")
        reader.line_end("CRLF ends the size.")
        if size == 0:
            ended = _fields(reader, "trailer field") is not None
            return f"Chunked: {total} bytes of content." if ended else "Chunked: the last empty line is missing."
        there = len(reader.data) - reader.position
        reader.add("content", min(size, there), f"The content of a chunk: {size} bytes.")
        total += min(size, there)
        if not reader.data[reader.position :]:
            return "Chunked: more is to come."
        if not reader.data.startswith(b"\r\n", reader.position):
            return "Chunked, but no CRLF follows the chunk: its size is wrong."
        reader.line_end("CRLF ends the chunk. It does not count as content.")
    reader.rest("odd", "A line that has no end yet.")
    return "Chunked: the chunk of size 0 is missing."


def verdict_of(data: bytes, side: str = "request", method: str = "GET") -> Verdict:
    """Give the bytes to h11: a request to a server, a response to a client.

    After a request the client says nothing more and waits. After a response the server closes.
    """
    told = []
    connection = h11.Connection(h11.SERVER if side == "request" else h11.CLIENT)
    if side == "response":
        connection.send(h11.Request(method=method, target="/", headers=[("Host", "example")]))
        connection.send(h11.EndOfMessage())
    size = 0
    fed = data
    try:
        connection.receive_data(data)
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                told.append(f"Request: {event.method.decode()} {event.target.decode()}, {_counted(event.headers)}.")
            elif isinstance(event, h11.Response | h11.InformationalResponse):
                told.append(f"Response: {event.status_code}, {_counted(event.headers)}.")
            elif isinstance(event, h11.Data):
                size += len(event.data)
            elif isinstance(event, h11.EndOfMessage):
                told.append(f"Body: {size} bytes. The message is complete.")
                if left := connection.trailing_data[0]:
                    told.append(f"Left over for the next message: {len(left)} byte{'' if len(left) == 1 else 's'}.")
                return Verdict("accepted", tuple(told))
            elif event is h11.NEED_DATA and side == "response" and fed:
                connection.receive_data(fed := b"")
            else:
                body = f" {size} bytes of the body have come." if told else ""
                return Verdict("waiting", (*told, f"It waits: the message is not complete.{body}"))
    except h11.RemoteProtocolError as error:
        status = f" A server answers {error.error_status_hint}." if side == "request" else ""
        return Verdict("refused", (*told, f"{_sentence(error)}{status}"))


def _counted(headers: h11._headers.Headers) -> str:
    return f"{len(headers)} field{'' if len(headers) == 1 else 's'}"


def _sentence(error: Exception) -> str:
    """h11's own words, with bytes written as bytes."""
    return re.sub(r"bytearray\((b'.*?'|b\".*?\")\)", r"\1", str(error)).removesuffix(".") + "."
