"""ElementTree makes the names; what it does not notice, characters without a place in XML, is looked for here."""

import re
import xml.etree.ElementTree as ET

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def text_of(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if found := IMPOSSIBLE.search(text):
        raise ValueError(f"XML has no place for {found[0]!r}")
    return text


def fill(element: ET.Element, namespace: str, values: dict[str, object]) -> None:
    for name, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            child = ET.SubElement(element, f"{{{namespace}}}{name}")
            if isinstance(item, dict):
                fill(child, namespace, item)
            elif item is None:
                child.set(f"{{{XSI}}}nil", "true")
            else:
                child.text = text_of(item)


def build_envelope(namespace: str, operation: str, parameters: dict[str, object]) -> bytes:
    envelope = ET.Element(f"{{{SOAP}}}Envelope")
    body = ET.SubElement(envelope, f"{{{SOAP}}}Body")
    fill(ET.SubElement(body, f"{{{namespace}}}{operation}"), namespace, parameters)
    return ET.tostring(envelope, encoding="utf-8", xml_declaration=True)
