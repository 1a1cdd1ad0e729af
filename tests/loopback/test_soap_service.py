"""The ferry service and the client that stays on this computer."""

from __future__ import annotations

import gc
import http.client
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zeep
from zeep.exceptions import ExternalReferenceForbidden, Fault
from zeep.helpers import serialize_object

from autograder.loopback import End, Hold, Send, scripted_peer
from autograder.loopback.soap_client import NoWsdl, soap_client
from autograder.loopback.soap_service import (
    FERRY,
    LARGEST_BODY,
    SOAP,
    TIMETABLE,
    XSI,
    FerryService,
    ferry_service,
    wsdl_for,
    wsdl_template,
)

WSDL_SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"


@pytest.fixture
def service() -> Iterator[FerryService]:
    with ferry_service() as running:
        yield running
        gc.collect()  # a fault's traceback holds the answer, and that urllib3's connection, in a circle
        assert running._server.errors == []


def ask(
    service: FerryService, method: str, target: str, body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own, by the standard library alone: status, headers, body."""
    connection = http.client.HTTPConnection(*service.address, timeout=5)
    try:
        connection.request(method, target, body, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'})
        answer = connection.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def call(service: FerryService, content: str, *, namespace: str = SOAP, head: str = "") -> tuple[int, Any]:
    """POST an envelope with prefixes of our own choice; the status, and the element in the Body of the answer."""
    body = f'{head}<Q:Envelope xmlns:Q="{namespace}"><Q:Body>{content}</Q:Body></Q:Envelope>'
    return read(*ask(service, "POST", "/ferry", body.encode()))


def read(status: int, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
    assert headers["content-type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(body)
    assert root.tag == f"{{{SOAP}}}Envelope"
    return status, root.find(f"{{{SOAP}}}Body/*")


def refused(status: int, content: Any, code: str = "Client") -> str:
    """See that it is a fault with this code; its string."""
    assert status == 500
    assert content.tag == f"{{{SOAP}}}Fault"
    assert content.findtext("faultcode") == f"soap:{code}"
    string: str = content.findtext("faultstring")
    assert string
    return string


def test_zeep_calls_the_three_operations(service: FerryService) -> None:
    with soap_client(service.wsdl_url) as client:
        assert client.service.Fare(adults=2, bicycles=1) == 1100
        text = "  a < b && \"c\" 'd' ]]> é 日本 \N{ROCKET}\n\t."
        line = serialize_object(client.service.Announce(ship="Puffin", text=text), dict)
        assert line == {"line": f"Puffin: {text}", "length": 8 + len(text)}
        assert client.service.Announce(ship="Tern", text=None).line == "Tern: no announcement"
        for harbour, crossings in TIMETABLE.items():
            rows = serialize_object(client.service.Timetable(harbour), dict)
            assert rows == [crossing._asdict() for crossing in crossings]


def test_zeep_meets_faults(service: FerryService) -> None:
    with soap_client(service.wsdl_url) as client:
        with pytest.raises(Fault, match="at least one adult") as caught:
            client.service.Fare(adults=0, bicycles=1)
        assert caught.value.code == "soap:Client"
        with pytest.raises(Fault, match="no ship calls at 'Atlantis'; the harbours are Eastport, Skerry"):
            client.service.Timetable("Atlantis")


def test_a_client_by_hand_with_other_prefixes_comments_and_cdata(service: FerryService) -> None:
    numbers = "<v:adults>\n 3 </v:adults><v:bicycles>1<!-- ! -->2</v:bicycles>"
    fare = f"\n <!-- 1 --><v:Fare xmlns:v='{FERRY}'> {numbers}</v:Fare>"
    status, content = call(service, fare)
    assert (status, content.tag) == (200, f"{{{FERRY}}}FareResponse")
    assert [(child.tag, child.text) for child in content] == [(f"{{{FERRY}}}cents", "3750")]
    announce = f"<Announce xmlns='{FERRY}'><ship>A</ship><text><![CDATA[<&>]]> &lt;&#x41;</text></Announce>"
    assert call(service, announce)[1].findtext(f"{{{FERRY}}}line") == "A: <&> <A"
    nil = f"<Announce xmlns='{FERRY}'><ship>A</ship><text xmlns:n='{XSI}' n:nil='1'/></Announce>"
    assert call(service, nil)[1].findtext(f"{{{FERRY}}}line") == "A: no announcement"


def test_nothing_to_say_is_nil(service: FerryService) -> None:
    _, content = call(service, f"<Timetable xmlns='{FERRY}'><harbour>Skerry</harbour></Timetable>")
    remarks = content.findall(f"{{{FERRY}}}crossing/{{{FERRY}}}remark")
    assert [(item.get(f"{{{XSI}}}nil"), item.text) for item in remarks] == [
        (None, "a small boat: < 12 guests"),
        ("true", None),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"<Fare xmlns='{FERRY}'><adults>two</adults><bicycles>0</bicycles></Fare>", "an xsd:int; it is 'two'"),
        (f"<Fare xmlns='{FERRY}'><adults>1_0</adults><bicycles>0</bicycles></Fare>", "'1_0'"),
        (f"<Fare xmlns='{FERRY}'><adults>2147483648</adults><bicycles>0</bicycles></Fare>", "2147483648"),
        (f"<Fare xmlns='{FERRY}'><adults>{'9' * 5000}</adults><bicycles>0</bicycles></Fare>", "999"),
        (f"<Fare xmlns='{FERRY}'><adults>1</adults></Fare>", "the parameter bicycles"),
        (f"<Fare xmlns='{FERRY}'><adults xmlns=''>1</adults><bicycles>0</bicycles></Fare>", "the parameter adults"),
        ("<Fare xmlns='urn:example:other'/>", "there is no operation {urn:example:other}Fare"),
        ("<Fare/>", "there is no operation Fare; there are Fare, Announce, Timetable"),
        (f"<Sink xmlns='{FERRY}'/>", "there is no operation {urn:example:ferry}Sink"),
        ("", "there are 0"),
        (f"<Fare xmlns='{FERRY}'/><Fare xmlns='{FERRY}'/>", "there are 2"),
        ("<oops>", "not well-formed"),
    ],
)  # fmt: skip
def test_bad_input_is_a_client_fault_in_http_500(service: FerryService, content: str, words: str) -> None:
    assert words in refused(*call(service, content))
    assert call(service, f"<Fare xmlns='{FERRY}'><adults>1</adults><bicycles>0</bicycles></Fare>")[0] == 200


def test_another_version_and_headers_that_insist(service: FerryService) -> None:
    fare = f"<Fare xmlns='{FERRY}'><adults>1</adults><bicycles>0</bicycles></Fare>"
    soap_12 = "http://www.w3.org/2003/05/soap-envelope"
    assert SOAP in refused(*call(service, fare, namespace=soap_12), code="VersionMismatch")
    for value, status in (("1", 500), ("0", 200)):
        header = f'<e:Header><t:Token xmlns:t="urn:example:t" e:mustUnderstand="{value}"/></e:Header>'
        body = f'<e:Envelope xmlns:e="{SOAP}">{header}<e:Body>{fare}</e:Body></e:Envelope>'
        answer = read(*ask(service, "POST", "/ferry", body.encode()))
        assert answer[0] == status
        if status == 500:
            assert "Token" in refused(*answer, code="MustUnderstand")
    assert "must be an Envelope" in refused(*read(*ask(service, "POST", "/ferry", fare.encode())))
    refused(*read(*ask(service, "POST", "/ferry", b"")))


def test_a_document_type_declaration_is_refused_and_nothing_is_fetched(service: FerryService, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    announce = f"<Announce xmlns='{FERRY}'><ship>A</ship><text>&x;</text></Announce>"
    with scripted_peer([Send(b"HTTP/1.0 200 OK\r\n\r\nthe secret"), End(), Hold(5)]) as elsewhere:
        url = "http://{}:{}/".format(*elsewhere.address)
        for declared in (
            '<!DOCTYPE a [<!ENTITY x "the secret">]>',
            f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>',
            f'<!DOCTYPE a [<!ENTITY x SYSTEM "{url}">]>',
            f'<!DOCTYPE a SYSTEM "{url}">',
            f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{url}"> %p; <!ENTITY x "">]>',
            '<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;"><!ENTITY x "&m;&m;&m;">]>',
            "<!DOCTYPE a>",
        ):
            content = announce.replace("&x;", "") if "ENTITY x" not in declared else announce
            string = refused(*call(service, content, head=declared))
            assert "document type declaration" in string or "well-formed" in string
        assert not elsewhere.transcript.events
    assert b"the secret" not in b"".join(transcript.all_received for transcript in service.transcripts)
    wide = f'<!DOCTYPE a><e:Envelope xmlns:e="{SOAP}"><e:Body/></e:Envelope>'.encode("utf-16")
    assert "document type" in refused(*read(*ask(service, "POST", "/ferry", wide)))
    mentioned = f"<Announce xmlns='{FERRY}'><ship>A</ship><text><![CDATA[<!DOCTYPE a>]]></text></Announce>"
    assert call(service, mentioned)[1].findtext(f"{{{FERRY}}}line") == "A: <!DOCTYPE a>"


def test_the_wsdl_has_the_address_that_clients_use(service: FerryService) -> None:
    status, headers, body = ask(service, "GET", "/ferry?wsdl")
    assert (status, headers["content-type"]) == (200, "text/xml; charset=utf-8")
    address = ElementTree.fromstring(body).find(f".//{WSDL_SOAP}address")
    assert address is not None
    assert address.get("location") == service.url == "http://{}:{}/ferry".format(*service.address)
    assert ask(service, "GET", "/ferry?WSDL")[2] == body
    with ferry_service() as other:
        assert other.url.encode() in ask(other, "GET", "/ferry?wsdl")[2]


def test_other_requests(service: FerryService) -> None:
    status, _, body = ask(service, "GET", "/ferry")
    assert (status, service.wsdl_url.encode() in body) == (404, True)
    status, headers, _ = ask(service, "PUT", "/ferry", b"x")
    assert (status, headers["allow"]) == (405, "GET, POST")
    assert ask(service, "POST", "/ferry", b" " * LARGEST_BODY)[0] == 500
    assert ask(service, "POST", "/ferry", b" " * (LARGEST_BODY + 1))[0] == 413


def test_every_byte_is_recorded(service: FerryService) -> None:
    call(service, f"<Fare xmlns='{FERRY}'><adults>1</adults><bicycles>0</bicycles></Fare>")
    service.close()
    (transcript,) = service.transcripts
    assert transcript.all_sent.startswith(b"POST /ferry HTTP/1.1\r\n")
    assert b"<adults>1</adults>" in transcript.all_sent
    assert transcript.all_received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"<ferry:cents>450</ferry:cents>" in transcript.all_received
    assert (transcript.local, transcript.remote) == ("client", "ferry service")


def test_a_wsdl_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "my.wsdl"
    file.write_text(wsdl_template().replace("The elements", "My elements"), encoding="utf-8")
    with ferry_service(wsdl=file) as service:
        assert b"My elements" in ask(service, "GET", "/ferry?wsdl")[2]


def test_an_address_is_escaped() -> None:
    assert b'location="http://127.0.0.1/?a=1&amp;b=2"' in wsdl_for(wsdl_template(), "http://127.0.0.1/?a=1&b=2")


@pytest.mark.parametrize("missing", ["no.wsdl", "", "file/below.wsdl"])
def test_a_missing_wsdl_file_is_named_with_the_cure(tmp_path: Path, missing: str) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / missing
    with pytest.raises(FileNotFoundError) as caught:
        ferry_service(wsdl=path)
    assert str(caught.value) == (
        f"there is no WSDL at {path}: give the path of a WSDL file, or leave `wsdl` out for the ferry's own"
    )


def test_the_ferrys_own_wsdl_may_be_missing_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("autograder.loopback.soap_service.WSDL_FILE", tmp_path / "soap_service.wsdl")
    with pytest.raises(FileNotFoundError, match="soap_service.wsdl: it belongs to this course"):
        ferry_service()


def test_the_client_says_where_it_found_no_wsdl(service: FerryService, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html><br></html>")
    other = tmp_path / "other.xml"
    other.write_text("<other/>")
    with ferry_service() as gone:
        pass
    for where, words in (
        (service.url, "the server answered 404 Not Found; most services have it at ?wsdl"),
        (gone.wsdl_url, "nobody listens there; start the service first"),
        (str(tmp_path / "none.wsdl"), "no such file; give the path of a .wsdl file"),
        (str(tmp_path), "no such file"),
        (str(page), "what is there is not XML"),
    ):
        with pytest.raises(NoWsdl) as caught:
            soap_client(where)
        assert str(caught.value).startswith(f"there is no WSDL at {where}: {words}")


def test_the_client_says_when_nothing_comes() -> None:
    with scripted_peer([Hold(5)]) as silent:
        url = "http://{}:{}/?wsdl".format(*silent.address)
        with pytest.raises(NoWsdl, match="nothing came in time"):
            soap_client(url, timeout=0.2)


def test_the_client_stays_on_this_computer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for url in ("http://192.0.2.1/?wsdl", "http://ferry.example/?wsdl"):
        with pytest.raises(ValueError, match="leads to another computer"):
            soap_client(url)
    away = tmp_path / "away.wsdl"
    away.write_bytes(wsdl_for(wsdl_template(), "http://192.0.2.1/ferry"))
    with soap_client(away) as client, pytest.raises(ValueError, match=r"192\.0\.2\.1/ferry leads to another computer"):
        client.service.Fare(adults=1, bicycles=0)
    # A proxy of the system's would carry even a call to 127.0.0.1 out of this computer.
    monkeypatch.setitem(os.environ, "http_proxy", "http://192.0.2.1:3128")
    with ferry_service() as service, soap_client(service.wsdl_url) as client:
        assert client.service.Fare(adults=1, bicycles=0) == 450


def test_the_client_fetches_nothing_that_a_wsdl_names(tmp_path: Path) -> None:
    begin = 'elementFormDefault="qualified">'
    with scripted_peer([Send(b"HTTP/1.0 200 OK\r\n\r\n"), End(), Hold(5)]) as elsewhere:
        url = "http://{}:{}/more.xsd".format(*elsewhere.address)
        more = f'<xsd:import namespace="urn:example:more" schemaLocation="{url}"/>'
        file = tmp_path / "curious.wsdl"
        file.write_text(wsdl_template().replace(begin, begin + more), encoding="utf-8")
        with pytest.raises(ExternalReferenceForbidden):
            soap_client(file)
        assert not elsewhere.transcript.events


def test_zeep_takes_the_settings_that_it_is_given(service: FerryService) -> None:
    with soap_client(service.wsdl_url, raw_response=True) as client:
        assert isinstance(client, zeep.Client)
        assert client.service.Fare(adults=1, bicycles=0).content.startswith(b"<?xml")
