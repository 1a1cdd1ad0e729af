# fails: test_envelope | a SOAP 1.1 server refuses it
from lxml import etree

SOAP = "http://www.w3.org/2003/05/soap-envelope"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def build_envelope(namespace, operation, parameters):
    def add(parent, name, value):
        if isinstance(value, list):
            for item in value:
                add(parent, name, item)
            return
        element = etree.SubElement(parent, f"{{{namespace}}}{name}")
        if isinstance(value, dict):
            for key, item in value.items():
                add(element, key, item)
        elif value is None:
            element.set(f"{{{XSI}}}nil", "true")
        elif isinstance(value, bool):
            element.text = str(value).lower()
        else:
            element.text = str(value)

    envelope = etree.Element(f"{{{SOAP}}}Envelope")
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    add(body, operation, parameters)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
