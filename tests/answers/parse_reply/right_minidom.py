"""The document object model: nodes with namespaceURI and localName, and a document that knows its doctype."""

from xml.dom import minidom
from xml.parsers.expat import ExpatError

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


class SoapFault(Exception):
    def __init__(self, code: str, string: str) -> None:
        super().__init__(code, string)
        self.code = code
        self.string = string

    def __str__(self) -> str:
        return f"{self.code}: {self.string}"


def children(node: minidom.Node) -> list[minidom.Element]:
    return [child for child in node.childNodes if child.nodeType == child.ELEMENT_NODE]


def is_soap(node: minidom.Element, name: str) -> bool:
    return (node.namespaceURI, node.localName) == (SOAP, name)


def text(node: minidom.Element) -> str:
    return "".join(
        piece.data for piece in node.childNodes if piece.nodeType in (piece.TEXT_NODE, piece.CDATA_SECTION_NODE)
    )


def parse_reply(status: int, body: bytes) -> dict[str, str | None]:
    try:
        document = minidom.parseString(body)
    except ExpatError as error:
        raise ValueError("not XML") from error
    if document.doctype is not None:
        raise ValueError("a document type declaration")
    bodies = [child for child in children(document.documentElement) if is_soap(child, "Body")]
    if not is_soap(document.documentElement, "Envelope") or not bodies:
        raise ValueError("not a SOAP envelope")
    (content,) = children(bodies[0])
    if is_soap(content, "Fault"):
        said = {child.tagName: text(child) for child in children(content)}
        raise SoapFault(said["faultcode"].strip().split(":")[-1], said["faultstring"])
    return {
        child.localName: None if child.getAttributeNS(XSI, "nil") in ("1", "true") else text(child)
        for child in children(content)
    }
