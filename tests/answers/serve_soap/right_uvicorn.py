"""An ASGI application under uvicorn; ElementTree reads, and the answers are written with a template and escaped."""

import re
import socket
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable
from typing import Any
from xml.sax.saxutils import escape

import uvicorn

from autograder.loopback.soap_service import TIMETABLE, wsdl_template

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
FERRY = "urn:example:ferry"


class Refused(Exception):
    """The client is to blame; the text says for what."""


class NoDoctype(ET.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise Refused("document type declarations are not welcome")


def parameters_of(body: bytes) -> tuple[str, dict[str, str | None]]:
    try:
        root = ET.fromstring(body, ET.XMLParser(target=NoDoctype()))
    except ET.ParseError as error:
        raise Refused(f"not well-formed: {error}") from None
    call = root.find(f"{{{SOAP}}}Body/*") if root.tag == f"{{{SOAP}}}Envelope" else None
    if call is None:
        raise Refused("not a SOAP 1.1 message with a body")
    values: dict[str, str | None] = {}
    for child in call:
        nil = child.get(f"{{{XSI}}}nil") in ("true", "1")
        values[child.tag.replace(f"{{{FERRY}}}", "")] = None if nil else child.text or ""
    return call.tag, values


def whole(value: str | None) -> int:
    if value is None or not re.fullmatch(r"\s*[-+]?[0-9]+\s*", value):
        raise Refused(f"{value!r} is not a whole number")
    return int(value)


def tag(name: str, value: object) -> str:
    return f'<{name} i:nil="true"/>' if value is None else f"<{name}>{escape(str(value))}</{name}>"


def content_for(body: bytes) -> str:
    name, values = parameters_of(body)
    try:
        match name:
            case "{urn:example:ferry}Fare":
                adults, bicycles = whole(values["adults"]), whole(values["bicycles"])
                if adults <= 0 or bicycles < 0:
                    raise Refused("at least one adult must sail")
                inside = tag("cents", adults * 450 + bicycles * 200)
            case "{urn:example:ferry}Announce":
                spoken = values["text"] if values["text"] is not None else "no announcement"
                line = f"{values['ship']}: {spoken}"
                inside = tag("line", line) + tag("length", len(line))
            case "{urn:example:ferry}Timetable":
                rows = TIMETABLE.get(values["harbour"] or "")
                if rows is None:
                    raise Refused(f"unknown harbour: {values['harbour']}")
                fields = [tag("departs", row[0]) + tag("ship", row[1]) + tag("remark", row[2]) for row in rows]
                inside = "".join(f"<crossing>{field}</crossing>" for field in fields)
            case _:
                raise Refused(f"unknown operation: {name}")
    except KeyError as missing:
        raise Refused(f"the parameter {missing} is missing") from None
    answer = name.rpartition("}")[2] + "Response"
    return f'<{answer} xmlns="{FERRY}" xmlns:i="{XSI}">{inside}</{answer}>'


def answer_to(body: bytes) -> tuple[int, str]:
    try:
        status, content = 200, content_for(body)
    except Refused as why:
        status = 500
        content = f"<S:Fault>{tag('faultcode', 'S:Client')}{tag('faultstring', why)}</S:Fault>"
    return status, f'<S:Envelope xmlns:S="{SOAP}"><S:Body>{content}</S:Body></S:Envelope>'


def serve_soap(listener: socket.socket) -> None:
    url = "http://{}:{}/".format(*listener.getsockname())

    async def app(
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        status, text = (200, wsdl_template().replace("ADDRESS", url)) if scope["method"] == "GET" else answer_to(body)
        headers = [(b"content-type", b"text/xml; charset=utf-8")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode()})

    config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none")  # type: ignore[arg-type]
    uvicorn.Server(config).run(sockets=[listener])
