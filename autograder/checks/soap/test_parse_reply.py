"""Read a SOAP reply: the values of an answer, or the fault."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from xml.sax.saxutils import escape

from autograder.checks.fixtures import Likely
from autograder.checks.soap.faults import must_fault
from autograder.checks.soap.messages import AWKWARD, SOAP_12, element, fault, message, word, words
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.loopback import End, Hold, ScriptedPeer, Send, scripted_peer
from autograder.loopback.soap_service import SOAP, XSI


@exercise
def parse_reply(status: int, body: bytes) -> dict[str, str | None]: ...


@requirement(
    points=1,
    source="SOAP 1.1 sections 4.3 and 7.1",
    hint="Parse, find the Body, take its first element, and make a dictionary of that element's children.",
)
def test_values(learner: Learner, rng: Random, likely: Likely) -> None:
    """The children of the element in the Body come back as a dictionary: local name to text."""
    names = words(rng, 5)
    values = {names[1]: str(rng.randrange(10**6)), names[2]: word(rng), names[3]: "007", names[4]: word(rng)}
    got = learner(200, message(element(f"{names[0]}Response", f"urn:example:{names[0]}", values)))
    if isinstance(got, dict):
        likely(
            any(str(key).startswith("{") for key in got),
            "a name is written {namespace}local by lxml and ElementTree; the key is the local part",
        )
    _agree(got, values)


@requirement(
    points=1,
    source="Namespaces in XML 1.0 sections 5 and 6",
    hint="Compare names as {namespace}local. What stands before the colon is the sender's own abbreviation.",
)
def test_any_prefix(learner: Learner, rng: Random) -> None:
    """Prefixes do not matter: any, none (a default namespace), or the usual ones in another meaning."""
    names = words(rng, 6)
    namespace = f"urn:example:{names[0]}"
    # The names of SOAP in the application's own namespace are ordinary names.
    values = {names[1]: word(rng), "Fault": word(rng), "Body": word(rng), "faultcode": word(rng)}
    header = element("Body", namespace, {names[1]: "no"}, prefix=names[2])
    for prefix, inner, head in ((names[3], names[4], ""), ("", "", ""), ("m", "soap", header), ("Body", "", header)):
        content = element(f"{names[5]}Response", namespace, values, prefix=inner)
        _agree(learner(200, message(content, prefix=prefix, header=head)), values)


@requirement(
    points=1,
    source="XML 1.0 sections 2.4 to 2.7, 2.10 and 4.1",
    hint="A comment cuts the text of an element in pieces, and .text is only the first. Which call gives all of them?",
    needs="test_values",
)
def test_text(learner: Learner, rng: Random, likely: Likely) -> None:
    """Values are whole: comments are left out, CDATA and &#x41; are text, and spaces inside a value stay."""
    names = words(rng, 6)
    first, second = word(rng), word(rng)
    written = {
        names[1]: f"{first}<!-- a comment -->{second}",
        names[2]: f"<![CDATA[<{first}> & co]]> {second}",
        names[3]: f"<!-- {first} -->{escape(AWKWARD)}&#x41;&#9731;",
        names[4]: f"  {first}\n  {second} ",
    }
    values = {
        names[1]: f"{first}{second}",
        names[2]: f"<{first}> & co {second}",
        names[3]: f"{AWKWARD}A\N{SNOWMAN}",
        names[4]: f"  {first}\n  {second} ",
    }
    children = "\n    ".join(f"<m:{key}>{text}</m:{key}>" for key, text in written.items())
    name = f"{names[5]}Response"
    begin = f"<!-- {second} -->\n  <m:{name} xmlns:m='urn:example:{names[0]}'>"
    content = f"\n  {begin}\n    <!-- ? -->{children}\n  </m:{name}>\n"
    got = learner(200, message(content))
    if isinstance(got, dict):
        likely(got.get(names[1]) == first, "the text was read up to the comment in it and no further")
        likely(got.get(names[4]) == values[names[4]].strip(), "spaces around a value are a part of it")
    _agree(got, values)
    latin = message(element(name, f"urn:example:{names[0]}", {names[1]: "café"})).decode()
    _agree(
        learner(200, latin.replace('encoding="UTF-8"', 'encoding="ISO-8859-1"').encode("latin-1")), {names[1]: "café"}
    )


@requirement(
    points=1,
    source="XML Schema part 1 section 2.6.2",
    hint="nil is an attribute in the namespace http://www.w3.org/2001/XMLSchema-instance; its value is true or 1.",
    needs="test_values",
)
def test_nil(learner: Learner, rng: Random, likely: Likely) -> None:
    """A value that is nil is None; an empty one is the empty string."""
    names = words(rng, 8)
    children = "".join(
        f"<{name}{attribute}/>"
        for name, attribute in zip(
            names,
            [f' {names[6]}:nil="true"', "", f' {names[6]}:nil="1"', f' {names[6]}:nil="false"', ' nil="true"'],
            strict=False,
        )
    )
    values = {names[0]: None, names[1]: "", names[2]: None, names[3]: "", names[4]: ""}
    name = f"{names[5]}Response"
    content = f'<{name} xmlns="urn:example:{names[7]}" xmlns:{names[6]}="{XSI}">{children}</{name}>'
    got = learner(200, message(content))
    if isinstance(got, dict):
        likely(got == dict.fromkeys(values), "lxml's .text is None for an empty element, nil or not")
        likely(
            got == dict.fromkeys(values, ""),
            "an element that says nil has no value at all, which is not the empty text",
        )
    _agree(got, values)


@requirement(
    points=2,
    source="SOAP 1.1 sections 4.4 and 6.2",
    hint="Look for a Fault in the Body, whatever the status is. Its faultcode and faultstring are in no namespace.",
)
def test_fault(learner: Learner, rng: Random, likely: Likely) -> None:
    """A fault, in HTTP 500 as is right or in a 200, raises SoapFault with its code, without prefix, and its string."""
    names = words(rng, 6)
    string = f"{names[0]} & {names[1]}: not < 1"
    detail = f"<detail><m:why xmlns:m='urn:example:{names[2]}'>{names[3]}</m:why></detail>"
    usual = message(fault("soap:Client", string, extra=detail))
    must_fault(learner, likely, "Client", string, 500, usual)
    prefix = names[4]
    other = message(fault(f"\n  {prefix}:Server.{names[5]}\n ", string, prefix=prefix), prefix=prefix)
    must_fault(learner, likely, f"Server.{names[5]}", string, 500, other)
    default = (
        f'<Envelope xmlns="{SOAP}"><Body><!-- sorry --><Fault><faultcode xmlns="" xmlns:e="{SOAP}">e:Client</faultcode>'
        f'<faultstring xmlns=""><![CDATA[{string}]]></faultstring></Fault></Body></Envelope>'
    )
    must_fault(learner, likely, "Client", string, 500, default.encode())
    must_fault(learner, likely, "Client", string, 200, usual)


@requirement(
    points=1,
    source="SOAP 1.1 sections 4.1.2 and 6.2",
    hint="lxml's XMLSyntaxError is a SyntaxError and ElementTree's ParseError, too. Neither is a ValueError.",
)
def test_no_reply(learner: Learner, rng: Random) -> None:
    """What is no SOAP 1.1 reply raises ValueError: a proxy's HTML page, half a message, another version, no Body."""
    names = words(rng, 3)
    whole = message(element(f"{names[0]}Response", f"urn:example:{names[0]}", {names[1]: names[2]}))
    learner.must_raise(ValueError, 502, b"<html><body><h1>502 Bad Gateway</h1><p>The server is ill.<br></body></html>")
    learner.must_raise(ValueError, 200, b"<html><body><p>Please log in.</p></body></html>")
    learner.must_raise(ValueError, 200, whole[: rng.randrange(len(whole) // 2, len(whole) - 2)])
    learner.must_raise(ValueError, 200, b"")
    learner.must_raise(ValueError, 200, whole.replace(SOAP.encode(), SOAP_12.encode()))
    learner.must_raise(ValueError, 200, f'<Envelope xmlns="{SOAP}"><Header/></Envelope>'.encode())
    learner(200, whole)  # who refuses everything has not looked; what is in this one asks test_values


@requirement(
    points=1,
    source="SOAP 1.1 section 3; XML 1.0 sections 2.8 and 4.2",
    hint="Ask the parser whether it met a declaration: docinfo.internalDTD in lxml, doctype() of a TreeBuilder. "
    "And tell it to fetch and to replace nothing.",
)
def test_doctype(learner: Learner, rng: Random, likely: Likely) -> None:
    """A document type declaration raises ValueError, in every encoding, and nothing that it names is fetched."""
    names = words(rng, 4)
    content = element(f"{names[0]}Response", f"urn:example:{names[0]}", {names[1]: "ENTITY"})
    mention = f"<!DOCTYPE {names[2]}>"
    with scripted_peer([Send(b"HTTP/1.0 200 OK\r\n\r\n<!-- -->"), End(), Hold(10.0)]) as elsewhere:
        url = "http://{}:{}/secret.txt".format(*elsewhere.address)
        for declaration in (
            f'<!DOCTYPE {names[2]} [<!ENTITY {names[3]} "inside">]>\n',
            f'<!DOCTYPE {names[2]} [<!ENTITY {names[3]} SYSTEM "{url}">]>\n',
            f'<!DOCTYPE {names[2]} SYSTEM "{url}">\n',
        ):
            entity = f"&{names[3]};" if "ENTITY" in declaration else names[3]
            body = message(content.replace("ENTITY", entity), before=declaration)
            learner.must_raise(ValueError, 200, body)
            _alone(elsewhere)
        plain = message(content, before=f"<!DOCTYPE {names[2]}>")
        learner.must_raise(ValueError, 200, plain)
        wide = plain.decode().replace("UTF-8", "UTF-16").encode("utf-16")
        try:
            learner.must_raise(ValueError, 200, wide)
        except Exception:
            likely(True, "the same declaration in UTF-16 has other bytes: only a parser can say what is in a document")
            raise
    got = None
    try:
        got = learner(200, message(content.replace("ENTITY", f"<![CDATA[{mention}]]>"), header=f"<!-- {mention} -->"))
    except Exception:
        likely(True, "here <!DOCTYPE stands in a comment and in CDATA, where it declares nothing: ask the parser")
        raise
    _agree(got, {names[1]: mention})


def _alone(elsewhere: ScriptedPeer) -> None:
    where = "{}:{}".format(*elsewhere.address)
    assert not elsewhere.transcript.events, (
        f"the reply made your code connect to {where}: nothing that it names may be fetched"
    )


def _agree(got: object, values: Mapping[str, str | None]) -> None:
    assert isinstance(got, dict), f"parse_reply must return a dictionary; it returned {got!r:.100}"
    missing = sorted(values.keys() - got.keys())
    more = sorted(map(str, got.keys() - values.keys()))
    assert not missing and not more, (
        f"the keys must be {sorted(values)}; "
        + (f"missing: {missing}" if missing else f"there are more: {more}")
        + (f"; yours are {sorted(map(str, got))}" if missing else "")
    )
    for key, value in values.items():
        assert got[key] == value, f"the value of {key} must be {value!r}; it is {got[key]!r}"
