"""SOAP between strangers: zeep and a client by hand call the ferry service and the solution's `serve_soap`.

The client by hand is written with http.client and ElementTree alone, and shares no line with what it calls: other
prefixes, comments, CDATA, character references. The solution's functions are taken from its notebook and meet the
service, the library and each other.
"""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from zeep.exceptions import Fault
from zeep.helpers import serialize_object

from autograder.loopback import End, Hold, Send, scripted_peer, waits
from autograder.loopback.soap_client import soap_client
from autograder.loopback.soap_service import FERRY, SOAP, TIMETABLE, XSI, ferry_service
from tests import bank

AWKWARD = "  a < b && \"c\" 'd' ]]> é 日本 \N{ROCKET}\n\t."

# The solution's server as a program: it says its port, and serves until it is ended.
PROGRAM = """
if __name__ == "__main__":
    import socket

    listener = socket.create_server(("127.0.0.1", 0))
    print("port", listener.getsockname()[1], flush=True)
    serve_soap(listener)
"""


class Endpoint(NamedTuple):
    """A server that speaks SOAP: where to POST, and where its WSDL is."""

    url: str
    wsdl_url: str


@pytest.fixture(scope="module", params=["ferry service", "serve_soap of solutions"])
def endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    if request.param == "ferry service":
        with ferry_service() as service:
            yield Endpoint(service.url, service.wsdl_url)
        return
    path = tmp_path_factory.mktemp("soap") / "serve_soap.py"
    path.write_text(bank.solutions()["serve_soap"] + PROGRAM, encoding="utf-8")
    with subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = next(line.split()[1] for line in process.stdout if line.startswith("port "))
            yield Endpoint(f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/?wsdl")
        finally:
            process.kill()


@pytest.fixture(scope="module")
def solution() -> dict[str, Any]:
    """The names that the solution's cells define, up to `call_operation`."""
    names: dict[str, Any] = {}
    exec(bank.solutions()["call_operation"], names)
    return names


def post(url: str, body: bytes, pieces: int = 1) -> tuple[int, bytes]:
    """POST a message with the standard library, the body in so many pieces; status and body of the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=waits.seconds(5))
    try:
        connection.putrequest("POST", parts.path)
        for name, value in (
            ("Content-Type", 'text/xml; charset="utf-8"'),
            ("SOAPAction", ""),
            ("Content-Length", str(len(body))),
        ):
            connection.putheader(name, value)
        connection.endheaders()
        size = -(-len(body) // pieces) or 1
        for start in range(0, len(body), size):
            connection.send(body[start : start + size])
            time.sleep(0.002 if pieces > 1 else 0)
        answer = connection.getresponse()
        assert "xml" in str(answer.getheader("Content-Type"))
        return answer.status, answer.read()
    finally:
        connection.close()


def content(body: bytes) -> ElementTree.Element:
    """The element in the Body of an answer."""
    root = ElementTree.fromstring(body)
    assert root.tag == f"{{{SOAP}}}Envelope"
    (found,) = root.findall(f"{{{SOAP}}}Body/*")
    return found


def is_client_fault(status: int, body: bytes) -> bool:
    """Is it a Fault in HTTP 500 with the code Client, whatever its prefix?"""
    fault = content(body)
    prefix, _, code = str(fault.findtext("faultcode")).rpartition(":")
    declared = f'xmlns:{prefix}="{SOAP}"' in body.decode()
    return (
        status == 500
        and fault.tag == f"{{{SOAP}}}Fault"
        and code == "Client"
        and declared
        and bool(fault.findtext("faultstring"))
    )


ENVELOPE = '<Q9:Envelope xmlns:Q9="{soap}">{header}<Q9:Body>{content}</Q9:Body></Q9:Envelope>'
HEADER = "<Q9:Header><t:Body xmlns:t='urn:example:other'><t:Fare/></t:Body></Q9:Header>"


def message(inside: str, header: str = "", before: str = "") -> bytes:
    return (before + ENVELOPE.format(soap=SOAP, header=header, content=inside)).encode()


# Both servers, both clients.


def test_zeep_calls(endpoint: Endpoint) -> None:
    with soap_client(endpoint.wsdl_url) as client:
        assert client.service.Fare(adults=2, bicycles=1) == 1100
        line = serialize_object(client.service.Announce(ship="Tern", text=AWKWARD), dict)
        assert line == {"line": f"Tern: {AWKWARD}", "length": 6 + len(AWKWARD)}
        assert client.service.Announce(ship="Tern", text=None).line == "Tern: no announcement"
        for harbour, crossings in TIMETABLE.items():
            rows = serialize_object(client.service.Timetable(harbour=harbour), dict)
            assert rows == [crossing._asdict() for crossing in crossings]
        with pytest.raises(Fault) as caught:
            client.service.Timetable(harbour="Atlantis & <sons>")
        assert caught.value.code.rpartition(":")[2] == "Client"
        assert "Atlantis & <sons>" in caught.value.message


@pytest.mark.parametrize("header", ["", HEADER])
@pytest.mark.parametrize("pieces", [1, 7])
def test_a_client_by_hand_calls(endpoint: Endpoint, header: str, pieces: int) -> None:
    numbers = "<x:adults>\n 0<!-- b -->3 </x:adults><x:bicycles>+1</x:bicycles>"
    fare = f"\n<!-- a --><x:Fare xmlns:x='{FERRY}'>\n{numbers}</x:Fare>\n"
    status, body = post(endpoint.url, message(fare, header), pieces)
    assert (status, content(body).tag) == (200, f"{{{FERRY}}}FareResponse")
    assert [(child.tag, child.text) for child in content(body)] == [(f"{{{FERRY}}}cents", "1550")]

    written = "<![CDATA[<&>]]> &lt;&#x2603;&#38; <!-- c -->é"
    announce = f"<Announce xmlns='{FERRY}'><ship>Tern</ship><text>{written}</text></Announce>"
    status, body = post(endpoint.url, message(announce, header), pieces)
    assert status == 200
    assert content(body).findtext(f"{{{FERRY}}}line") == "Tern: <&> <\N{SNOWMAN}& é"

    nil = f"<e:Announce xmlns:e='{FERRY}'><e:ship>Tern</e:ship><e:text xmlns:n='{XSI}' n:nil='true'/></e:Announce>"
    assert (
        content(post(endpoint.url, message(nil, header), pieces)[1]).findtext(f"{{{FERRY}}}line")
        == "Tern: no announcement"
    )

    timetable = f"<Timetable xmlns='{FERRY}'><harbour>Skerry</harbour></Timetable>"
    status, body = post(endpoint.url, message(timetable, header), pieces)
    rows = [{child.tag.rpartition("}")[2]: child for child in row} for row in content(body)]
    assert [row["departs"].text for row in rows] == ["06:10", "20:05"]
    assert [row["remark"].get(f"{{{XSI}}}nil") for row in rows] == [None, "true"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"adults=1",
        message(f"<Fare xmlns='{FERRY}'><adults>0</adults><bicycles>0</bicycles></Fare>"),
        message(f"<Fare xmlns='{FERRY}'><adults>1_0</adults><bicycles>0</bicycles></Fare>"),
        message(f"<Fare xmlns='{FERRY}'><adults>1</adults></Fare>"),
        message("<Fare><adults>1</adults><bicycles>0</bicycles></Fare>"),
        message(f"<Sink xmlns='{FERRY}'/>"),
        message(""),
        message(f"<Fare xmlns='{FERRY}'/>")[:-20],
        b"<Envelope/>",
    ],
)
def test_bad_input_is_a_fault_and_the_server_goes_on(endpoint: Endpoint, body: bytes) -> None:
    status, answer = post(endpoint.url, body)
    if body == b"<Envelope/>" and b"VersionMismatch" in answer:
        assert status == 500  # SOAP 1.1 section 4.1.2 has a code of its own for this, and either tells it
    else:
        assert is_client_fault(status, answer)
    good = message(f"<Fare xmlns='{FERRY}'><adults>1</adults><bicycles>0</bicycles></Fare>")
    assert post(endpoint.url, good)[0] == 200


def test_a_document_type_declaration_is_refused_and_nothing_is_read(endpoint: Endpoint, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    announce = f"<Announce xmlns='{FERRY}'><ship>Tern</ship><text>&x;</text></Announce>"
    with scripted_peer([Send(b"HTTP/1.0 200 OK\r\n\r\nthe secret"), End(), Hold(5)]) as elsewhere:
        url = "http://{}:{}/".format(*elsewhere.address)
        for before in (
            '<!DOCTYPE a [<!ENTITY x "the secret">]>',
            f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>',
            f'<!DOCTYPE a [<!ENTITY x SYSTEM "{url}">]>',
            f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{url}"> %p; <!ENTITY x "">]>',
            '<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;"><!ENTITY x "&m;&m;&m;">]>',
        ):
            status, body = post(endpoint.url, message(announce, before=before))
            assert is_client_fault(status, body)
            assert b"the secret" not in body
        for before in ("<!DOCTYPE a>", f'<!DOCTYPE a SYSTEM "{url}">'):
            inside = announce.replace("&x;", "")
            assert is_client_fault(*post(endpoint.url, message(inside, before=before)))
            assert is_client_fault(*post(endpoint.url, message(inside, before=before).decode().encode("utf-16")))
        assert not elsewhere.transcript.events
    mentioned = announce.replace("&x;", "<![CDATA[<!DOCTYPE a>]]>")
    status, body = post(endpoint.url, message(mentioned))
    assert content(body).findtext(f"{{{FERRY}}}line") == "Tern: <!DOCTYPE a>"


def test_two_clients_at_a_time(endpoint: Endpoint) -> None:
    parts = urlsplit(endpoint.url)
    with socket.create_connection((str(parts.hostname), parts.port or 0)), soap_client(endpoint.wsdl_url) as client:
        for adults in range(1, 21):
            assert client.service.Fare(adults=adults, bicycles=0) == 450 * adults
        with soap_client(endpoint.wsdl_url) as other:
            assert other.service.Fare(adults=1, bicycles=0) == 450


# The solution's clients, against both servers and against replies that other servers would write.


def test_build_envelope_and_parse_reply_make_a_client(endpoint: Endpoint, solution: dict[str, Any]) -> None:
    build, parse = solution["build_envelope"], solution["parse_reply"]
    answer = parse(*post(endpoint.url, build(FERRY, "Fare", {"adults": 2, "bicycles": 1})))
    assert answer == {"cents": "1100"}
    answer = parse(*post(endpoint.url, build(FERRY, "Announce", {"ship": "Tern", "text": AWKWARD})))
    assert answer == {"line": f"Tern: {AWKWARD}", "length": str(6 + len(AWKWARD))}
    answer = parse(*post(endpoint.url, build(FERRY, "Announce", {"ship": "Tern", "text": None})))
    assert answer["line"] == "Tern: no announcement"
    with pytest.raises(solution["SoapFault"]) as caught:
        parse(*post(endpoint.url, build(FERRY, "Timetable", {"harbour": "Atlantis"})))
    assert caught.value.code == "Client"
    assert "Atlantis" in caught.value.string


def test_call_operation(endpoint: Endpoint, solution: dict[str, Any]) -> None:
    call = solution["call_operation"]
    assert call(endpoint.wsdl_url, "Fare", {"adults": 1, "bicycles": 3}) == 1050
    assert call(endpoint.wsdl_url, "Timetable", {"harbour": "Skerry"}) == [row._asdict() for row in TIMETABLE["Skerry"]]
    with pytest.raises(solution["SoapFault"], match="^Client: "):
        call(endpoint.wsdl_url, "Fare", {"adults": 0, "bicycles": 3})
    with pytest.raises(LookupError, match="Sink"):
        call(endpoint.wsdl_url, "Sink", {})
    with pytest.raises(LookupError, match=endpoint.url + "nowhere"):
        call(endpoint.url + "nowhere", "Fare", {})


REPLY = '<m:R xmlns:m="urn:example:r"><m:a>1<!-- c -->2</m:a><m:b><![CDATA[<&>]]> </m:b><m:c/><m:d {nil}/></m:R>'
VALUES = {"a": "12", "b": "<&> ", "c": "", "d": None}


@pytest.mark.parametrize(
    "spelling",
    [
        ENVELOPE,
        ENVELOPE.replace("Q9:", "SOAP-ENV:").replace("xmlns:Q9", "xmlns:SOAP-ENV"),
        ENVELOPE.replace("xmlns:Q9", "xmlns").replace("Q9:", ""),
        ENVELOPE.replace("Q9:", "m:").replace("xmlns:Q9", "xmlns:m"),
        "<?xml version='1.1'?><!-- c -->\n"
        + ENVELOPE.replace(">", "\n>").replace("{content}", "\n{content}<!-- c -->\n"),
        '<?xml version="1.0" encoding="ISO-8859-1"?><?style none?>' + ENVELOPE,
    ],
)
@pytest.mark.parametrize("header", ["", HEADER])
def test_parse_reply_reads_any_spelling(solution: dict[str, Any], spelling: str, header: str) -> None:
    if header and "xmlns:Q9" not in spelling:
        header = ""
    nil = f'xmlns:i="{XSI}" i:nil="true"'
    body = spelling.format(soap=SOAP, header=header, content=REPLY.format(nil=nil)).encode()
    assert solution["parse_reply"](200, body) == VALUES


@pytest.mark.parametrize(
    "code", ["Q9:Client", " Q9:Client\n", "Client", "<![CDATA[Q9:Client]]>", "Q9:<!-- c -->Client"]
)
@pytest.mark.parametrize("status", [200, 500])
def test_parse_reply_raises_a_fault(solution: dict[str, Any], status: int, code: str) -> None:
    said = f"<faultcode>{code}</faultcode><faultstring>a &lt; b</faultstring>"
    fault = f"<Q9:Fault>{said}<detail><r>1</r></detail></Q9:Fault>"
    with pytest.raises(solution["SoapFault"]) as caught:
        solution["parse_reply"](status, message(fault, HEADER))
    assert (caught.value.code, caught.value.string) == ("Client", "a < b")


def test_parse_reply_refuses_a_declaration(solution: dict[str, Any], tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    for before in (
        "<!DOCTYPE a>",
        '<!DOCTYPE a [<!ENTITY x "y">]>',
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>',
        f'<!DOCTYPE a SYSTEM "{secret.as_uri()}">',
    ):
        inside = f"<r><v>{'&x;' if 'ENTITY' in before else ''}</v></r>"
        for encoding in ("utf-8", "utf-16"):
            with pytest.raises(ValueError, match="document type declaration"):
                solution["parse_reply"](200, message(inside, before=before).decode().encode(encoding))


def test_zeep_understands_what_build_envelope_writes(solution: dict[str, Any]) -> None:
    """The other way round: a message for zeep's own request comes out of zeep's own parser."""
    parameters = {"ship": "Tern", "text": AWKWARD}
    ours = ElementTree.fromstring(solution["build_envelope"](FERRY, "Announce", parameters))
    with ferry_service() as service, soap_client(service.wsdl_url) as client:
        theirs = client.create_message(client.service, "Announce", **parameters)
    shape = [(item.tag, item.text) for item in ours.iter()]
    assert shape == [(item.tag, item.text) for item in theirs.iter()]
