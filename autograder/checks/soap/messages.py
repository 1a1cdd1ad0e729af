"""SOAP messages as others write them, and a reader that sees through every way of writing."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from autograder.loopback.soap_service import SOAP, XSI

SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"

AWKWARD = "a < b && c > d, \"twice\" and 'once', ]]> too; café 日本 \N{ROCKET}"
"""Text with everything that XML writes in another way."""


def word(rng: Random, length: int = 6) -> str:
    """A random word of small letters: a prefix, a part of a namespace, a value."""
    return "".join(rng.choices("abcdefghijklmnopqrstuvwyz", k=length))  # no x: it may become xml, which is reserved


def words(rng: Random, count: int) -> list[str]:
    """So many words, all different."""
    found: set[str] = set()
    while len(found) < count:
        found.add(word(rng))
    return sorted(found, key=lambda _: rng.random())


def message(content: str, *, prefix: str = "soap", namespace: str = SOAP, header: str = "", before: str = "") -> bytes:
    """An envelope in UTF-8.

    Args:
        content: what stands in the Body, as XML.
        prefix: of the envelope's namespace; "" makes it the default namespace.
        header: what stands in a Header, as XML; no Header where it is empty.
        before: what stands between the XML declaration and the envelope.
    """
    colon = f"{prefix}:" if prefix else ""
    xmlns = f"xmlns:{prefix}" if prefix else "xmlns"
    head = f"<{colon}Header>{header}</{colon}Header>" if header else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{before}<{colon}Envelope {xmlns}={quoteattr(namespace)}>{head}'
        f"<{colon}Body>{content}</{colon}Body></{colon}Envelope>"
    ).encode()


def element(name: str, namespace: str, values: Mapping[str, str | None], *, prefix: str = "m") -> str:
    """An operation's or an answer's element, its children in the same namespace; a value of None is nil.

    Values are text and are escaped here.
    """
    colon = f"{prefix}:" if prefix else ""
    xmlns = f"xmlns:{prefix}" if prefix else "xmlns"
    children = "".join(
        f'<{colon}{key} i:nil="true"/>' if value is None else f"<{colon}{key}>{escape(value)}</{colon}{key}>"
        for key, value in values.items()
    )
    return f'<{colon}{name} {xmlns}={quoteattr(namespace)} xmlns:i="{XSI}">{children}</{colon}{name}>'


def fault(code: str, string: str, *, prefix: str = "soap", extra: str = "") -> str:
    """A Fault whose prefixes are declared outside; `code` is written as given, with whatever prefix it has."""
    return (
        f"<{prefix}:Fault><faultcode>{code}</faultcode><faultstring>{escape(string)}</faultstring>{extra}"
        f"</{prefix}:Fault>"
    )


def parse(data: bytes, what: str) -> etree._Element:
    """The root of a document that the learner's code wrote; an AssertionError in words when it is none.

    Args:
        what: names the document in the message, e.g. ``"the envelope"``.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        shown = data[:120].replace(b"\0", b"").decode("utf-8", "replace")
        raise AssertionError(f"{what} is not well-formed XML ({error.msg}); it begins {shown!r}") from None
    declared = root.getroottree().docinfo.internalDTD is not None
    assert not declared, f"{what} must not contain a document type declaration (SOAP 1.1 section 3)"
    return root


def content_of(root: etree._Element) -> etree._Element:
    """The one element in the Body, whatever the version of SOAP: `test_envelope` is about that."""
    bodies = root.xpath("./*[local-name()='Body']")
    found = [child for body in bodies for child in body.iterchildren("*")]
    assert len(found) == 1, f"the Body must hold one element; there are {len(found)}"
    return found[0]


def text_of(item: etree._Element) -> str:
    """The text of an element, with CDATA and without comments."""
    return str(item.xpath("string()"))


def is_nil(item: etree._Element) -> bool:
    """Is it marked xsi:nil (XML Schema part 1 section 2.6.2)?"""
    return str(item.get(f"{{{XSI}}}nil", "")).strip() in ("true", "1")


def name_of(item: etree._Element) -> str:
    """An element's name in words: local name and namespace."""
    name = etree.QName(item)
    return f"{name.localname} in {f'the namespace {name.namespace}' if name.namespace else 'no namespace'}"
