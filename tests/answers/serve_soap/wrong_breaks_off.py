# fails: test_faults | your server closed the connection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lxml import etree

from autograder.loopback.soap_service import TIMETABLE, wsdl_template

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
FERRY = "urn:example:ferry"


class BadInput(Exception):
    pass


def text(call, name):
    element = call.find(f"{{{FERRY}}}{name}")
    if element is None:
        raise BadInput(f"no {name}")
    if element.get(f"{{{XSI}}}nil") in ("true", "1"):
        return None
    return "".join(element.xpath("text()"))


def number(call, name):
    try:
        return int(text(call, name))
    except (TypeError, ValueError):
        raise BadInput(f"{name} is no number")


def add(parent, name, value):
    element = etree.SubElement(parent, f"{{{FERRY}}}{name}")
    if value is None:
        element.set(f"{{{XSI}}}nil", "true")
    else:
        element.text = str(value)


def fare(call, answer):
    adults, bicycles = number(call, "adults"), number(call, "bicycles")
    if adults < 1 or bicycles < 0:
        raise BadInput("nobody to sail")
    add(answer, "cents", 450 * adults + 200 * bicycles)


def announce(call, answer):
    said = text(call, "text")
    line = f"{text(call, 'ship')}: {'no announcement' if said is None else said}"
    add(answer, "line", line)
    add(answer, "length", len(line))


def timetable(call, answer):
    harbour = text(call, "harbour")
    if harbour not in TIMETABLE:
        raise BadInput(f"no harbour {harbour}")
    for departs, ship, remark in TIMETABLE[harbour]:
        crossing = etree.SubElement(answer, f"{{{FERRY}}}crossing")
        add(crossing, "departs", departs)
        add(crossing, "ship", ship)
        add(crossing, "remark", remark)


OPERATIONS = {"Fare": fare, "Announce": announce, "Timetable": timetable}


def read(body):
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
    except FileNotFoundError:
        raise BadInput("no XML")
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadInput("a declaration")
    call = root.find(f"{{{SOAP}}}Body/*")
    if root.tag != f"{{{SOAP}}}Envelope" or call is None:
        raise BadInput("no envelope")
    return call


def answer_to(body):
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"s": SOAP})
    content = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    status = 200
    try:
        call = read(body)
        name = etree.QName(call)
        if name.namespace != FERRY or name.localname not in OPERATIONS:
            raise BadInput(f"no operation {name.text}")
        answer = etree.Element(f"{{{FERRY}}}{name.localname}Response")
        OPERATIONS[name.localname](call, answer)
        content.append(answer)
    except BadInput as bad:
        status = 500
        fault = etree.SubElement(content, f"{{{SOAP}}}Fault")
        etree.SubElement(fault, "faultcode").text = "s:Client"
        etree.SubElement(fault, "faultstring").text = str(bad)
    return status, etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def serve_soap(listener):
    host, port = listener.getsockname()
    wsdl = wsdl_template().replace("ADDRESS", f"http://{host}:{port}/").encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.reply(200, wsdl)

        def do_POST(self):
            size = int(self.headers["Content-Length"])
            self.reply(*answer_to(self.rfile.read(size)))

        def reply(self, status, body):
            self.send_response(status)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer((host, port), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.serve_forever()
