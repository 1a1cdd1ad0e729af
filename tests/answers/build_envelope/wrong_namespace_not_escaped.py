# fails: test_namespaces | not well-formed
from xml.sax.saxutils import escape, quoteattr

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def is_possible(character: str) -> bool:
    code = ord(character)
    return character in "\t\n\r" or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def write(name: str, value: object) -> str:
    match value:
        case list():
            return "".join(write(name, item) for item in value)
        case dict():
            inside = "".join(write(key, item) for key, item in value.items())
        case None:
            return f'<{name} xsi:nil="true"/>'
        case bool():
            inside = "true" if value else "false"
        case _:
            inside = str(value)
            if not all(map(is_possible, inside)):
                raise ValueError(f"not possible in XML: {inside!r}")
            inside = escape(inside, {"\r": "&#13;"})
    return f"<{name}>{inside}</{name}>"


def build_envelope(namespace: str, operation: str, parameters: dict[str, object]) -> bytes:
    inside = "".join(write(name, value) for name, value in parameters.items())
    return (
        f'<soapenv:Envelope xmlns:soapenv="{SOAP}" xmlns:xsi="{XSI}"><soapenv:Header/><soapenv:Body>'
        f"<{operation} xmlns='{namespace}'>{inside}</{operation}>"
        "</soapenv:Body></soapenv:Envelope>"
    ).encode()
