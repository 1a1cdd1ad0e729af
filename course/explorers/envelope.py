"""The envelope explorer: one SOAP message in several spellings, its tree, and what two readers make of it.

    from explorers.envelope import envelope

    envelope()                                                   # Announce, with the prefixes soap: and f:
    envelope("fare", ["2", "1"], naming="default", spelling="comment")

One reader looks for prefixes in the text, as quick programs do. The other one parses, and compares expanded names:
{namespace}local (Namespaces in XML 1.0, section 2.1).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import traitlets
from lxml import etree

from .figure import Figure

HERE = Path(__file__)
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
FERRY = "urn:example:ferry"
BUS = "urn:example:bus"
LONGEST = 60
"""Characters of a value that the picture has room for."""


class Kind(NamedTuple):
    """A message: its label, the element in its Body, and the names and first values of what is in that."""

    label: str
    element: str
    fields: tuple[str, ...]
    values: tuple[str, ...]


class Naming(NamedTuple):
    """Two prefixes, "" for none, and the namespaces that they stand for."""

    label: str
    soap: str
    ferry: str
    soap_namespace: str
    ferry_namespace: str


KINDS = {
    "announce": Kind("request: Announce", "Announce", ("ship", "text"), ("Puffin", "Tea & cake")),
    "fare": Kind("request: Fare", "Fare", ("adults", "bicycles"), ("2", "1")),
    "fault": Kind("reply: a fault", "Fault", ("faultstring",), ("no ship calls at Atlantis",)),
}

NAMINGS = {
    "usual": Naming("soap: and f:", "soap", "f", SOAP, FERRY),
    "other": Naming("S: and ns1:", "S", "ns1", SOAP, FERRY),
    "default": Naming("no prefixes, default namespaces", "", "", SOAP, FERRY),
    "bus": Naming("soap: and f:, but f: is the bus line", "soap", "f", SOAP, BUS),
    "soap12": Naming("soap: and f:, but soap: is SOAP 1.2", "soap", "f", SOAP_12, FERRY),
}

SPELLINGS = {
    "escaped": "escaped",
    "cdata": "in a CDATA section",
    "comment": "with a comment in the middle",
    "raw": "not escaped at all",
}


class Node(NamedTuple):
    """An element: how deep it stands, its expanded name in two parts, and its whole text if it has no children."""

    depth: int
    namespace: str
    local: str
    text: str | None


class Refused(Exception):
    """Why a reader takes nothing from a message."""


def written(kind: str, values: Sequence[str], naming: str, spelling: str, declared: bool) -> bytes:
    """The message in UTF-8.

    Args:
        kind, naming, spelling: keys of `KINDS`, `NAMINGS`, `SPELLINGS`; the spelling is that of the last value.
        values: one for each field of the kind.
        declared: a document type declaration stands in front.

    Raises:
        ValueError: there is no such key, a value is too long, or their number is wrong.
    """
    for what, key, known in (("message", kind, KINDS), ("naming", naming, NAMINGS), ("spelling", spelling, SPELLINGS)):
        if key not in known:
            raise ValueError(f"there is no {what} {key!r}; there are {', '.join(known)}")
    message, names = KINDS[kind], NAMINGS[naming]
    if len(values) != len(message.fields):
        raise ValueError(f"{message.element} has {len(message.fields)} values here; there are {len(values)}")
    for value in values:
        if len(value) > LONGEST:
            raise ValueError(f"{value[:20]!r}… is {len(value)} characters long, and a value here has up to {LONGEST}")
        if bad := re.search(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", value):
            raise ValueError(f"XML can't carry the character {bad.group()!r}: leave it out")
    soap, ferry = (f"{prefix}:" if prefix else "" for prefix in (names.soap, names.ferry))
    spelt = [escape(value) for value in values[:-1]] + [_spelt(values[-1], spelling)]
    if kind == "fault":
        inner = _fault(names, spelt[0])
        opening, closing = f"<{soap}Fault>", f"</{soap}Fault>"
    else:
        inner = [f"<{ferry}{name}>{text}</{ferry}{name}>" for name, text in zip(message.fields, spelt, strict=True)]
        bound = _binding(names.ferry, names.ferry_namespace)
        opening, closing = f"<{ferry}{message.element} {bound}>", f"</{ferry}{message.element}>"
    lines = [
        '<!DOCTYPE d [<!ENTITY tea "a very long text">]>' if declared else "",
        f"<{soap}Envelope {_binding(names.soap, names.soap_namespace)}>",
        f"  <{soap}Body>",
        f"    {opening}",
        *(f"      {line}" for line in inner),
        f"    {closing}",
        f"  </{soap}Body>",
        f"</{soap}Envelope>",
    ]
    return "\n".join(line for line in lines if line).encode()


def _binding(prefix: str, namespace: str) -> str:
    return f'xmlns:{prefix}="{namespace}"' if prefix else f'xmlns="{namespace}"'


def _fault(names: Naming, text: str) -> list[str]:
    """Code and sentence of a fault, both in no namespace (SOAP 1.1 section 4.4); the code's value has a prefix."""
    if names.soap:
        return [f"<faultcode>{names.soap}:Client</faultcode>", f"<faultstring>{text}</faultstring>"]
    code = f'<faultcode xmlns="" xmlns:e="{names.soap_namespace}">e:Client</faultcode>'
    return [code, f'<faultstring xmlns="">{text}</faultstring>']


def _spelt(value: str, spelling: str) -> str:
    if spelling == "raw":
        return value
    if spelling == "cdata":
        return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"
    if spelling == "comment":
        middle = len(value) // 2
        return f"{escape(value[:middle])}<!-- here -->{escape(value[middle:])}"
    return escape(value)


def tree(data: bytes) -> list[Node]:
    """The elements of a message, in order.

    Raises:
        Refused: it is not well-formed, or has a document type declaration (SOAP 1.1 section 3).
    """
    root = _parsed(data)
    nodes = []
    for element in root.iter("*"):
        name = etree.QName(element)
        depth = sum(1 for _ in element.iterancestors())
        text = None if len(element.xpath("*")) else "".join(element.xpath("text()"))
        nodes.append(Node(depth, name.namespace or "", name.localname, text))
    return nodes


def _parsed(data: bytes) -> etree._Element:
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise Refused(f"not well-formed XML: {error.msg}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused("it has a document type declaration, which SOAP forbids")
    return root


def by_prefix(data: bytes) -> dict[str, str]:
    """What a reader finds that looks for the prefixes soap: and f: in the text. It is wrong on purpose."""
    inside = re.search(r"<soap:Body>(.*)</soap:Body>", data.decode(), re.DOTALL)
    if inside is None:
        raise Refused("there is no <soap:Body>")
    return dict(re.findall(r"<f:(\w+)>([^<]*)</f:\1>", inside.group(1)))


def by_name(data: bytes) -> dict[str, str]:
    """What a reader finds that parses and compares expanded names.

    Raises:
        Refused: it is no message, no call that the ferry line knows, or a fault; the text says which.
    """
    root = _parsed(data)
    body = root.find(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or body is None:
        raise Refused(f"no SOAP 1.1 envelope, but {root.tag}")
    content = body.find("*")
    if content.tag == f"{{{SOAP}}}Fault":
        code = "".join(content.find("faultcode").xpath("text()")).rpartition(":")[2]
        string = "".join(content.find("faultstring").xpath("text()"))
        raise Refused(f"a fault: {code}, {string!r}")
    if etree.QName(content).namespace != FERRY:
        raise Refused(f"there is no operation {content.tag}")
    return {etree.QName(child).localname: "".join(child.xpath("text()")) for child in content.iterchildren("*")}


def told(reader: Callable[[bytes], dict[str, str]], data: bytes) -> str:
    """What a reader finds, or why it takes nothing, in one line."""
    try:
        found = reader(data)
    except Refused as why:
        return str(why)
    return ", ".join(f"{name} = {value!r}" for name, value in found.items()) or "nothing, and no complaint"


def _tree_lines(data: bytes) -> list[Node] | str:
    try:
        return tree(data)
    except Refused as why:
        return f"no tree: {why}"


def words(kind: str, values: Sequence[str], naming: str, spelling: str, declared: bool) -> str:
    """The bytes, the tree and both readers in plain text."""
    data = written(kind, values, naming, spelling, declared)
    lines = [_count(data, values), "", data.decode(), "", "The tree, with expanded names:"]
    nodes = _tree_lines(data)
    if isinstance(nodes, str):
        lines.append(nodes)
    else:
        for node in nodes:
            name = f"{{{node.namespace}}}{node.local}" if node.namespace else node.local
            lines.append(f"{'  ' * node.depth}{name}{'' if node.text is None else f'  {node.text!r}'}")
    lines += ["", f"a reader of prefixes: {told(by_prefix, data)}", f"a reader of names:    {told(by_name, data)}"]
    return "\n".join(lines)


def _count(data: bytes, values: Sequence[str]) -> str:
    return f"The message: {len(data)} bytes, {sum(len(value.encode()) for value in values)} of them the values"


INK, MUTED = "var(--jp-content-font-color1, #1f2328)", "var(--jp-content-font-color2, #59636e)"
PAPER = "var(--jp-layout-color1, #ffffff)"
MONO = "var(--jp-code-font-family, ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace)"
SHADES = {SOAP: "rgba(9,105,218,0.20)", FERRY: "rgba(191,135,0,0.26)", "": "rgba(130,130,130,0.16)"}
STRANGE = "rgba(207,34,46,0.24)"
LEFT, WIDTH, ROW, LETTER = 14, 940, 19, 7.25
ACROSS = 122
"""Characters in a line of the picture."""


def picture(kind: str, values: Sequence[str], naming: str, spelling: str, declared: bool) -> str:
    """The message, below it the tree with a shade for each namespace, below that the two readers."""
    data = written(kind, values, naming, spelling, declared)
    y, parts = 22, [_text(LEFT, 22, _count(data, values), MUTED)]
    for line in data.decode().splitlines():
        for start in range(0, len(line), ACROSS):
            y += ROW
            parts.append(_text(LEFT, y, line[start : start + ACROSS], INK))
    y += 34
    parts.append(_text(LEFT, y, "The tree, with expanded names: {namespace}local", MUTED))
    nodes = _tree_lines(data)
    if isinstance(nodes, str):
        y += ROW
        parts.append(_text(LEFT, y, f"✗ {nodes}"[:ACROSS], INK))
    else:
        for node in nodes:
            y += ROW
            parts += _node(node, y)
    y += 34
    for label, reader in (("a reader of prefixes says", by_prefix), ("a reader of names says", by_name)):
        agrees = reader is by_name or told(by_prefix, data) == told(by_name, data)
        line = f"{'✓' if agrees else '✗'} {told(reader, data)}"
        parts += [_text(LEFT, y, label, MUTED), _text(LEFT + 200, y, _cut(line, 98), INK)]
        y += ROW + 3
    height = y
    explained = html.escape(words(kind, values, naming, spelling, declared))
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
            f'style="max-width:{WIDTH}px;width:100%;font-family:{MONO};font-size:12px">',
            f"<title>A SOAP message of {len(data)} bytes, its tree, and what two readers say</title>",
            f"<desc>{explained}</desc>",
            f'<rect width="{WIDTH}" height="{height}" rx="6" style="fill:{PAPER}"/>',
            *parts,
            "</svg>",
        ]
    )


def _node(node: Node, y: float) -> list[str]:
    x = LEFT + 2 * LETTER * node.depth
    name = f"{{{node.namespace}}}" if node.namespace else ""
    shade = SHADES.get(node.namespace, STRANGE)
    wide = (len(name) + len(node.local)) * LETTER + 8
    parts = [
        f'<rect x="{x - 4:g}" y="{y - 13}" width="{wide:g}" height="17" rx="3" style="fill:{shade}"/>',
        f'<text x="{x:g}" y="{y}" style="fill:{MUTED}">{html.escape(name)}'
        f'<tspan style="fill:{INK};font-weight:bold">{html.escape(node.local)}</tspan></text>',
    ]
    if node.text is not None:
        parts.append(_text(x + wide + 4, y, repr(node.text), INK))
    return parts


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(x: float, y: float, text: str, colour: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" xml:space="preserve" style="fill:{colour}">{html.escape(text)}</text>'


class Envelope(Figure):
    """The explorer; all that can be chosen may be read and set from Python."""

    _esm = HERE.with_suffix(".js").read_text(encoding="utf-8")
    _css = HERE.with_suffix(".css").read_text(encoding="utf-8")
    kind = traitlets.Unicode().tag(sync=True)
    values: traitlets.List[Any] = traitlets.List().tag(sync=True)
    naming = traitlets.Unicode().tag(sync=True)
    spelling = traitlets.Unicode().tag(sync=True)
    declared = traitlets.Bool().tag(sync=True)
    fields: traitlets.List[Any] = traitlets.List().tag(sync=True)
    choices: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    """For each of the three lists: key -> label."""
    svg = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    """Why the picture is still the old one; "" while all is well."""

    def __init__(self, kind: str, values: Sequence[str], naming: str, spelling: str, declared: bool) -> None:
        choices = {
            "kind": {key: each.label for key, each in KINDS.items()},
            "naming": {key: each.label for key, each in NAMINGS.items()},
            "spelling": SPELLINGS,
        }
        super().__init__(
            kind=kind,
            values=list(values),
            naming=naming,
            spelling=spelling,
            declared=declared,
            fields=list(KINDS[kind].fields),
            choices=choices,
        )
        self._draw()
        self.observe(self._another, "kind")
        self.observe(self._draw, ["values", "naming", "spelling", "declared"])

    def _another(self, _: object = None) -> None:
        if chosen := KINDS.get(self.kind):
            self.fields = list(chosen.fields)
            self.values = list(chosen.values)
        self._draw()

    def _draw(self, _: object = None) -> None:
        try:
            self.svg = self.picture()
            self.problem = ""
        except ValueError as error:
            self.problem = str(error)

    def words(self) -> str:
        """The chosen message and what is read from it."""
        return words(self.kind, self.values, self.naming, self.spelling, self.declared)

    def picture(self) -> str:
        """The chosen message and what is read from it."""
        return picture(self.kind, self.values, self.naming, self.spelling, self.declared)


def envelope(
    kind: str = "announce",
    values: Sequence[str] | None = None,
    *,
    naming: str = "usual",
    spelling: str = "escaped",
    declared: bool = False,
) -> Envelope:
    """Show the explorer.

    Args:
        kind: "announce", "fare" or "fault".
        values: one for each field of the message; None for a first choice.
        naming: "usual", "other", "default", "bus" or "soap12": prefixes and what they stand for.
        spelling: of the last value: "escaped", "cdata", "comment" or "raw".
        declared: with a document type declaration.

    Returns:
        A widget; as the last line of a cell it shows itself.

    Raises:
        ValueError: there is no such choice, or a value that can't be shown.
    """
    if values is None:
        values = KINDS[kind].values if kind in KINDS else ()
    written(kind, values, naming, spelling, declared)
    return Envelope(kind, values, naming, spelling, declared)
