"""A writer that is told what happens: start, text, end. In UTF-16, as the declaration says."""

import io
from xml.sax.saxutils import XMLGenerator, escape

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


class Writer:
    def __init__(self, namespace: str) -> None:
        self.out = io.BytesIO()
        self.namespace = escape(namespace)  # the generator escapes text and attributes, not this
        self.xml = XMLGenerator(self.out, "UTF-16", short_empty_elements=True)

    def element(self, name: str, value: object) -> None:
        if isinstance(value, (list, tuple)):
            for item in value:
                self.element(name, item)
            return
        nil = {(XSI, "nil"): "true"} if value is None else {}
        self.xml.startElementNS((self.namespace, name), None, nil)
        if isinstance(value, dict):
            for key, item in value.items():
                self.element(key, item)
        elif value is not None:
            text = {True: "1", False: "0"}[value] if isinstance(value, bool) else str(value)
            if any(ord(character) < 32 and character not in "\t\r\n" for character in text):
                raise ValueError("a control character")
            self.xml.characters(text)
        self.xml.endElementNS((self.namespace, name), None)


def build_envelope(namespace: str, operation: str, parameters: dict[str, object]) -> bytes:
    writer = Writer(namespace)
    xml = writer.xml
    xml.startDocument()
    for prefix, uri in (("e", SOAP), ("i", XSI), ("o", writer.namespace)):
        xml.startPrefixMapping(prefix, uri)
    xml.startElementNS((SOAP, "Envelope"), None, {})
    xml.startElementNS((SOAP, "Body"), None, {})
    writer.element(operation, dict(parameters))
    xml.endElementNS((SOAP, "Body"), None)
    xml.endElementNS((SOAP, "Envelope"), None)
    xml.endDocument()
    return writer.out.getvalue()
