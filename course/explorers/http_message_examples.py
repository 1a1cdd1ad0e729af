"""The messages that the HTTP message explorer offers: right ones first, then broken ones."""

from __future__ import annotations

from typing import NamedTuple


class Example(NamedTuple):
    """A message in the explorer's notation; `method` is that of the request which a response answers."""

    key: str
    title: str
    side: str
    source: str
    note: str
    method: str = "GET"


def _lines(*lines: str) -> str:
    """Lines, each ended by CRLF; a line without an end can be added to the result."""
    return "".join(f"{line}\\r\\n\n" for line in lines)


POST = ("POST /notes HTTP/1.1", "Host: example.org")

EXAMPLES = (
    Example(
        "get",
        "Request: GET",
        "request",
        _lines("GET /hello.txt?lang=de HTTP/1.1", "Host: example.org", "Accept: text/plain", ""),
        "A start line, two fields, an empty line, no body. Host is the one field that no request may lack.",
    ),
    Example(
        "post",
        "Request: POST with Content-Length",
        "request",
        _lines(*POST, "Content-Type: text/plain; charset=utf-8", "Content-Length: 9", "") + "Grüße!\\r\\n",
        "Six characters and a CRLF make ten bytes, for ü and ß take two each. The length says nine, and one byte falls "
        "into the next message. Make it right.",
    ),
    Example(
        "chunked",
        "Request: POST in chunks",
        "request",
        _lines(*POST, "Transfer-Encoding: chunked", "")
        + _lines("5", "hello", "7;why=because", ", world", "0", "Checked: yes", ""),
        "Each chunk brings its size along, so the sender need not know the whole. After the chunk of size 0 "
        "there may be more fields, the trailer.",
    ),
    Example(
        "pipelined",
        "Two requests in one stream",
        "request",
        _lines("GET /one HTTP/1.1", "Host: example.org", "", "GET /two HTTP/1.1", "Host: example.org", ""),
        "The second request begins where the first one ends. A server that throws away what it has read too much "
        "loses it.",
    ),
    Example(
        "ok",
        "Response: 200 with Content-Length",
        "response",
        _lines("HTTP/1.1 200 OK", "Content-Type: text/plain; charset=utf-8", 'ETag: "v1"', "Content-Length: 9", "")
        + "Grüße!\\n",
        "The length counts bytes: nine, for seven characters.",
    ),
    Example(
        "head",
        "Response to HEAD",
        "response",
        _lines("HTTP/1.1 200 OK", "Content-Type: text/plain; charset=utf-8", "Content-Length: 9", ""),
        "The fields of the answer to GET, and no body. Only who remembers the question can read this answer.",
        "HEAD",
    ),
    Example(
        "not-modified",
        "Response: 304 Not Modified",
        "response",
        _lines("HTTP/1.1 304 Not Modified", 'ETag: "v1"', ""),
        "What you have is still right: a head, and never a body.",
    ),
    Example(
        "until-close",
        "Response without a length",
        "response",
        _lines("HTTP/1.1 200 OK", "Content-Type: text/plain", "") + "hello\\n",
        "Allowed, and old. The connection can serve nothing else, and a crash looks like an end.",
    ),
    Example(
        "cut",
        "Broken: a response cut short",
        "response",
        _lines("HTTP/1.1 200 OK", "Content-Length: 20", "") + "hello\\n",
        "The server promised 20 bytes and closed after 6. With a length, a client can tell.",
    ),
    Example(
        "space-colon",
        "Broken: space before the colon",
        "request",
        _lines(*POST, "Content-Length : 5", "") + "hello",
        "One parser trims the name and reads five bytes of body. Another one knows no field of this name and takes "
        "hello for the next request. So a server must refuse it (RFC 9112, section 5.1).",
    ),
    Example(
        "fold",
        "Broken: a folded line",
        "request",
        _lines("GET / HTTP/1.1", "Host: example.org", "X-Long: one", "  two", ""),
        "A server has the choice: refuse with 400, or put spaces in place of the fold (section 5.2). h11 chooses the "
        "second. The exercise will choose the first.",
    ),
    Example(
        "both",
        "Broken: both lengths",
        "request",
        _lines(*POST, "Content-Length: 32", "Transfer-Encoding: chunked", "", "0", "")
        + _lines("GET /admin HTTP/1.1")
        + "X: y\\r\\n",
        "By Content-Length this is one request, by its chunks it is one and the beginning of another. Transfer-"
        "Encoding wins, as h11 has it; but such a message ought to be handled as an error (section 6.3), and whoever "
        "answers it must close (section 6.1).",
    ),
    Example(
        "two-lengths",
        "Broken: two lengths that differ",
        "request",
        _lines(*POST, "Content-Length: 5", "Content-Length: 6", "") + "hello!",
        "No reading of this is right (section 6.3): 400, and close.",
    ),
    Example(
        "chunk-size",
        "Broken: a bad chunk size",
        "request",
        _lines(*POST, "Transfer-Encoding: chunked", "", "0x5", "hello", "0", ""),
        "Sizes are bare hexadecimal digits. `int(text, 16)` of Python takes 0x5, +5 and 1_0 as well.",
    ),
    Example(
        "bare-cr",
        "Broken: CR without LF",
        "request",
        _lines("GET / HTTP/1.1", "Host: example.org", "X: one\\rY: two", ""),
        "A parser that ends lines at CR sees two fields here, another one sees one. Invalid (section 2.2).",
    ),
    Example(
        "lf",
        "Broken: LF only",
        "request",
        "GET / HTTP/1.1\\n\nHost: example.org\\n\n\\n\n",
        "A sender must not, a recipient may forgive it (section 2.2), and h11 does. A reader that looks for CRLF CRLF "
        "waits for ever.",
    ),
    Example(
        "no-host",
        "Broken: Host is missing",
        "request",
        _lines("GET / HTTP/1.1", "Accept: */*", ""),
        "Many sites share one address, and Host tells which of them is meant. Without it, or with two: 400 "
        "(section 3.2).",
    ),
)
