"""Write a SOAP request: an envelope, a body, and the operation with its parameters."""

from __future__ import annotations

from random import Random

from lxml import etree

from autograder.checks.fixtures import Likely
from autograder.checks.soap.messages import AWKWARD, SOAP_12, content_of, is_nil, name_of, parse, text_of, words
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.loopback.soap_service import SOAP


@exercise
def build_envelope(namespace: str, operation: str, parameters: dict[str, object]) -> bytes: ...


@requirement(
    points=1,
    source="SOAP 1.1 sections 3 and 4",
    hint="Both elements are in the namespace http://schemas.xmlsoap.org/soap/envelope/. It ends in a slash.",
)
def test_envelope(learner: Learner, rng: Random, likely: Likely) -> None:
    """The root is SOAP 1.1's Envelope, and its Body holds one element."""
    names = words(rng, 5)
    messages = []
    for operation in names[3:]:
        root = _build(learner, f"urn:example:{names[0]}", operation, {names[1]: names[2]})
        likely(root.tag == f"{{{SOAP_12}}}Envelope", "this is the namespace of SOAP 1.2; a SOAP 1.1 server refuses it")
        assert root.tag == f"{{{SOAP}}}Envelope", (
            f"the root must be Envelope in the namespace {SOAP}; it is {name_of(root)}"
        )
        children = [child for child in root.iterchildren("*") if child.tag != f"{{{SOAP}}}Header"]
        found = ", ".join(map(name_of, children)) or "nothing"
        assert [child.tag for child in children] == [f"{{{SOAP}}}Body"], (
            f"the Envelope must hold one Body in the namespace {SOAP}; it holds {found}"
        )
        content_of(root)
        messages.append(etree.tostring(root))
    # Which element it is asks test_namespaces; the same message for every operation calls none.
    said = f"calls of {names[3]} and {names[4]} must be different messages, got {messages[0].decode()} twice"
    assert messages[0] != messages[1], said


@requirement(
    points=1,
    source="Namespaces in XML 1.0 sections 2.1, 5 and 6.2; SOAP 1.1 section 7.1",
    hint="A namespace counts for an element that has its prefix, or for all elements inside when it is the default.",
)
def test_namespaces(learner: Learner, rng: Random, likely: Likely) -> None:
    """The operation and its parameters are in the given namespace, in the given order; & may be part of its name."""
    names = words(rng, 5)
    for namespace in (f"urn:example:{names[0]}", f"http://{names[0]}.example/?a={names[1]}&b={names[2]}"):
        call = content_of(_build(learner, namespace, names[3], dict.fromkeys(names, "1")))
        expected = f"{{{namespace}}}{names[3]}"
        assert call.tag == expected, (
            f"the element in the Body must be {names[3]} in the namespace {namespace}; it is {name_of(call)}"
        )
        children = list(call.iterchildren("*"))
        likely(
            [child.tag for child in children] == names,
            "the parameters have no prefix and no default namespace is declared, so they are in no namespace at all",
        )
        for child, name in zip(children, names, strict=False):
            assert child.tag == f"{{{namespace}}}{name}", (
                f"the parameter must be {name} in the namespace {namespace}; it is {name_of(child)}"
            )
        assert len(children) == len(names), f"there must be {len(names)} parameters; there are {len(children)}"


@requirement(
    points=1,
    source="XML 1.0 section 2.4",
    hint="A library that makes elements and writes them out escapes for you. With a template you do: <, & and >.",
)
def test_text(learner: Learner, rng: Random, likely: Likely) -> None:
    """Text arrives as it was: <, &, quotes, letters of every script, spaces and line ends."""
    names = words(rng, 4)
    markup = f"<b>{names[3]}</b>"
    texts = [AWKWARD, f"&lt;{names[3]}&gt; &amp;", f"  {names[3]}\n\t{names[2]} ", markup, ""]
    for text in texts:
        call = content_of(_build(learner, f"urn:example:{names[0]}", names[1], {names[2]: text}))
        child = _only(call)
        likely(len(child), "the text has become markup: < begins a tag wherever it is not escaped as &lt;")
        likely(text_of(child) == text.strip(), "the spaces around the text are part of it")
        got = text_of(child)
        assert not len(child) and got == text, f"the text of the parameter must be {text!r}; it reads {got!r}"


@requirement(
    points=1,
    source="XML Schema part 2 sections 3.2.2 and 3.3.17; part 1 section 2.6.2",
    hint="How does Python write True as text, and how does XML? Nothing at all is said with an attribute.",
)
def test_types(learner: Learner, rng: Random, likely: Likely) -> None:
    """True and False are written true and false, numbers in decimal, and None is an empty element with xsi:nil."""
    names = words(rng, 5)
    number = rng.randrange(-(10**6), 10**6)
    values: dict[str, object] = dict(zip(names, [True, False, number, None, "None"], strict=True))
    call = content_of(_build(learner, f"urn:example:{names[0]}", names[1], values))
    children = list(call.iterchildren("*"))
    assert len(children) == len(values), f"there must be {len(values)} parameters; there are {len(children)}"
    for child, value in zip(children, values.values(), strict=True):
        got = text_of(child)
        likely(got in ("True", "False"), "XML knows true and false in small letters; True is Python's word")
        if value is None:
            likely(got == "None", "None is Python's word; for XML this is a text of four letters")
            assert is_nil(child), (
                f"None must be told by the attribute nil='true' in XSI's namespace; yours is {_xml(child)}"
            )
            assert not got and not len(child), (
                f"an element that is nil must be empty (part 1, 3.3.4); yours is {_xml(child)}"
            )
            continue
        # XML Schema allows 1 and 0 for true and false.
        allowed = {True: ("true", "1"), False: ("false", "0")}[value] if isinstance(value, bool) else (str(value),)
        assert got.strip() in allowed, f"{value!r} must be written as {allowed[0]}; yours is {_xml(child)}"
        assert not is_nil(child), f"only None is nil; {value!r} is written as {_xml(child)}"


@requirement(
    points=1,
    source="XML Schema part 1 section 3.8: sequences and maxOccurs",
    hint="Let one function add a value to an element. For a dictionary, and for each item of a list, it calls itself.",
)
def test_nested(learner: Learner, rng: Random) -> None:
    """A dictionary becomes an element with children, a list as many elements as it has items, each of the same name."""
    names = words(rng, 6)
    namespace = f"urn:example:{names[0]}"
    inner = [{names[4]: "1", names[5]: None}, {names[4]: "2 or 3", names[5]: names[0]}]
    values: dict[str, object] = {names[2]: inner, names[3]: [names[1], names[2], names[3]], names[1]: {names[5]: []}}
    call = content_of(_build(learner, namespace, names[1], values))
    expected = [
        (names[2], [(names[4], "1"), (names[5], None)]),
        (names[2], [(names[4], "2 or 3"), (names[5], names[0])]),
        *((names[3], text) for text in (names[1], names[2], names[3])),
        (names[1], ""),
    ]
    got = [_outline(child, namespace) for child in call.iterchildren("*")]
    assert got == expected, f"the elements must be\n{expected}\nyours are\n{got}"


@requirement(
    points=1,
    source="XML 1.0 section 2.2",
    hint="Some libraries notice. If yours does not, look for the characters below U+0020, except tab, LF and CR.",
)
def test_impossible_characters(learner: Learner, rng: Random) -> None:
    """Text with a character that XML can't carry, such as U+0000, is refused with ValueError."""
    names = words(rng, 4)
    for character in ("\x00", "\x08", "\x1b"):
        text = f"{names[3]}{character}{names[2]}"
        learner.must_raise(ValueError, f"urn:example:{names[0]}", names[1], {names[2]: text})
    learner(f"urn:example:{names[0]}", names[1], {names[2]: f"{names[3]}\t{names[2]}"})  # a tab is no such character


def _build(learner: Learner, namespace: str, operation: str, parameters: dict[str, object]) -> etree._Element:
    data = learner(namespace, operation, parameters)
    assert isinstance(data, bytes), f"build_envelope must return bytes; it returned {type(data).__name__}: {data!r:.80}"
    return parse(data, "the envelope")


def _only(call: etree._Element) -> etree._Element:
    children = list(call.iterchildren("*"))
    assert len(children) == 1, f"the operation must have one parameter; it has {len(children)}: {_xml(call)}"
    return children[0]


def _outline(item: etree._Element, namespace: str) -> tuple[str, object]:
    """Local name and text, or local name and outlines of the children; nil is None."""
    name = etree.QName(item)
    shown = name.localname if name.namespace == namespace else name_of(item)
    children = [_outline(child, namespace) for child in item.iterchildren("*")]
    return shown, children or (None if is_nil(item) else text_of(item))


def _xml(item: etree._Element) -> str:
    return etree.tostring(item, with_tail=False, encoding="unicode")[:200]
