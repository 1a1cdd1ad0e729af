"""No tree: expat tells of starts, texts and ends, and a stack of names knows where we are."""

from xml.parsers import expat

SOAP = "http://schemas.xmlsoap.org/soap/envelope/ "
XSI = "http://www.w3.org/2001/XMLSchema-instance "


class SoapFault(Exception):
    def __init__(self, code: str, string: str) -> None:
        super().__init__(code, string)
        self.code = code
        self.string = string

    def __str__(self) -> str:
        return f"{self.code}: {self.string}"


class Reader:
    def __init__(self) -> None:
        self.stack: list[str] = []
        self.contents: list[str] = []
        self.values: dict[str, list[str] | None] = {}
        self.has_body = False

    def refuse(self, *declaration: object) -> None:
        raise ValueError("a document type declaration")

    def in_body(self, depth: int) -> bool:
        return len(self.stack) == depth and self.stack[:2] == [SOAP + "Envelope", SOAP + "Body"]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.stack.append(name)
        self.has_body = self.has_body or self.in_body(2)
        if self.in_body(3):
            self.contents.append(name)
        if self.in_body(4) and len(self.contents) == 1:
            self.values[name] = None if attributes.get(XSI + "nil") in ("true", "1") else []

    def text(self, piece: str) -> None:
        if self.in_body(4) and (pieces := self.values.get(self.stack[3])) is not None:
            pieces.append(piece)

    def end(self, name: str) -> None:
        self.stack.pop()


def parse_reply(status: int, body: bytes) -> dict[str, str | None]:
    reader = Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ValueError(f"no XML: {error}") from error
    if not reader.has_body or not reader.contents:
        raise ValueError("no SOAP 1.1 envelope with a body")
    values = {name: None if pieces is None else "".join(pieces) for name, pieces in reader.values.items()}
    if reader.contents[0] == SOAP + "Fault":
        code = (values.get("faultcode") or "").strip()
        raise SoapFault(code[code.find(":") + 1 :], values.get("faultstring") or "")
    return {name.split(" ")[-1]: value for name, value in values.items()}
