"""A SOAP 1.1 service on loopback, with a WSDL: fares, announcements and the timetable of a small ferry line.

The style is document/literal, wrapped: the Body holds one element, named after the operation, whose children are the
parameters; the answer's element has the same name with ``Response`` after it. All are in the namespace `FERRY`.

==========================  ===============================================================================
``Fare``                    adults, bicycles (int) -> cents (int); Client fault below 1 adult or 0 bicycles
``Announce``                ship (string), text (string or nil) -> line (string), length (int, characters)
``Timetable``               harbour (string) -> crossing*: departs, ship, remark (string or nil);
                            Client fault for a harbour that no ship calls at
==========================  ===============================================================================

Sources: SOAP 1.1 (W3C Note, 8 May 2000) and WSDL 1.1 (W3C Note, 15 March 2001); sections are named where they count.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

from lxml import etree

from autograder.loopback.tap import tap
from autograder.wire import Transcript

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
"""The namespace of SOAP 1.1's Envelope, Header, Body and Fault (section 3)."""

XSI = "http://www.w3.org/2001/XMLSchema-instance"
"""The namespace of the attribute nil."""

FERRY = "urn:example:ferry"
"""The namespace of everything that is the ferry line's own; a name of this kind leads nowhere (RFC 6963)."""

WSDL_FILE = Path(__file__).with_suffix(".wsdl")

ADULT, BICYCLE = 450, 200
"""Fares in cents."""

LARGEST_BODY = 1024 * 1024
"""Bytes of a request's body: a thousand times what an operation here needs."""


class Crossing(NamedTuple):
    """One departure; `departs` is HH:MM, `remark` is None where there is nothing to say."""

    departs: str
    ship: str
    remark: str | None


TIMETABLE = {
    "Eastport": [
        Crossing("07:30", "Puffin", None),
        Crossing("12:15", "Guillemot", "no bicycles"),
        Crossing("18:40", "Puffin", "Fridays & Sundays only"),
    ],
    "Skerry": [
        Crossing("06:10", "Tern", "a small boat: < 12 guests"),
        Crossing("20:05", "Tern", None),
    ],
}


class SoapFault(Exception):
    """A fault: `code` is the local name of its faultcode (``Client``, ``Server``, …), `string` is for people."""

    def __init__(self, code: str, string: str) -> None:
        super().__init__(code, string)
        self.code, self.string = code, string

    def __str__(self) -> str:
        return f"{self.code}: {self.string}"


def wsdl_template(path: str | Path | None = None) -> str:
    """The text of a WSDL; it has the word ``ADDRESS`` (in quotes) where the service's URL belongs.

    Args:
        path: another file than the ferry's own.

    Raises:
        FileNotFoundError: there is none; the text names the path and the cure.
    """
    file = WSDL_FILE if path is None else Path(path)
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        if path is None:
            cure = "it belongs to this course, so install the course again (make lab)"
        else:
            cure = "give the path of a WSDL file, or leave `wsdl` out for the ferry's own"
        raise FileNotFoundError(f"there is no WSDL at {file}: {cure}") from None


def wsdl_for(template: str, url: str) -> bytes:
    """The WSDL, UTF-8, of a service at `url` (WSDL 1.1 section 3.8: soap:address)."""
    return template.replace('"ADDRESS"', quoteattr(url)).encode("utf-8")


# What a message says.


def read_call(body: bytes) -> etree._Element:
    """The one element in the Body of a request.

    Raises:
        SoapFault: Client for what is no SOAP message; VersionMismatch for an envelope of another version (section
            4.1.2); MustUnderstand for a header entry that insists on being understood (section 4.2.3).
    """
    root = _parse(body)
    if root.tag != f"{{{SOAP}}}Envelope":
        if isinstance(root.tag, str) and etree.QName(root).localname == "Envelope":
            raise SoapFault("VersionMismatch", f"the Envelope must be in the namespace {SOAP}")
        raise SoapFault("Client", "the message must be an Envelope")
    header = root.find(f"{{{SOAP}}}Header")
    for entry in [] if header is None else header.iterchildren("*"):
        if entry.get(f"{{{SOAP}}}mustUnderstand") == "1":
            raise SoapFault("MustUnderstand", f"nobody here understands the header {etree.QName(entry).localname}")
    calls = root.findall(f"{{{SOAP}}}Body/*")
    if len(calls) != 1:
        raise SoapFault("Client", f"one element is expected in a Body; there are {len(calls)}")
    return calls[0]


def _parse(body: bytes) -> etree._Element:
    # Nothing is fetched and no entity is replaced, whatever a message declares: the declaration itself is refused.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise SoapFault("Client", f"the message is not well-formed XML: {error.msg}") from None
    if root.getroottree().docinfo.internalDTD is not None:  # section 3
        raise SoapFault("Client", "a SOAP message must not contain a document type declaration")
    return root


def answer_of(call: etree._Element) -> etree._Element:
    """Do what a call asks for.

    Raises:
        SoapFault: Client; the operation is not one of ours, or its parameters are not what the WSDL says.
    """
    name = etree.QName(call)
    operation = OPERATIONS.get(name.localname) if name.namespace == FERRY else None
    if operation is None:
        raise SoapFault("Client", f"there is no operation {name.text}; there are {', '.join(OPERATIONS)}")
    answer = etree.Element(f"{{{FERRY}}}{name.localname}Response", nsmap={"ferry": FERRY, "xsi": XSI})
    operation(call, answer)
    return answer


def envelope(content: etree._Element) -> bytes:
    """A SOAP message, UTF-8, with one element in its Body."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    etree.SubElement(root, f"{{{SOAP}}}Body").append(content)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def fault(problem: SoapFault) -> etree._Element:
    """The Fault of a problem (section 4.4): a qualified code with our prefix, its two children in no namespace."""
    element = etree.Element(f"{{{SOAP}}}Fault", nsmap={"soap": SOAP})
    etree.SubElement(element, "faultcode").text = f"soap:{problem.code}"
    etree.SubElement(element, "faultstring").text = problem.string
    return element


def _fare(call: etree._Element, answer: etree._Element) -> None:
    adults, bicycles = _number(call, "adults"), _number(call, "bicycles")
    if adults < 1 or bicycles < 0:
        raise SoapFault("Client", f"no fare for {adults} adults and {bicycles} bicycles: at least one adult must sail")
    _add(answer, "cents", str(ADULT * adults + BICYCLE * bicycles))


def _announce(call: etree._Element, answer: etree._Element) -> None:
    ship, text = _text(call, "ship"), _text(call, "text")
    line = f"{ship}: {'no announcement' if text is None else text}"
    _add(answer, "line", line)
    _add(answer, "length", str(len(line)))


def _timetable(call: etree._Element, answer: etree._Element) -> None:
    harbour = _text(call, "harbour")
    if harbour not in TIMETABLE:
        raise SoapFault("Client", f"no ship calls at {harbour!r}; the harbours are {', '.join(TIMETABLE)}")
    for crossing in TIMETABLE[harbour]:
        element = etree.SubElement(answer, f"{{{FERRY}}}crossing")
        for field, value in crossing._asdict().items():
            _add(element, field, value)


OPERATIONS: dict[str, Callable[[etree._Element, etree._Element], None]] = {
    "Fare": _fare,
    "Announce": _announce,
    "Timetable": _timetable,
}


def _text(call: etree._Element, name: str) -> str | None:
    """The text of a parameter, with comments left out; None where it is nil (XML Schema part 1 section 2.6.2)."""
    element = call.find(f"{{{FERRY}}}{name}")
    if element is None:
        raise SoapFault("Client", f"the parameter {name} in the namespace {FERRY} is missing")
    if element.get(f"{{{XSI}}}nil", "").strip() in ("true", "1"):
        return None
    return "".join(element.xpath("text()"))


def _number(call: etree._Element, name: str) -> int:
    """A parameter of type xsd:int: 32 bits, decimal, ASCII, white space around it does not count."""
    text = (_text(call, name) or "").strip(" \t\r\n")
    # int() alone would also take 1_000 and the digits of other scripts; the length keeps it from long sums.
    number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,20}", text) else None
    if number is None or not -(2**31) <= number < 2**31:
        raise SoapFault("Client", f"{name} must be an xsd:int; it is {text[:40]!r}")
    return number


def _add(parent: etree._Element, name: str, value: str | None) -> None:
    element = etree.SubElement(parent, f"{{{FERRY}}}{name}")
    if value is None:
        element.set(f"{{{XSI}}}nil", "true")
    else:
        element.text = value


# How it travels.

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

XML = "text/xml; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"


class FerryApp:
    """The service as an ASGI application. `url` is what its WSDL says; it must be set before the first request."""

    def __init__(self, template: str) -> None:
        self._template = template
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI, HTTP connection scope)."""
        if scope["type"] != "http":
            return  # nothing to do when the server starts and stops, and nothing to say on a WebSocket
        body = b""
        more = True
        while more and len(body) <= LARGEST_BODY:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        status, kind, answer = self._answer(scope["method"], scope["query_string"], body)
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(answer)).encode())]
        if status == 405:
            headers.append((b"allow", b"GET, POST"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, method: str, query: bytes, body: bytes) -> tuple[int, str, bytes]:
        """Status, media type and body of the answer."""
        if method == "GET" and query.lower() == b"wsdl":
            return 200, XML, wsdl_for(self._template, self.url)
        if method == "GET":
            return 404, PLAIN, f"The description of this service is at {self.url}?wsdl\n".encode()
        if method != "POST":
            return 405, PLAIN, b"GET ?wsdl describes this service, POST calls it.\n"
        if len(body) > LARGEST_BODY:
            return 413, PLAIN, f"At most {LARGEST_BODY} bytes.\n".encode()
        try:
            return 200, XML, envelope(answer_of(read_call(body)))
        except SoapFault as problem:
            return 500, XML, envelope(fault(problem))  # section 6.2: a fault is always a 500


class FerryService:
    """What `ferry_service` gives. It works from the start, until `close` or the end of the ``with`` block.

    address: (host, port) of the recorder in front of the server, to which clients connect.
    url: where to POST; `wsdl_url`: where the WSDL is.
    transcripts: the bytes of each connection, in the order in which they came; `sent` is what the client sent.
    """

    def __init__(self, wsdl: str | Path | None, local: str, remote: str) -> None:
        # Here and not at the top: only who starts the service pays for the HTTP server.
        from autograder.loopback.asgi import serve_asgi

        app = FerryApp(wsdl_template(wsdl))
        self._server = serve_asgi(app)
        try:
            self._recorder = tap(self._server.address, title="ferry", local=local, remote=remote)
        except BaseException:
            self._server.close()
            raise
        self.address = self._recorder.address
        self.url = app.url = f"http://{self._recorder.host}:{self._recorder.port}/ferry"
        self.wsdl_url = f"{self.url}?wsdl"

    @property
    def transcripts(self) -> list[Transcript]:
        """One for each connection."""
        return self._recorder.transcripts

    def __enter__(self) -> FerryService:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connections and the server."""
        self._recorder.close()
        self._server.close()


def ferry_service(
    *, wsdl: str | Path | None = None, local: str = "client", remote: str = "ferry service"
) -> FerryService:
    """Run the SOAP service on a free port of 127.0.0.1 and record what it says.

    Args:
        wsdl: a WSDL file to serve in place of the ferry's own; the word ADDRESS in it, where it stands in double
            quotes, is replaced by the service's URL.
        local, remote: what the transcripts call the two sides.

    Raises:
        FileNotFoundError: there is no file at `wsdl`.

        with ferry_service() as service, zeep.Client(service.wsdl_url) as client:
            client.service.Fare(adults=2, bicycles=1)    # 1100
    """
    return FerryService(wsdl, local, remote)
