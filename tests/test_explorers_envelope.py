"""The envelope explorer: what it says about a message is what a parser and a service would say."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.loopback.soap_service import SoapFault, read_call
from explorers.envelope import (
    FERRY,
    KINDS,
    NAMINGS,
    SOAP,
    SPELLINGS,
    Node,
    Refused,
    by_name,
    by_prefix,
    envelope,
    told,
    tree,
    written,
)

TEXT = st.text(alphabet="ab &<>]'\"é😀-", max_size=12)


@given(
    values=st.lists(TEXT, min_size=2, max_size=2),
    naming=st.sampled_from(["usual", "other", "default"]),
    spelling=st.sampled_from(["escaped", "cdata", "comment"]),
)
def test_a_reader_of_names_gets_the_values_in_every_spelling(values: list[str], naming: str, spelling: str) -> None:
    data = written("announce", values, naming, spelling, declared=False)
    assert by_name(data) == dict(zip(["ship", "text"], values, strict=True))
    assert read_call(data).tag == f"{{{FERRY}}}Announce", "the ferry's own service takes it, too"
    # A second parser agrees about the names.
    assert [f"{{{node.namespace}}}{node.local}" for node in tree(data)] == [e.tag for e in ET.fromstring(data).iter()]


def test_a_reader_of_prefixes_is_right_only_about_the_usual_ones() -> None:
    values = ("Puffin", "Tea")
    found = {naming: told(by_prefix, written("announce", values, naming, "escaped", False)) for naming in NAMINGS}
    assert found["usual"] == "ship = 'Puffin', text = 'Tea'"
    assert found["other"] == found["default"] == "there is no <soap:Body>"
    assert found["bus"] == found["soap12"] == found["usual"], "and it takes strangers for the ferry"


def test_a_reader_of_prefixes_misreads_text() -> None:
    def both(spelling: str) -> tuple[str, str]:
        data = written("announce", ("Puffin", "Tea & cake"), "usual", spelling, False)
        return told(by_prefix, data), told(by_name, data)

    whole = "ship = 'Puffin', text = 'Tea & cake'"
    assert both("escaped") == ("ship = 'Puffin', text = 'Tea &amp; cake'", whole)
    assert both("cdata") == ("ship = 'Puffin'", whole)
    assert both("comment") == ("ship = 'Puffin'", whole)
    assert both("raw")[0] == whole
    assert both("raw")[1].startswith("not well-formed XML")


@pytest.mark.parametrize("naming", ["usual", "other", "default"])
def test_a_fault_has_a_qualified_code_and_its_children_are_in_no_namespace(naming: str) -> None:
    data = written("fault", ("no <such> ship",), naming, "escaped", False)
    root = ET.fromstring(data)
    fault = root.find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    assert fault is not None
    assert fault.findtext("faultstring") == "no <such> ship"
    assert told(by_name, data) == "a fault: Client, 'no <such> ship'"
    prefix = (fault.findtext("faultcode") or "").partition(":")[0]
    assert f'xmlns:{prefix}="{SOAP}"' in data.decode()


def test_a_fault_looks_like_an_empty_answer_to_a_reader_of_prefixes() -> None:
    assert told(by_prefix, written("fault", ("no",), "usual", "escaped", False)) == "nothing, and no complaint"


def test_strangers_and_declarations_are_refused_as_the_service_does() -> None:
    plain = ("fare", ("2", "1"))
    assert told(by_name, written(*plain, "bus", "escaped", False)) == "there is no operation {urn:example:bus}Fare"
    assert told(by_name, written(*plain, "soap12", "escaped", False)).startswith("no SOAP 1.1 envelope")
    declared = written(*plain, "usual", "escaped", True)
    with pytest.raises(Refused, match="document type declaration"):
        tree(declared)
    with pytest.raises(SoapFault, match="document type declaration"):
        read_call(declared)
    assert by_prefix(declared) == {"adults": "2", "bicycles": "1"}


def test_the_tree_has_expanded_names() -> None:
    nodes = tree(written("fare", ("2", "1"), "default", "comment", False))
    assert nodes == [
        Node(0, SOAP, "Envelope", None),
        Node(1, SOAP, "Body", None),
        Node(2, FERRY, "Fare", None),
        Node(3, FERRY, "adults", "2"),
        Node(3, FERRY, "bicycles", "1"),
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("declared", [False, True])
def test_the_picture_has_a_title_and_the_words(kind: str, naming: str, spelling: str, declared: bool) -> None:
    explorer = envelope(kind, naming=naming, spelling=spelling, declared=declared)
    root = ET.fromstring(explorer.picture())
    names = {"s": "http://www.w3.org/2000/svg"}
    assert root.get("role") == "img"
    assert (root.findtext("s:title", namespaces=names) or "").startswith("A SOAP message of ")
    assert root.findtext("s:desc", namespaces=names) == explorer.words()
    assert "a reader of names:    " in explorer.words()


def test_a_change_redraws_and_a_bad_one_says_why_and_keeps_the_picture() -> None:
    explorer = envelope()
    before = explorer.svg
    explorer.naming = "other"
    after = explorer.svg
    assert after != before
    explorer.values = ["Puffin", "\x00"]
    assert explorer.problem == "XML can't carry the character '\\x00': leave it out"
    assert explorer.svg == after
    explorer.kind = "fault"
    assert not explorer.problem
    assert explorer.fields == ["faultstring"]
    assert "Atlantis" in explorer.svg


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("letter", {}, "there is no message 'letter'; there are announce, fare, fault"),
        ("fare", {"naming": "x"}, "there is no naming 'x'"),
        ("fare", {"spelling": "x"}, "there is no spelling 'x'"),
        ("fare", {"values": ["1"]}, "Fare has 2 values here; there are 1"),
        ("fare", {"values": ["1", "x" * 61]}, "is 61 characters long"),
    ],
)
def test_bad_input_names_the_value(kind: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        envelope(kind, **options)  # type: ignore[arg-type]
