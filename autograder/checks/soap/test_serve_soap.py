"""Serve the ferry's three operations and their WSDL, so that zeep and others can call them."""

from __future__ import annotations

import socket
from random import Random
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from lxml import etree
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault
from zeep.helpers import serialize_object

from autograder.checks.fixtures import Likely
from autograder.checks.soap.exchange import Answer, Conversation, zeep_client
from autograder.checks.soap.messages import (
    AWKWARD,
    content_of,
    element,
    is_nil,
    message,
    name_of,
    parse,
    text_of,
    word,
    words,
)
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner, Running
from autograder.judge.recipes import Listener
from autograder.loopback import End, Hold, Send, scripted_peer
from autograder.loopback.soap_service import ADULT, BICYCLE, FERRY, SOAP, TIMETABLE, XSI

LOCATION = "{http://schemas.xmlsoap.org/wsdl/soap/}address"


@exercise
def serve_soap(listener: socket.socket) -> None: ...


@requirement(
    points=1,
    source="WSDL 1.1 section 3.8",
    hint="listener.getsockname() is the address. Put http://host:port/ where the template has the word ADDRESS.",
)
def test_wsdl(learner: Learner) -> None:
    """GET /?wsdl is answered with the WSDL, and its soap:address is the address of this very server."""
    server = learner.start(Listener())
    with Conversation(server) as conversation:
        answer = conversation.get("/?wsdl")
    assert answer.status == 200, f"GET /?wsdl must be answered with 200; the status is {answer.status}"
    kind = answer.headers.get("content-type", "")
    assert "xml" in kind, f"the Content-Type of a WSDL is text/xml; yours is {kind!r}"
    root = parse(answer.body, "the WSDL")
    locations = [str(item.get("location")) for item in root.iter(LOCATION)]
    assert len(locations) == 1, f"the WSDL must have one soap:address; it has {len(locations)}"
    host, port = server.address
    parts = urlsplit(locations[0])
    right = parts.scheme == "http" and parts.hostname in (host, "localhost") and parts.netloc.endswith(f":{port}")
    assert right, f"soap:address must be http://{host}:{port}/; it is {locations[0]}"


@requirement(
    points=2,
    source="SOAP 1.1 sections 4.3, 6 and 7",
    hint="Read as many bytes as Content-Length says, parse, find the element in the Body, build the answer.",
)
def test_operations(learner: Learner, rng: Random, likely: Likely) -> None:
    """Each operation is answered with status 200 and an element of its name and Response, in the same namespace."""
    server = learner.start(Listener())
    adults, bicycles = rng.randrange(1, 90), rng.randrange(90)
    fare = _ask(server, "Fare", {"adults": str(adults), "bicycles": str(bicycles)})
    _values(fare, "FareResponse", {"cents": str(ADULT * adults + BICYCLE * bicycles)}, likely)
    ship, text = word(rng), f"{AWKWARD} {word(rng)}"
    line = _ask(server, "Announce", {"ship": ship, "text": text})
    spoken = f"{ship}: {text}"
    likely(text.encode() in line.body, "the text came back unescaped: < and & must be written &lt; and &amp;")
    _values(line, "AnnounceResponse", {"line": spoken, "length": str(len(spoken))}, likely)
    for harbour, crossings in TIMETABLE.items():
        root = _content(_ask(server, "Timetable", {"harbour": harbour}), "TimetableResponse", likely)
        likely(any(item.text == "None" for item in root.iter()), "None is Python's word: nothing is said with xsi:nil")
        got = [_children(child) for child in root.iterchildren(f"{{{FERRY}}}crossing")]
        expected = [crossing._asdict() for crossing in crossings]
        assert got == expected, f"the crossings of {harbour} must be\n{expected}\nyours are\n{got}"


@requirement(
    points=2,
    source="WSDL 1.1; SOAP 1.1 section 6; zeep's manual: Client",
    hint="zeep knows of your server what the WSDL says: names, namespaces, types, the order of the children.",
)
def test_zeep(learner: Learner, rng: Random) -> None:
    """zeep reads the WSDL, calls the three operations and meets a fault."""
    server = learner.start(Listener())
    client = zeep_client(server)
    adults, bicycles = rng.randrange(1, 90), rng.randrange(90)
    try:
        assert client.service.Fare(adults=adults, bicycles=bicycles) == ADULT * adults + BICYCLE * bicycles
        text = f"{AWKWARD} {word(rng)}"
        line = serialize_object(client.service.Announce(ship="Tern", text=text), dict)
        assert line == {"line": f"Tern: {text}", "length": len(text) + 6}
        harbour = rng.choice(sorted(TIMETABLE))
        crossings = serialize_object(client.service.Timetable(harbour=harbour), dict)
        assert crossings == [crossing._asdict() for crossing in TIMETABLE[harbour]]
    except ZeepError as error:
        raise AssertionError(f"zeep can't make sense of your answer: {_told(error)}") from None
    try:
        got = client.service.Timetable(harbour=word(rng))
    except Fault as fault:
        assert str(fault.code).rpartition(":")[2] == "Client", f"the fault's code must be Client; it is {fault.code!r}"
    except ZeepError as error:
        raise AssertionError(f"zeep can't make sense of your fault: {_told(error)}") from None
    else:
        raise AssertionError(f"no ship calls there, so zeep must meet a fault; it got {got!r:.200}")


@requirement(
    points=1,
    source="Namespaces in XML 1.0; SOAP 1.1 section 4.2; XML Schema part 1 section 2.6.2, part 2 section 4.3.6",
    hint="It is parse_reply's task from the other side: names are {namespace}local, and text comes in pieces.",
    needs="test_operations",
)
def test_any_spelling(learner: Learner, rng: Random, likely: Likely) -> None:
    """Requests are understood however they are written: prefixes, comments, CDATA, white space, a header, nil."""
    server = learner.start(Listener())
    names = words(rng, 4)
    adults = rng.randrange(1, 90)
    own = names[0]
    spaced = (
        f"<{own}:Fare xmlns:{own}='{FERRY}'>\n  <!-- how many? -->\n  <{own}:adults>\n {adults} </{own}:adults>"
        f"<{own}:bicycles>1<!-- 1 -->2</{own}:bicycles>\n</{own}:Fare>"
    )
    header = f"<t:Body xmlns:t='urn:example:{names[1]}'><t:Fare/></t:Body>"
    fare = _post(server, message(f"\n  <!-- -->\n  {spaced}\n", prefix=names[2], header=header))
    _values(fare, "FareResponse", {"cents": str(ADULT * adults + BICYCLE * 12)}, likely)
    ship, text = names[1], f"<{names[3]}> & co"
    twice = f"<![CDATA[{text}]]><!-- ! --> {escape(text)}"
    announce = f'<Announce xmlns="{FERRY}"><ship>{ship}</ship><text>{twice}</text></Announce>'
    spoken = f"{ship}: {text} {text}"
    _values(
        _post(server, message(announce, prefix="")),
        "AnnounceResponse",
        {"line": spoken, "length": str(len(spoken))},
        likely,
    )
    nothing = f'<m:Announce xmlns:m="{FERRY}"><m:ship>{ship}</m:ship><m:text xmlns:z="{XSI}" z:nil="1"/></m:Announce>'
    spoken = f"{ship}: no announcement"
    values = {"line": spoken, "length": str(len(spoken))}
    _values(_post(server, message(nothing)), "AnnounceResponse", values, likely)


@requirement(
    points=2,
    source="SOAP 1.1 sections 4.4 and 6.2",
    hint="Let one try stand around all of the work on a message, and its except build the Fault.",
)
def test_faults(learner: Learner, rng: Random, likely: Likely) -> None:
    """What can't be answered is a Fault with the code Client, in HTTP 500, and the server goes on."""
    server = learner.start(Listener())
    whole = message(element("Fare", FERRY, {"adults": "1", "bicycles": "0"}))
    bad = {
        "no adult": message(element("Fare", FERRY, {"adults": "0", "bicycles": "1"})),
        "adults that are no number": message(element("Fare", FERRY, {"adults": word(rng), "bicycles": "1"})),
        "no bicycles element": message(element("Fare", FERRY, {"adults": "1"})),
        "an unknown harbour": message(element("Timetable", FERRY, {"harbour": f"{word(rng)} & <{word(rng)}>"})),
        "an unknown operation": message(element(word(rng).capitalize(), FERRY, {"adults": "1"})),
        "another namespace": message(element("Fare", f"urn:example:{word(rng)}", {"adults": "1", "bicycles": "0"})),
        "half a message": whole[: len(whole) - rng.randrange(5, 60)],
        "no XML": f"adults={word(rng)}".encode(),
        "XML that is no envelope": element("Fare", FERRY, {"adults": "1", "bicycles": "0"}).encode(),
    }
    for what, body in bad.items():
        _fault(_post(server, body, title=what), what, likely)
    after = _post(server, whole, title="afterwards")
    _values(after, "FareResponse", {"cents": str(ADULT)}, likely)


@requirement(
    points=1,
    source="SOAP 1.1 section 3; XML 1.0 section 4.2",
    hint="A parser that replaces no entities and fetches nothing, and a look at whether there was a declaration.",
    needs="test_faults",
)
def test_doctype(learner: Learner, rng: Random, likely: Likely) -> None:
    """A message with a document type declaration is a Fault, and nothing that it names is read."""
    server = learner.start(Listener())
    names = words(rng, 3)
    call = element("Announce", FERRY, {"ship": names[0], "text": "ENTITY"})
    with scripted_peer([Send(b"HTTP/1.0 200 OK\r\n\r\nsecret"), End(), Hold(10.0)]) as elsewhere:
        where = "{}:{}".format(*elsewhere.address)
        for declared in (
            f'[<!ENTITY {names[1]} "secret">]',
            f'[<!ENTITY {names[1]} SYSTEM "http://{where}/secret.txt">]',
            "",
        ):
            text = call.replace("ENTITY", f"&{names[1]};" if declared else names[2])
            body = message(text, before=f"<!DOCTYPE {names[0]} {declared}>")
            _fault(_post(server, body), "a document type declaration", likely)
            assert not elsewhere.transcript.events, f"the message made your server connect to {where}"


@requirement(
    points=1,
    source="RFC 9112 section 9.3; docs.python.org: socketserver, ThreadingMixIn",
    hint="http.server has ThreadingHTTPServer, with a thread for each connection.",
    needs="test_operations",
)
def test_many_clients(learner: Learner, rng: Random, likely: Likely) -> None:
    """One process answers many clients, and one that has connected and says nothing keeps nobody waiting."""
    server = learner.start(Listener())
    server.connect(title="a silent client")  # and it stays
    adults = [rng.randrange(1, 90) for _ in range(12)]
    try:
        conversation = Conversation(server, title="client 1")
        for count in adults:
            if not conversation.goes_on:
                conversation = Conversation(server, title="the next client")
            answer = conversation.post(message(element("Fare", FERRY, {"adults": str(count), "bicycles": "0"})))
            _values(answer, "FareResponse", {"cents": str(ADULT * count)}, likely)
        # Where the server keeps connections, the one above is still open and idle, and another client asks.
        last = _ask(server, "Fare", {"adults": "2", "bicycles": "0"})
    except (OSError, EOFError, AssertionError):
        likely(not server.still_running, "serve_soap has returned, so nobody is there for the next client")
        raise
    _values(last, "FareResponse", {"cents": str(2 * ADULT)}, likely)


def _ask(server: Running, operation: str, values: dict[str, str | None]) -> Answer:
    return _post(server, message(element(operation, FERRY, values)), title=operation)


def _post(server: Running, body: bytes, title: str = "") -> Answer:
    """One request on a connection of its own, closed afterwards: `test_many_clients` leaves one open."""
    with Conversation(server, title=title) as conversation:
        return conversation.post(body)


def _content(answer: Answer, name: str, likely: Likely) -> etree._Element:
    """The element in the Body of a good answer."""
    shown = answer.body[:200].decode("utf-8", "replace")
    assert answer.status == 200, f"the status must be 200; it is {answer.status}, and the body begins {shown!r}"
    root = parse(answer.body, "the answer")
    assert root.tag == f"{{{SOAP}}}Envelope", (
        f"the answer must be an Envelope in the namespace {SOAP}; it is {name_of(root)}"
    )
    content = content_of(root)
    likely(
        etree.QName(content).localname == name and etree.QName(content).namespace is None,
        "without a prefix or a default namespace the element is in no namespace at all",
    )
    assert content.tag == f"{{{FERRY}}}{name}", (
        f"the Body must hold {name} in the namespace {FERRY}; it holds {name_of(content)}"
    )
    return content


def _values(answer: Answer, name: str, values: dict[str, str], likely: Likely) -> None:
    got = _children(_content(answer, name, likely))
    assert got == values, f"the children of {name} must be {values}, in the namespace {FERRY}; yours are {got}"


def _children(item: etree._Element) -> dict[str, str | None]:
    """Local name to text; the full name where the namespace is another."""
    found = {}
    for child in item.iterchildren("*"):
        name = etree.QName(child)
        found[name.localname if name.namespace == FERRY else name_of(child)] = None if is_nil(child) else text_of(child)
    return found


def _fault(answer: Answer, what: str, likely: Likely) -> None:
    """See that an answer is a fault with the code Client."""
    shown = answer.body[:200].decode("utf-8", "replace")
    likely(
        answer.status == 200 and b"Fault" in answer.body,
        "a fault travels with status 500, even when the client is to blame",
    )
    likely(answer.status == 400, "SOAP 1.1 has one status for every fault: 500. The code Client says whose fault it is")
    assert answer.status == 500, f"{what}: the status must be 500; it is {answer.status}, and the body begins {shown!r}"
    content = content_of(parse(answer.body, f"{what}: the answer"))
    assert content.tag == f"{{{SOAP}}}Fault", (
        f"{what}: the Body must hold Fault in the namespace {SOAP}; it holds {name_of(content)}"
    )
    code = content.find("faultcode")
    assert code is not None, f"{what}: the Fault must hold faultcode, in no namespace; it holds {_children(content)}"
    prefix, _, local = text_of(code).strip().rpartition(":")
    assert local == "Client", (
        f"{what}: the client is to blame, so the faultcode must be Client; it is {text_of(code)!r}"
    )
    assert not prefix or code.nsmap.get(prefix) == SOAP, (
        f"{what}: the prefix of the faultcode {text_of(code)!r} must stand for the namespace {SOAP}"
    )
    string = content.find("faultstring")
    assert string is not None, (
        f"{what}: the Fault must hold faultstring, in no namespace; it holds {_children(content)}"
    )
    assert text_of(string).strip(), f"{what}: the faultstring must tell a person what is wrong; it is empty"


def _told(error: ZeepError) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
