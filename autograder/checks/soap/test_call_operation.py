"""Call an operation of a service with zeep, which reads the WSDL first."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from autograder.checks.fixtures import Likely
from autograder.checks.soap.faults import must_fault
from autograder.checks.soap.messages import AWKWARD, word
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Raised, WrongAnswer
from autograder.judge.learner import Learner
from autograder.loopback import End, ReceiveToEnd, ScriptedPeer, Send, scripted_peer
from autograder.loopback.soap_service import (
    ADULT,
    BICYCLE,
    TIMETABLE,
    FerryService,
    ferry_service,
    wsdl_for,
    wsdl_template,
)

SECONDS = 2.0
"""For two requests and reading a WSDL."""


@exercise
def call_operation(wsdl_url: str, operation: str, parameters: dict[str, object]) -> object: ...


@requirement(
    points=1,
    source="WSDL 1.1 sections 2 and 3; zeep's manual: Client",
    hint="client.service[operation] is the operation; it takes its parameters by name.",
)
def test_values(learner: Learner, rng: Random) -> None:
    """Parameters go out and values come back with the types of the WSDL: numbers, text, and None for nothing."""
    with _service(learner) as service:
        adults, bicycles = rng.randrange(1, 90), rng.randrange(90)
        fare = _call(learner, service.wsdl_url, "Fare", {"adults": adults, "bicycles": bicycles})
        assert fare == ADULT * adults + BICYCLE * bicycles
        text = f"{AWKWARD} {word(rng)}"
        line = _call(learner, service.wsdl_url, "Announce", {"text": text, "ship": "Puffin"})
        assert line == {"line": f"Puffin: {text}", "length": len(text) + 8}
        line = _call(learner, service.wsdl_url, "Announce", {"ship": word(rng), "text": None})
        assert isinstance(line, dict) and str(line.get("line")).endswith(": no announcement"), (
            f"None must be sent as nil, and is answered with 'no announcement'; the answer is {line!r}"
        )


@requirement(
    points=1,
    source="zeep's manual: helpers.serialize_object",
    hint="zeep.helpers.serialize_object(value, dict) turns zeep's objects into dictionaries, all the way down.",
)
def test_plain(learner: Learner, rng: Random) -> None:
    """An answer with a structure comes back as plain dictionaries and lists, nil as None."""
    with _service(learner) as service:
        harbour = rng.choice(sorted(TIMETABLE))
        got = _call(learner, service.wsdl_url, "Timetable", {"harbour": harbour})
        assert got == [crossing._asdict() for crossing in TIMETABLE[harbour]]


@requirement(
    points=1,
    source="SOAP 1.1 section 4.4; zeep's manual: exceptions",
    hint="zeep.exceptions.Fault has code and message. The code is as it was sent: with a prefix.",
)
def test_fault(learner: Learner, rng: Random, likely: Likely) -> None:
    """A fault raises SoapFault with its code, without prefix, and its string."""
    with _service(learner) as service:
        harbour = word(rng)
        string = f"no ship calls at {harbour!r}; the harbours are {', '.join(TIMETABLE)}"
        must_fault(learner, likely, "Client", string, service.wsdl_url, "Timetable", {"harbour": harbour})


@requirement(
    points=1,
    source="docs.python.org: LookupError; requests' manual: errors and exceptions",
    hint="Making the client reads the WSDL. Which exceptions does it raise? Those of requests and those of zeep.",
)
def test_no_wsdl(learner: Learner, rng: Random) -> None:
    """Where there is no WSDL, LookupError names the URL: nobody listens, 404, a page in HTML."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and never listening: a connection is refused
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/{word(rng)}?wsdl"
        _must_miss(learner, url, "Fare", url, "nobody listens there")
    page = b"<html><body><h1>Ferries<br></h1></body></html>"
    for status, why in ((b"404 Not Found", "the server answers 404"), (b"200 OK", "an HTML page is there")):
        with _web(status, b"text/html", page) as server:
            url = f"http://{server.address[0]}:{server.address[1]}/{word(rng)}?wsdl"
            _must_miss(learner, url, "Fare", url, why)
            learner.transcripts += server.transcripts


@requirement(
    points=1,
    source="WSDL 1.1 section 2.4; docs.python.org: LookupError",
    hint="client.service[operation] raises AttributeError when the WSDL has no such operation.",
)
def test_no_operation(learner: Learner, rng: Random) -> None:
    """An operation that the WSDL does not have raises LookupError with its name."""
    with _service(learner) as service:
        name = word(rng).capitalize()
        _must_miss(learner, service.wsdl_url, name, name, f"the WSDL has no operation {name}")


@requirement(
    points=1,
    source="WSDL 1.1 section 2.1.1; zeep's manual: Settings",
    hint="zeep.Settings has a word for it: forbid_external. It raises zeep.exceptions.ExternalReferenceForbidden.",
)
def test_nothing_else_is_fetched(learner: Learner, rng: Random) -> None:
    """A WSDL that imports something from another address is refused with ValueError, and nobody connects there."""
    schema = b'<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:example:more"/>'
    with _web(b"200 OK", b"text/xml", schema) as elsewhere:
        where = "{}:{}".format(*elsewhere.address)
        begin = 'elementFormDefault="qualified">'
        more = f'<xsd:import namespace="urn:example:more" schemaLocation="http://{where}/{word(rng)}.xsd"/>'
        template = wsdl_template().replace(begin, begin + more)
        with _web(b"200 OK", b"text/xml", wsdl_for(template, "http://127.0.0.1:9/ferry")) as server:
            url = f"http://{server.address[0]}:{server.address[1]}/{word(rng)}?wsdl"
            try:
                learner.must_raise(ValueError, url, "Fare", {"adults": 1, "bicycles": 0}, seconds=SECONDS)
            finally:
                learner.transcripts += server.transcripts
                # Before the exception's own message: a fetch is what the requirement is about.
                assert not elsewhere.transcript.events, (
                    f"the WSDL made your code connect to {where}; whoever writes a WSDL would choose where you connect"
                )


@contextmanager
def _service(learner: Learner) -> Iterator[FerryService]:
    """The ferry service, its conversations in the report."""
    with ferry_service(local="your code", remote="ferry service") as service:
        try:
            yield service
        finally:
            learner.transcripts += service.transcripts


def _web(status: bytes, kind: bytes, body: bytes) -> ScriptedPeer:
    """A web server for one request, whatever it asks."""
    head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (
        status,
        kind,
        len(body),
    )
    return scripted_peer([Send(head + body), End(), ReceiveToEnd()])


def _call(learner: Learner, url: str, operation: str, parameters: dict[str, object]) -> object:
    return learner(url, operation, parameters, seconds=SECONDS)


def _must_miss(learner: Learner, url: str, operation: str, named: str, why: str) -> None:
    """See that a LookupError comes whose text has `named` in it."""
    try:
        got = learner(url, operation, {"adults": 1, "bicycles": 0}, seconds=SECONDS)
    except Raised as raised:
        if not raised.is_a(LookupError):
            raised.wanted = f"{why}: LookupError"
            raise
        said = str(raised.error["message"])
        assert named in said, f"{why}: the LookupError must name {named}; it says {said!r}"
        return
    raise WrongAnswer(learner.current_call, f"{why}: LookupError must be raised; it returned {got!r}")
