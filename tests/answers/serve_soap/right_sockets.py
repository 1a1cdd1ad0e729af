"""HTTP by hand: a thread for each connection, one request on each, the connection closed after it."""

import socket
import threading

from lxml import etree
from lxml.builder import ElementMaker

from autograder.loopback.soap_service import TIMETABLE, wsdl_template

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
FERRY = "urn:example:ferry"
S = ElementMaker(namespace=SOAP, nsmap={"soapenv": SOAP})
F = ElementMaker(namespace=FERRY, nsmap={None: FERRY, "xsi": XSI})
NO_NAMESPACE = ElementMaker()


def fare(adults: str, bicycles: str) -> list[etree._Element]:
    if int(adults) < 1 or int(bicycles) < 0:
        raise ValueError("nobody there to pay")
    return [F.cents(str(450 * int(adults) + 200 * int(bicycles)))]


def announce(ship: str, text: str | None) -> list[etree._Element]:
    line = ": ".join([ship, "no announcement" if text is None else text])
    return [F.line(line), F.length(str(len(line)))]


def timetable(harbour: str) -> list[etree._Element]:
    def remark(text: str | None) -> etree._Element:
        return F.remark({f"{{{XSI}}}nil": "true"}) if text is None else F.remark(text)

    return [F.crossing(F.departs(row[0]), F.ship(row[1]), remark(row[2])) for row in TIMETABLE[harbour]]


OPERATIONS = {"Fare": fare, "Announce": announce, "Timetable": timetable}


def do(body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, strip_cdata=True)
    root = etree.fromstring(body, parser)
    if root.getroottree().docinfo.doctype:
        raise ValueError("no document type declaration is allowed")
    (call,) = root.xpath("/s:Envelope/s:Body/*", namespaces={"s": SOAP})
    name = etree.QName(call)
    if name.namespace != FERRY:
        raise ValueError(f"not one of the ferry's: {name.text}")
    parameters = {
        child.tag.removeprefix(f"{{{FERRY}}}"): None
        if child.get(f"{{{XSI}}}nil") in ("true", "1")
        else child.text or ""
        for child in call
    }
    return F(f"{name.localname}Response", *OPERATIONS[name.localname](**parameters))  # type: ignore[operator]


def answer_to(body: bytes) -> tuple[str, bytes]:
    try:
        line, content = "200 OK", do(body)
    except (ValueError, KeyError, TypeError, etree.XMLSyntaxError) as error:
        line = "500 Internal Server Error"
        said = f"{type(error).__name__}: {error}"
        content = S.Fault(NO_NAMESPACE.faultcode("soapenv:Client"), NO_NAMESPACE.faultstring(said))
    return line, etree.tostring(S.Envelope(S.Body(content)))


def converse(conn: socket.socket, wsdl: bytes) -> None:
    with conn, conn.makefile("rb") as stream:
        request = stream.readline().split()
        size = 0
        while (field := stream.readline().strip()) != b"":
            name, _, value = field.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        if not request:
            return
        line, body = ("200 OK", wsdl) if request[0] == b"GET" else answer_to(stream.read(size))
        head = f"HTTP/1.1 {line}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        conn.sendall(head.encode() + body)


def serve_soap(listener: socket.socket) -> None:
    host, port = listener.getsockname()
    wsdl = wsdl_template().replace("ADDRESS", f"http://{host}:{port}/").encode()
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=converse, args=(conn, wsdl), daemon=True).start()
