"""ElementTree, with a tree builder that refuses the declaration as soon as the parser meets it."""

import xml.etree.ElementTree as ET

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class SoapFault(Exception):
    def __init__(self, code: str, string: str) -> None:
        super().__init__(code, string)
        self.code = code
        self.string = string

    def __str__(self) -> str:
        return f"{self.code}: {self.string}"


class Careful(ET.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ValueError(f"a document type declaration: {name}")


def parse_reply(status: int, body: bytes) -> dict[str, str | None]:
    try:
        root = ET.fromstring(body, ET.XMLParser(target=Careful()))
    except ET.ParseError as error:
        raise ValueError(str(error)) from None
    if root.tag != SOAP + "Envelope":
        raise ValueError(f"not an envelope: {root.tag}")
    content = root.find(f"{SOAP}Body/*")
    if content is None:
        raise ValueError("no body")
    if content.tag == SOAP + "Fault":
        code = content.findtext("faultcode", "").strip()
        raise SoapFault(code.split(":")[-1], content.findtext("faultstring", ""))
    values: dict[str, str | None] = {}
    for child in content:
        nil = child.get(NIL, "false") in ("true", "1")
        values[child.tag.rpartition("}")[2]] = None if nil else child.text or ""
    return values
