# fails: test_nil | .text is None for an empty element
from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


class SoapFault(Exception):
    def __init__(self, code, string):
        super().__init__(code, string)
        self.code = code
        self.string = string

    def __str__(self):
        return f"{self.code}: {self.string}"


def text(element):
    return "".join(element.xpath("text()"))


def parse_reply(status, body):
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error))
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("a document type declaration")
    content = root.find(f"{{{SOAP}}}Body/*")
    if root.tag != f"{{{SOAP}}}Envelope" or content is None:
        raise ValueError("no SOAP")
    if content.tag == f"{{{SOAP}}}Fault":
        code = text(content.find("faultcode")).strip().split(":")[-1]
        raise SoapFault(code, text(content.find("faultstring")))
    values = {}
    for child in content.iterchildren("*"):
        nil = child.get(f"{{{XSI}}}nil") in ("true", "1")
        values[etree.QName(child).localname] = text(child) or None
    return values
