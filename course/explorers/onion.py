"""The networking onion: a captured frame, layer by layer and byte by byte.

    from explorers.onion import onion

    onion()                     # the HTTP request, still wrapped
    onion("dns", taken=2)       # the DNS query with its two outer layers taken off

The messages are in `onion_words.py`; their bytes are the recordings in course/captures.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import traitlets
from captures import frames

from autograder.wire.dissect import Field, Layer, dissect

from .figure import Figure
from .onion_words import MESSAGES, SELECTORS, UNITS, Message, about

HERE = Path(__file__)
# The still picture, in its own units: labels at the left, a bar of all bytes at the right.
LABELS, BAR, ROW, TOP = 190, 540, 34, 30
COLOURS = {2: "#8a6100", 3: "#1f7a4a", 4: "#1565c0", 6: "#7b3fb3", 7: "#b03a0a"}
GREY = "#6b7280"
# Numbers that nobody counts with.
IN_HEXADECIMAL = {
    "type",
    "protocol type",
    "identification",
    "header checksum",
    "checksum",
    "record version",
    "legacy version",
}


def message_named(key: str) -> Message:
    """The message with this key; ValueError names those there are."""
    for message in MESSAGES:
        if message.key == key:
            return message
    raise ValueError(f"no message is called {key!r}; there are {', '.join(each.key for each in MESSAGES)}")


def bytes_of(message: Message) -> bytes:
    """The captured frame."""
    return frames(message.capture)[message.number]


def layers_of(message: Message) -> list[Layer]:
    """Its layers, outermost first."""
    return dissect(bytes_of(message), application=message.application)


def wrapping(layers: list[Layer]) -> list[Layer]:
    """The layers that wrap or are wrapped: all but padding."""
    return [layer for layer in layers if layer.name != "Padding"]


def words(message: Message) -> str:
    """The message in plain text: a line for every layer and every field."""
    layers = layers_of(message)
    lines = [f"{message.title}: a captured frame of {layers[-1].end} bytes", message.story]
    for layer in layers:
        size = layer.end - layer.start
        lines.append(f"\nlayer {layer.osi}  {layer.name}: {size} bytes, {layer.start} to {layer.end - 1}")
        lines += [f"  {_place(field):>9}  {field.name}: {_told(field)}" for field in layer.fields]
    return "\n".join(lines)


def _told(field: Field) -> str:
    """A number with its meaning; of other values the meaning alone, which repeats them."""
    named = {_value(field), str(field.value)} & set(re.findall(r"\w+", field.meaning))
    plain = bool(named) or not isinstance(field.value, int)
    return field.meaning if plain else f"{_value(field)}, {field.meaning}"


def _value(field: Field) -> str:
    """A value as people write it; long bytes are cut."""
    if isinstance(field.value, bytes):
        return field.value[:12].hex(" ") + (" …" if len(field.value) > 12 else "")
    if isinstance(field.value, int) and field.name in IN_HEXADECIMAL:
        return f"0x{field.value:04x}"
    return str(field.value)


def _place(field: Field) -> str:
    """Which bytes, counted from 0: "16-17", or "20" for one."""
    return f"{field.start}-{field.end - 1}" if field.end - field.start > 1 else f"{field.start}"


def picture(message: Message) -> str:
    """What each layer sees of the frame as SVG: the message on top, the whole frame at the bottom, to scale.

    It brings its own light background, so it reads well on any page.
    """
    layers = layers_of(message)
    shells = wrapping(layers)
    total = layers[-1].end
    width, height = LABELS + BAR + 20, TOP + ROW * len(shells) + 34
    told = "; ".join(f"layer {layer.osi} {layer.name} {layer.end - layer.start} bytes" for layer in layers)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" font-family="sans-serif" font-size="13">'
        f"<title>{html.escape(message.title)}, wrapped layer by layer</title>"
        f"<desc>From the outside in: {html.escape(told)}. {total} bytes in all.</desc>"
        f'<rect width="{width}" height="{height}" rx="6" fill="#ffffff" stroke="#9ca3af"/>'
        f'<text x="12" y="20" fill="#111827" font-weight="bold">{html.escape(message.title)}</text>'
    ]
    for row, number in enumerate(reversed(range(len(shells)))):
        parts.append(_row(layers, number, TOP + ROW * row, total))
    parts.append(
        f'<text x="12" y="{height - 12}" fill="#374151" font-size="12">Sending goes down: each layer puts its '
        f"header in front. Receiving goes up. The bars show all {total} bytes to scale.</text></svg>"
    )
    return "".join(parts)


def _row(layers: list[Layer], number: int, top: int, total: int) -> str:
    """What layer `number` of the wrapping ones is given: its own header, and what that wraps."""
    shells = wrapping(layers)
    own = shells[number]
    # Only the link's layers carry padding: the layers above know where their packet ends.
    shown = shells[number:] + (layers[len(shells) :] if _carries_padding(layers, number) else [])
    size = shown[-1].end - own.start
    parts = [
        f'<text x="12" y="{top + 20}" fill="{COLOURS[own.osi]}" font-weight="bold">'
        f"{own.osi} {own.name}</text>"
        f'<text x="{LABELS - 12}" y="{top + 20}" fill="#374151" text-anchor="end" font-size="12">'
        f"{size} bytes</text>"
    ]
    for layer in shown:
        left, wide = LABELS + layer.start * BAR / total, (layer.end - layer.start) * BAR / total
        colour = GREY if layer.name == "Padding" else COLOURS[layer.osi]
        fill = colour if layer is own else f"{colour}33"
        parts.append(
            f'<rect x="{left:.1f}" y="{top + 3}" width="{wide:.1f}" height="{ROW - 8}" fill="{fill}" '
            f'stroke="{colour}"/>'
        )
        label = f"{layer.name} {layer.end - layer.start}"
        if wide < 8 * len(label):
            label = str(layer.end - layer.start)
        if wide > 8 * len(label):
            ink = "#ffffff" if fill == colour else "#111827"
            parts.append(
                f'<text x="{left + wide / 2:.1f}" y="{top + 20}" fill="{ink}" text-anchor="middle" '
                f'font-size="12">{label}</text>'
            )
    return "".join(parts)


def _carries_padding(layers: list[Layer], number: int) -> bool:
    """Does what this layer is given still have the padding? Layers above the link cannot be given any."""
    outer = wrapping(layers)[:number]
    return len(layers) > len(wrapping(layers)) and all(layer.osi == 2 for layer in outer)


class Onion(Figure):
    """The frame, live: wrap it, unwrap it, choose a field and see its bytes."""

    _esm = HERE.with_suffix(".js").read_text(encoding="utf-8")
    _css = HERE.with_suffix(".css").read_text(encoding="utf-8")
    messages: traitlets.List[Any] = traitlets.List().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    taken = traitlets.Int().tag(sync=True)
    layer = traitlets.Int().tag(sync=True)
    field = traitlets.Int().tag(sync=True)

    def words(self) -> str:
        """The chosen message in plain text."""
        return words(message_named(self.message))

    def picture(self) -> str:
        """The chosen message as SVG."""
        return picture(message_named(self.message))


def onion(message: str = "http", *, taken: int = 0) -> Onion:
    """Show a captured frame as an onion.

    Args:
        message: the key of the message to begin with; all can be chosen in the explorer.
        taken: how many outer layers are taken off at the beginning.

    Raises:
        ValueError: unknown message, or more layers taken off than there are around the innermost.
    """
    most = len(wrapping(layers_of(message_named(message)))) - 1
    if not 0 <= taken <= most:
        raise ValueError(f"taken must be 0 to {most} for {message!r}, not {taken}")
    messages = [_plain(each) for each in MESSAGES]
    return Onion(messages=messages, message=message, taken=taken, layer=taken, field=0)


def _plain(message: Message) -> dict[str, Any]:
    """All the front end needs to know of one message, as plain data."""
    layers = layers_of(message)
    return {
        "key": message.key,
        "title": message.title,
        "story": message.story,
        "hex": bytes_of(message).hex(),
        "layers": [
            {
                "name": layer.name,
                "osi": layer.osi,
                "start": layer.start,
                "end": layer.end,
                "unit": UNITS.get(layer.name, layer.name),
                "padding": layer.name == "Padding",
                "fields": [_plain_field(layer, field) for field in layer.fields],
            }
            for layer in layers
        ],
        "steps": steps(layers),
    }


def _plain_field(layer: Layer, field: Field) -> dict[str, Any]:
    """One field as plain data: as `dissect` says, its value as text, and what it is for."""
    shown = {"value": _value(field), "place": _place(field), "about": about(layer.name, field.name)}
    return {**field._asdict(), **shown, "raw": isinstance(field.value, bytes)}


def steps(layers: list[Layer]) -> list[dict[str, Any]]:
    """For 0, 1, 2 … layers taken off: what has just happened, a sentence for each way, and where the rest ends.

    The two ways differ where a frame is padded: a sender's card fills it up at the very end, a receiver
    gets rid of that only where a layer knows how long its packet is.
    """
    shells = wrapping(layers)
    total, inner = layers[-1].end, shells[-1].end
    found = []
    for number, own in enumerate(shells):
        up = total if _carries_padding(layers, number) else inner
        down = total if number == 0 else inner
        found.append(
            {
                "unwrapped": _taken_off(layers, number, up),
                "wrapped": _put_in_front(layers, number, down - own.start),
                "unwrapped_end": up,
                "wrapped_end": down,
            }
        )
    return found


def _taken_off(layers: list[Layer], number: int, end: int) -> str:
    """Receiving: the layer outside this one has done its work."""
    shells = wrapping(layers)
    own, total, inner = shells[number], layers[-1].end, shells[-1].end
    if number == 0:
        return f"On the wire: {total} bytes. The card hands all of them to layer 2."
    off = shells[number - 1]
    sentences = [f"Layer {off.osi} ({off.name}) read its {off.end - off.start} bytes and took them off"]
    if end < total and _carries_padding(layers, number - 1):
        sentences[0] += ", and the padding too, because it knows where its packet ends"
    reader = next((_told(field) for field in off.fields if field.name == SELECTORS.get(off.name)), "")
    if reader:
        sentences.append(f"Its field \u201c{SELECTORS[off.name]}\u201d ({reader}) says who reads on")
    padding = f", with {total - inner} bytes of padding behind it" if end > inner else ""
    unit = UNITS.get(own.name, own.name)
    sentences.append(f"Handed up: {end - own.start} bytes, the {unit}{padding}")
    return ". ".join(sentences) + "."


def _put_in_front(layers: list[Layer], number: int, size: int) -> str:
    """Sending: this layer has done its work."""
    own, inner = wrapping(layers)[number], wrapping(layers)[-1].end
    if own.end == inner:
        return f"Nothing wraps the {UNITS.get(own.name, own.name)} yet: {size} bytes."
    filled = f", and the card filled the frame up to {size}" if number == 0 and layers[-1].end > inner else ""
    whole = inner - own.start
    return f"Layer {own.osi} ({own.name}) put its {own.end - own.start} bytes in front: {whole} bytes{filled}. " + (
        "Out they go on the wire." if number == 0 else "Handed down to the layer below."
    )
