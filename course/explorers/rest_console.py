"""A REST console: a request is really sent to a live API on this computer, and both messages are shown as bytes.

    from explorers.rest_console import rest_console

    rest_console()                        # starts an API of its own, with three items in stock
    rest_console(api.base_url, "/items")  # asks an API that runs already

Between the console and the API stands a tap, so the bytes are those that crossed. The still picture is of the same
exchange; only the port and the Date in it are fixed, so that it comes out alike each time.
"""

from __future__ import annotations

import atexit
import html
import ipaddress
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx
import traitlets

from autograder.loopback import tap, waits

from .figure import Figure
from .http_message import COLOURS
from .http_message_model import TOKEN, parts_of

HERE = Path(__file__)
PATIENCE = 3.0
"""Seconds that the API gets to answer."""
STOCK = (("bolt M4", 80), ("nut M4", 120), ("washer M4", 500))

METHODS = {
    "GET": "safe (it only reads) and idempotent (twice has the effect of once)",
    "HEAD": "safe and idempotent: GET without the body",
    "POST": "neither safe nor idempotent: two of them may create two",
    "PUT": "not safe, but idempotent: the same state twice is the same state",
    "DELETE": "not safe, but idempotent: what is gone stays gone",
    "PATCH": "neither safe nor idempotent (RFC 5789)",
    "OPTIONS": "safe and idempotent: what is possible here?",
}
MEANINGS = {
    200: "Done, and here is the result.",
    201: "Done: there is a new resource. Location says where.",
    204: "Done, and there is nothing to tell; so there is no body.",
    304: "What you have is still right, so it is not sent again.",
    307: "It is elsewhere: send the same request to Location.",
    400: "The request can't be understood. Repeating it will not help.",
    404: "There is no such resource.",
    405: "The resource is there, but not this method. Allow says which it has.",
    409: "It does not fit the state in which the resource is now.",
    412: "The condition in your request does not hold any more, so nothing was done. Fetch it again.",
    422: "Understood, but the content makes no sense here. Repeating it will not help.",
    500: "The server failed. Perhaps it did something, perhaps not.",
    503: "Not now. Retry-After says when.",
}
CLASSES = {
    1: "An answer before the answer.",
    2: "It worked.",
    3: "Look elsewhere, or use what you have.",
    4: "The client made a mistake: change the request before you repeat it.",
    5: "The server failed: the same request may work later.",
}
NO_ANSWER = "The connection ended without an answer. Perhaps the request was carried out, perhaps not."


class Question(NamedTuple):
    """A request as it stands in the form: header lines and body as text."""

    label: str
    method: str
    path: str
    headers: str = ""
    body: str = ""


JSON = "Content-Type: application/json"
EXAMPLES = (
    Question("List the items", "GET", "/items"),
    Question("Read one", "GET", "/items/1"),
    Question("Create one", "POST", "/items", JSON, '{"name": "screw M4", "quantity": 60}'),
    Question(
        "Create one, with a key",
        "POST",
        "/items",
        f"{JSON}\nIdempotency-Key: order-1",
        '{"name": "pin", "quantity": 9}',
    ),
    Question("Replace one", "PUT", "/items/2", JSON, '{"name": "nut M4", "quantity": 119}'),
    Question("Delete one", "DELETE", "/items/3"),
    Question("Read what is not there", "GET", "/items/99"),
    Question("Send what is no item", "POST", "/items", JSON, '{"name": "washer"}'),
    Question("A method it does not have", "PATCH", "/items/1", JSON, '{"quantity": 79}'),
    Question("Ask what there is", "GET", "/openapi.json"),
)


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, as bytes; `status` is None, and `answer` may be empty, where none came."""

    method: str
    request: bytes
    answer: bytes
    status: int | None = None
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    address: str = ""

    def fixed(self) -> Exchange:
        """The same with port 50000 and the Date of 1 January 2026, which have as many bytes."""
        port = self.address.encode()
        stand_in = re.sub(rb"\d{5}$", b"50000", port)

        def fix(data: bytes) -> bytes:
            data = data.replace(port, stand_in) if port else data
            return re.sub(rb"(?mi)(?<=^date: )[^\r]{29}(?=\r)", b"Thu, 01 Jan 2026 00:00:00 GMT", data)

        return Exchange(self.method, fix(self.request), fix(self.answer), self.status, self.headers, self.address)


def exchange(base_url: str, question: Question) -> Exchange:
    """Send a request and write down the bytes of both messages.

    Args:
        base_url: of an API on loopback, without a slash at the end.
        question: what is asked. Host and Content-Length are added where they are missing, nothing else.

    Raises:
        ValueError: the request can't be sent as it stands; the message says why.
        ConnectionError: nobody listens there.
    """
    host, port = _loopback(base_url)
    if question.method not in METHODS:
        raise ValueError(f"there is no method {question.method!r} here; there are {', '.join(METHODS)}")
    if not question.path.startswith("/"):
        raise ValueError(f"the path {question.path!r} must begin with a slash: /items")
    with tap((host, port)) as wire:
        shown = f"[{wire.host}]:{wire.port}" if ":" in wire.host else f"{wire.host}:{wire.port}"
        prefix = urlsplit(base_url).path.rstrip("/")
        headers, content = _header_lines(question.headers), question.body.encode() or None
        limit = waits.seconds(PATIENCE)
        status, found = None, httpx.Headers()
        try:
            request = httpx.Request(
                question.method, f"http://{shown}{prefix}{question.path}", headers=headers, content=content
            )
            with httpx.Client(trust_env=False, timeout=limit) as client:
                answer = client.send(request)
            status, found = answer.status_code, answer.headers
        except (httpx.InvalidURL, httpx.LocalProtocolError) as error:
            raise ValueError(f"this is no HTTP request: {error}") from None
        except httpx.TransportError:
            pass  # no answer, or half of one: the bytes tell
    transcript = wire.transcripts[0] if wire.transcripts else None
    if transcript is None or (refused := [each.text for each in transcript.events if "no connection" in each.text]):
        raise ConnectionError(f"nobody listens at {host}:{port}" + (f" ({refused[0]})" if transcript else ""))
    return Exchange(question.method, transcript.all_sent, transcript.all_received, status, found, shown)


def _loopback(base_url: str) -> tuple[str, int]:
    """Host and port of an http URL on this computer; ValueError for any other."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    try:
        near = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        near = False
    if parts.scheme != "http" or not near or not parts.port:
        raise ValueError(f"base_url={base_url!r}: the console asks only this computer: http://127.0.0.1:PORT")
    return host, parts.port


def _header_lines(text: str) -> list[tuple[str, str]]:
    found = []
    for line in filter(str.strip, text.splitlines()):
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(TOKEN.decode(), name.strip()):
            raise ValueError(f"the header line {line!r} is not of the form Name: value")
        if not value.isascii():
            raise ValueError(f"the header line {line!r} has characters that are not ASCII")
        found.append((name.strip(), value.strip()))
    return found


def meaning(status: int | None) -> str:
    """What a status code says to the client."""
    if status is None:
        return NO_ANSWER
    return MEANINGS.get(status) or CLASSES.get(status // 100, "A class of status that HTTP does not have.")


def next_steps(done: Exchange) -> list[Question]:
    """What the answer itself offers: its links, its Location, and conditions made of its ETag."""
    head = done.request.split(b"\r\n")[0].decode("latin-1").split(" ")
    path = head[1] if len(head) == 3 else "/"
    found = []
    links = httpx.Response(200, headers=done.headers).links
    for relation, link in links.items():
        found.append(Question(f"Follow the link: {relation}", "GET", _near(path, link["url"])))
    if location := done.headers.get("location"):
        found.append(Question("Go to the Location", "GET", _near(path, location)))
    if (tag := done.headers.get("etag")) and done.status in (200, 201, 304):
        item = _near(path, done.headers.get("location", path))
        found.append(Question("Ask again, with If-None-Match", "GET", item, f"If-None-Match: {tag}"))
        if body := _one_less(done.answer.partition(b"\r\n\r\n")[2]):
            found.append(Question("Replace it, with If-Match", "PUT", item, f"{JSON}\nIf-Match: {tag}", body))
    return found


def _one_less(content: bytes) -> str:
    """An item of the stock list as a client sends it, with one piece taken out; "" if it is none."""
    try:
        item = json.loads(content)
        return json.dumps({"name": item["name"], "quantity": max(item["quantity"] - 1, 0)})
    except (ValueError, KeyError, TypeError):
        return ""


def _near(path: str, target: str) -> str:
    """Path and query of a link, wherever it says it leads: the console stays with its API."""
    parts = urlsplit(urljoin(f"http://localhost{path}", target))
    return parts.path + (f"?{parts.query}" if parts.query else "")


def reason(status: int | None) -> str:
    """The code and its phrase in RFC 9110."""
    if status is None:
        return "No answer"
    phrases = {422: "Unprocessable Content"}  # Python up to 3.12 has the older name
    known = {each.value: each.phrase for each in HTTPStatus}
    return f"{status} {phrases.get(status) or known.get(status, '')}".strip()


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n").split("\n")


def words(done: Exchange) -> str:
    """An exchange in plain text."""
    lines = [f"{done.method} is {METHODS[done.method]}.", "", f"Request, {len(done.request)} bytes:"]
    lines += [f"    {line}".rstrip() for line in _lines(done.request)]
    lines += ["", f"Answer, {len(done.answer)} bytes:"]
    lines += [f"    {line}".rstrip() for line in _lines(done.answer)[:40]]
    return "\n".join([*lines, "", f"{reason(done.status)}: {meaning(done.status)}"])


WIDTH, LEFT, ROW, COLUMNS, ROWS = 940, 20, 18, 118, 18
INK, MUTED = "#111827", "#6b7280"
MONO = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
MARKS = {1: "#6b7280", 2: "#1f7a4a", 3: "#1565c0", 4: "#8a6100", 5: "#c92a2a", 0: "#c92a2a"}


def picture(done: Exchange) -> str:
    """Both messages as SVG, line by line, each part in the colour of its kind."""
    title = f"{done.method} and its answer: {reason(done.status)}"
    rows: list[str] = []
    y = 28
    rows.append(_heading(y, f"Request, {len(done.request)} bytes", f"{done.method} is {METHODS[done.method]}"))
    y = _message(rows, y, done.request, "request", done.method)
    y += 34
    rows.append(_heading(y, f"Answer, {len(done.answer)} bytes", "" if done.answer else "none came"))
    y = _message(rows, y, done.answer, "response", done.method)
    y += 36
    colour = MARKS[(done.status or 0) // 100]
    rows.append(f'<rect x="{LEFT}" y="{y - 15}" width="5" height="20" fill="{colour}"/>')
    rows.append(
        f'<text x="{LEFT + 12}" y="{y}" font-size="14" fill="{INK}"><tspan font-weight="bold" fill="{colour}">'
        f"{html.escape(reason(done.status))}</tspan>  {html.escape(meaning(done.status))}</text>"
    )
    y += 28
    kinds = ("method", "target", "version", "status", "reason", "name", "value", "content")
    for number, kind in enumerate(kinds):
        rows.append(f'<text x="{LEFT + 84 * number}" y="{y}" font-size="11" fill="{COLOURS[kind]}">■ {kind}</text>')
    rows.append(f'<text x="{LEFT + 84 * len(kinds)}" y="{y}" font-size="11" fill="{MUTED}">⏎ CRLF</text>')
    height = y + 16
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="sans-serif" '
        f'style="max-width:{WIDTH}px;width:100%"><title>{html.escape(title)}</title>'
        f"<desc>{html.escape(words(done))}</desc>"
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff" stroke="#9ca3af"/>{"".join(rows)}</svg>'
    )


def _heading(y: int, text: str, note: str) -> str:
    return (
        f'<text x="{LEFT}" y="{y}" font-size="14" fill="{INK}"><tspan font-weight="bold">{html.escape(text)}</tspan>'
        f'<tspan dx="14" font-size="12" fill="{MUTED}">{html.escape(note)}</tspan></text>'
    )


def _message(rows: list[str], y: int, data: bytes, side: str, method: str) -> int:
    """Add a message's rows below `y`; the place of the last one."""
    drawn = list(_rows(data, side, method))
    for row in drawn[:ROWS]:
        y += ROW
        spans = "".join(
            f'<tspan fill="{COLOURS.get(part.kind, INK)}"><title>{html.escape(part.told)}</title>'
            f"{html.escape(part.text)}</tspan>"
            for part in row
        )
        rows.append(
            f'<text x="{LEFT}" y="{y}" font-size="12.5" style="font-family:{MONO};white-space:pre">{spans}</text>'
        )
    if len(drawn) > ROWS:
        y += ROW
        left = f"… and {len(drawn) - ROWS} rows more, not shown here"
        rows.append(f'<text x="{LEFT}" y="{y}" font-size="12" fill="{MUTED}">{left}</text>')
    return y


class Piece(NamedTuple):
    """Some text of one part, which fits into a row."""

    kind: str
    text: str
    told: str


def _rows(data: bytes, side: str, method: str) -> Iterator[list[Piece]]:
    row: list[Piece] = []
    used = 0
    for part in parts_of(data, side, method)[0]:
        raw = data[part.start : part.end]
        if part.kind == "line end" or raw in (b"\r\n", b"\n"):
            yield [*row, Piece(part.kind, "⏎", f"{part.kind}: {part.meaning}")]
            row, used = [], 0
            continue
        text = raw.decode("utf-8", "replace")
        text = "".join(char if char.isprintable() else " " for char in text)
        while text:
            room = COLUMNS - used
            row.append(Piece(part.kind, text[:room], f"{part.kind}: {part.meaning}"))
            used += len(text[:room])
            text = text[room:]
            if used >= COLUMNS:
                yield row
                row, used = [], 0
    if row:
        yield row


class RestConsole(Figure):
    """The console, live. The front end writes the form's content and counts up `go`; the kernel sends."""

    _esm = HERE.with_suffix(".js").read_text(encoding="utf-8")
    _css = HERE.with_suffix(".css").read_text(encoding="utf-8")
    method = traitlets.Unicode("GET").tag(sync=True)
    path = traitlets.Unicode("/items").tag(sync=True)
    headers = traitlets.Unicode().tag(sync=True)
    body = traitlets.Unicode().tag(sync=True)
    go = traitlets.Int().tag(sync=True)
    methods: traitlets.List[Any] = traitlets.List(list(METHODS)).tag(sync=True)
    examples: traitlets.List[Any] = traitlets.List().tag(sync=True)
    steps: traitlets.List[Any] = traitlets.List().tag(sync=True)
    history: traitlets.List[Any] = traitlets.List().tag(sync=True)
    svg = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    """Why the last request was not sent; "" while all is well."""

    def __init__(self, base_url: str, question: Question) -> None:
        self._api: Any = None
        self.base_url = base_url or self._start()
        try:
            self._first = self._done = exchange(self.base_url, question)
        except (ValueError, ConnectionError):
            self.stop()
            raise
        super().__init__(
            method=question.method,
            path=question.path,
            headers=question.headers,
            body=question.body,
            examples=[each._asdict() for each in EXAMPLES],
        )
        self._present()
        self.observe(self._went, "go")

    def _start(self) -> str:
        # Imported here, since FastAPI takes a second that a console with a base_url need not wait.
        from autograder.loopback.rest_api import rest_api

        self._api = rest_api([{"name": name, "quantity": quantity} for name, quantity in STOCK], page_size=2)
        atexit.register(self.stop)
        base_url: str = self._api.base_url
        return base_url

    def stop(self) -> None:
        """End the API that this console started; it ends with the kernel in any case. A second time does nothing."""
        if self._api is not None:
            self._api.close()
            atexit.unregister(self.stop)
            self._api = None

    def ask(self, method: str, path: str, headers: str = "", body: str = "") -> Exchange:
        """Send a request as the form does.

        Raises:
            ValueError: it can't be sent as it stands.
            ConnectionError: nobody listens there.
        """
        self._done = exchange(self.base_url, Question("", method, path, headers, body))
        self._present()
        return self._done

    def _went(self, _: object) -> None:
        try:
            self.ask(self.method, self.path, self.headers, self.body)
            self.problem = ""
        except (ValueError, ConnectionError) as error:
            self.problem = str(error)

    def _present(self) -> None:
        done = self._done
        target = (done.request.split(b"\r\n")[0].split(b" ") + [b""])[1].decode("latin-1")
        line = {"asked": f"{done.method} {target}", "answer": str(done.status or "no answer")}
        self.history = [*self.history, line][-8:]
        self.steps = [each._asdict() for each in next_steps(done)]
        self.svg = picture(done)

    def words(self) -> str:
        """The first exchange, with a fixed port and Date."""
        return words(self._first.fixed())

    def picture(self) -> str:
        """The first exchange, with a fixed port and Date."""
        return picture(self._first.fixed())


def rest_console(
    base_url: str = "", path: str = "/items", method: str = "GET", headers: str = "", body: str = ""
) -> RestConsole:
    """Show the console, with the answer to its first request.

    Args:
        base_url: an API on this computer, ``http://127.0.0.1:PORT``; "" starts one, which ends with the kernel.
        path: what the first request asks for, with a query if there is one.
        method: of the first request.
        headers: its header lines, each ``Name: value``.
        body: its content, as text.

    Returns:
        A widget; as the last line of a cell it shows itself.

    Raises:
        ValueError: the request can't be sent as it stands, or the URL is not of this computer.
        ConnectionError: nobody listens there.
    """
    return RestConsole(base_url, Question("", method, path, headers, body))
