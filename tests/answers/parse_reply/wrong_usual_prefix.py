# fails: test_any_prefix | ValueError
from xml.dom import minidom
from xml.parsers.expat import ExpatError


class SoapFault(Exception):
    def __init__(self, code, string):
        super().__init__(code, string)
        self.code = code
        self.string = string

    def __str__(self):
        return f"{self.code}: {self.string}"


def text(node):
    return "".join(piece.data for piece in node.childNodes if piece.nodeType in (piece.TEXT_NODE, piece.CDATA_SECTION_NODE))


def parse_reply(status, body):
    try:
        document = minidom.parseString(body)
    except ExpatError:
        raise ValueError("not XML")
    if document.doctype:
        raise ValueError("a declaration")
    bodies = document.getElementsByTagName("soap:Body")
    if not bodies:
        raise ValueError("no soap:Body")
    (content,) = [child for child in bodies[0].childNodes if child.nodeType == child.ELEMENT_NODE]
    if content.tagName == "soap:Fault":
        said = {child.tagName: text(child) for child in content.childNodes}
        raise SoapFault(said["faultcode"].split(":")[-1], said["faultstring"])
    return {
        child.localName: None if child.getAttribute("xsi:nil") == "true" else text(child)
        for child in content.childNodes
        if child.nodeType == child.ELEMENT_NODE
    }
