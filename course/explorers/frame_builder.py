"""The frame builder: bits to bytes to bits, for the frames of a WebSocket.

    from explorers.frame_builder import frame_builder

    frame_builder()                                          # a client's text "Hello" of RFC 6455 section 5.7
    frame_builder("?", opcode=9, key=None)                   # a server's ping
    frame_builder(data=bytes.fromhex("810548656c6c6f"))      # take these bytes apart

What is chosen becomes bytes, and the picture is drawn from the bytes alone. It also builds what RFC 6455 forbids,
and then says which section forbids it.
"""

from __future__ import annotations

import codecs
import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import traitlets

from .figure import Figure

HERE = Path(__file__)
OPCODES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
SHOWN = 42
"""Bytes of a frame that the picture has room for."""
MOST = 70_000
"""Bytes of payload that can be built: enough for a length of 64 bits."""


@dataclass(frozen=True)
class Part:
    """Bytes `start` to `end` of a frame, what they are called, and what they mean in this frame."""

    name: str
    start: int
    end: int
    meaning: str


@dataclass(frozen=True)
class Reading:
    """What bytes say when they are read as one frame.

    bits: (name, bits as text, meaning) of the first two bytes, as far as they are there.
    missing: how many bytes the frame still needs, at least; 0 if it is complete.
    left: how many bytes follow the frame.
    faults: what breaks RFC 6455, one sentence each, its section in front.
    """

    data: bytes
    bits: tuple[tuple[str, str, str], ...]
    parts: tuple[Part, ...]
    fin: bool
    opcode: int
    key: bytes | None
    payload: bytes
    missing: int
    left: int
    faults: tuple[str, ...]


def build(opcode: int, payload: bytes, fin: bool = True, key: bytes | None = None) -> bytes:
    """One frame (RFC 6455 section 5.2), its length in the shortest form. Forbidden ones are built too.

    Args:
        opcode: 0 to 15.
        payload: the bytes to carry.
        fin: is this the last frame of its message?
        key: the masking key, 4 bytes; None: not masked.
    """
    length, mask = len(payload), 0 if key is None else 0x80
    if length < 126:
        size = bytes([mask | length])
    elif length < 65536:
        size = bytes([mask | 126]) + length.to_bytes(2, "big")
    else:
        size = bytes([mask | 127]) + length.to_bytes(8, "big")
    return bytes([fin << 7 | opcode]) + size + (key or b"") + (masked(payload, key) if key else payload)


def masked(payload: bytes, key: bytes) -> bytes:
    """Payload XOR key, and the way back (RFC 6455 section 5.3)."""
    return bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


def read(data: bytes) -> Reading:
    """Take bytes apart as one frame, from its beginning on. Nothing is refused: what is wrong becomes a fault."""
    if len(data) < 2:
        return Reading(data, _bits(data), (), False, 0, None, b"", 2 - len(data), 0, ())
    fin, opcode, short = bool(data[0] & 0x80), data[0] & 0x0F, data[1] & 0x7F
    has_key, at = bool(data[1] & 0x80), 2
    parts = [Part("FIN and opcode", 0, 1, _first(data[0])), Part("MASK and length", 1, 2, _second(data[1]))]
    length, extended = short, {126: 2, 127: 8}.get(short, 0)
    if extended:
        length = int.from_bytes(data[at : at + extended], "big")
        parts.append(Part("extended length", at, at + extended, f"{length:,} bytes of payload"))
        at += extended
    if has_key:
        parts.append(Part("masking key", at, at + 4, "XOR with payload byte 0, 1, 2, 3, 0, 1, …"))
        at += 4
    if at > len(data):  # the header itself is not complete
        known = len(data) >= 2 + extended
        missing = at - len(data) + (length if known else 0)
        faults = _header_faults(data[0], short, length if known else None)
        return Reading(data, _bits(data), tuple(parts), fin, opcode, None, b"", missing, 0, tuple(faults))
    key = data[at - 4 : at] if has_key else None
    here = data[at : at + length]
    payload = masked(here, key) if key else here
    if length:
        parts.append(Part("payload", at, at + length, _payload_meaning(opcode, payload)))
    faults = _header_faults(data[0], short, length)
    if len(here) == length:
        faults += _payload_faults(fin, opcode, payload)
    missing, left = length - len(here), max(0, len(data) - at - length)
    return Reading(data, _bits(data), tuple(parts), fin, opcode, key, payload, missing, left, tuple(faults))


def _first(byte: int) -> str:
    name = OPCODES.get(byte & 0x0F, f"reserved opcode {byte & 0x0F}")
    return f"{name}, {'the last frame of its message' if byte & 0x80 else 'more frames of the message follow'}"


def _second(byte: int) -> str:
    side = "masked, as from a client" if byte & 0x80 else "not masked, as from a server"
    return f"{side}; {_length_meaning(byte & 0x7F)}"


def _length_meaning(short: int) -> str:
    return {126: "126: the next 2 bytes are the length", 127: "127: the next 8 bytes are the length"}.get(
        short, f"{_count(short)} of payload"
    )


def _bits(data: bytes) -> tuple[tuple[str, str, str], ...]:
    """(name, bits, meaning) of each field of the first two bytes."""
    found = []
    if data:
        name = OPCODES.get(data[0] & 0x0F, "reserved")
        found += [("FIN", f"{data[0] >> 7}", "last" if data[0] & 0x80 else "not last")]
        found += [(f"RSV{n}", f"{data[0] >> (7 - n) & 1}", "") for n in (1, 2, 3)]
        found += [("opcode", f"{data[0] & 0x0F:04b}", f"{data[0] & 0x0F} = {name}")]
    if len(data) > 1:
        found += [("MASK", f"{data[1] >> 7}", "a key" if data[1] & 0x80 else "no key")]
        found += [("length", f"{data[1] & 0x7F:07b}", f"{data[1] & 0x7F}")]
    return tuple(found)


def _payload_meaning(opcode: int, payload: bytes) -> str:
    if opcode == 8 and len(payload) >= 2:
        reason = payload[2:].decode("utf-8", "backslashreplace")
        told = f"close code {int.from_bytes(payload[:2], 'big')}"
        return f"{told}, reason {_cut(repr(reason), 40)}" if reason else told
    if opcode == 1:
        return _cut(repr(payload.decode("utf-8", "backslashreplace")), 60)
    return _cut(repr(payload)[1:], 60)


def _header_faults(first: int, short: int, length: int | None) -> list[str]:
    """What two bytes and the length break; `length` is None while it is not known."""
    opcode, faults = first & 0x0F, []
    if first & 0x70:
        faults.append("5.2: an RSV bit is set, and no extension was agreed on")
    if opcode not in OPCODES:
        faults.append(f"5.2: opcode {opcode} is reserved, and means nothing yet")
    if opcode >= 8:
        if not first & 0x80:
            faults.append("5.5: a control frame must not be fragmented, so it needs FIN")
        if short > 125:
            faults.append("5.5: a control frame has a payload of 125 bytes at most")
    if length is not None and short >= 126:
        if length < 126 or (short == 127 and length < 65536):
            faults.append(f"5.2: the length {length} has a shorter form, which must be used")
        if length >= 1 << 63:
            faults.append("5.2: the most significant bit of a 64-bit length must be 0")
    return faults


def _payload_faults(fin: bool, opcode: int, payload: bytes) -> list[str]:
    """What a complete payload breaks, judged by this frame alone."""
    faults, text = [], payload if opcode == 1 else b""
    if opcode == 8 and payload:
        code, text = int.from_bytes(payload[:2], "big"), payload[2:]
        if len(payload) == 1:
            faults.append("5.5.1: a close payload is empty, or begins with a code of 2 bytes")
        elif code in (1005, 1006, 1015):
            faults.append(f"7.4.1: the code {code} is a name for programs, and must not be sent")
        elif not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
            faults.append(f"7.4: the close code {code} is not defined")
    try:
        # A letter may be cut at the end of a frame, unless it is the last one of its message.
        codecs.getincrementaldecoder("utf-8")().decode(text, final=fin)
    except UnicodeDecodeError:
        section = "5.5.1: the reason of a close" if opcode == 8 else "8.1: the payload of a text message"
        faults.append(f"{section} must be UTF-8")
    return faults


def to_bytes(opcode: int, text: str) -> bytes:
    r"""What is typed as a payload: `1000 bye` for a close, else text in which \xff stands for any byte.

    Raises:
        ValueError: a close code that 16 bits do not hold.
    """
    code, rest = b"", text
    if opcode == 8 and (match := re.fullmatch(r"([0-9]+)(?: (.*))?", text, re.DOTALL)):
        number, rest = int(match[1]), match[2] or ""
        if number > 65535:
            raise ValueError(f"a close code has 16 bits, and {number} does not fit: take 65535 or less")
        code = number.to_bytes(2, "big")
    return code + re.sub(rb"\\x([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), rest.encode())


def to_text(opcode: int, payload: bytes) -> str:
    """The way back: what to type for that payload."""
    if opcode == 8 and len(payload) >= 2:
        return f"{int.from_bytes(payload[:2], 'big')} {to_text(1, payload[2:])}".rstrip(" ")
    text = payload.decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else "".join(f"\\x{byte:02x}" for byte in sign.encode()) for sign in text)


def from_hex(text: str) -> bytes:
    """Bytes of what was pasted: hex digits, with white space, commas, colons or `0x` between them.

    Raises:
        ValueError: something else stands there.
    """
    digits = re.sub(r"0[xX]|\\x|[\s,:…]", "", text)
    if wrong := re.search(r"[^0-9a-fA-F]", digits):
        raise ValueError(f"{wrong[0]!r} is no hex digit: paste bytes as 81 05 48 65 6c 6c 6f")
    if len(digits) % 2:
        raise ValueError(f"{len(digits)} hex digits are not whole bytes: a byte has two")
    return bytes.fromhex(digits)


def words(data: bytes) -> str:
    """The frame in plain text: each bit field, each part with its bytes, and what is wrong."""
    reading = read(data)
    lines = [f"{len(data)} bytes as a WebSocket frame"]
    lines += [f"  {name:<7} {bits:<8} {meaning}".rstrip() for name, bits, meaning in reading.bits]
    for part in reading.parts:
        lines.append(f"  {_span(part):<12} {part.name:<16} {_hex(data[part.start : part.end], 14)}")
        lines.append(f"  {'':<12} {part.meaning}")
    return "\n".join([*lines, *verdict(reading)])


def verdict(reading: Reading) -> list[str]:
    """What a receiver says: what is wrong, what is missing, what follows."""
    said = [f"✗ RFC 6455 section {fault}" for fault in reading.faults]
    if reading.missing and not reading.faults:
        said.append(f"need more: at least {_count(reading.missing)}")
    if reading.left:
        start = len(reading.data) - reading.left
        said.append(f"{_count(reading.left)} more: the next frame begins at byte {start}")
    return said or ["✓ a complete frame, nothing wrong with it by itself"]


def _count(number: int) -> str:
    return f"{number:,} byte{'s' * (number != 1)}"


def _span(part: Part) -> str:
    return f"byte {part.start}" if part.end - part.start == 1 else f"{part.start} to {part.end - 1}"


def _hex(data: bytes, most: int) -> str:
    return data[:most].hex(" ") + (f" … {len(data) - most:,} more" if len(data) > most else "")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


INK, MUTED = "var(--jp-content-font-color1, #1f2328)", "var(--jp-content-font-color2, #59636e)"
PAPER, LINE = "var(--jp-layout-color1, #ffffff)", "var(--jp-border-color1, #afb8c1)"
BAD = "var(--jp-error-color1, #d32f2f)"
MONO = "var(--jp-code-font-family, ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace)"
SHADES = {
    "FIN and opcode": "rgba(9,105,218,0.20)",
    "MASK and length": "rgba(130,80,223,0.20)",
    "extended length": "rgba(130,80,223,0.38)",
    "masking key": "rgba(191,135,0,0.30)",
    "payload": "rgba(26,127,55,0.20)",
}
LEFT, WIDTH, BIT, BYTE, PER_ROW = 10, 940, 56, 43, 21
BITS_TOP, BYTES_TOP, ROW = 24, 128, 92


def picture(data: bytes) -> str:
    """The bits of the first two bytes, all bytes in boxes, and what they mean."""
    reading = read(data)
    shown = data[:SHOWN]
    table = BYTES_TOP + -(-max(len(shown), 1) // PER_ROW) * ROW + 10
    said = verdict(reading)
    height = table + 20 * (len(reading.parts) + len(said)) + 6
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'style="max-width:{WIDTH}px;width:100%;font-family:{MONO};font-size:12px">',
        f"<title>{len(data)} bytes as a WebSocket frame</title><desc>{html.escape(words(data))}</desc>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" style="fill:{PAPER}"/>',
        *_bit_boxes(reading),
        *(_byte_box(reading, index) for index in range(len(shown))),
    ]
    if len(data) > SHOWN:
        parts.append(_text(WIDTH - LEFT, table - 8, f"… {len(data) - SHOWN:,} more bytes", MUTED, 11, anchor="end"))
    for number, part in enumerate(reading.parts, 1):
        y = table + 20 * number - 8
        parts.append(_box(LEFT, y - 11, 14, 14, SHADES[part.name]))
        parts.append(_text(LEFT + 22, y, _span(part), MUTED, 12))
        parts.append(_text(LEFT + 130, y, part.name, INK, 12) + _text(LEFT + 270, y, part.meaning, INK, 12))
    for number, line in enumerate(said, len(reading.parts) + 1):
        parts.append(_text(LEFT, table + 20 * number - 6, line, BAD if line.startswith("✗") else INK, 13))
    return "".join([*parts, "</svg>"])


def _bit_boxes(reading: Reading) -> list[str]:
    """A box for each bit of the first two bytes, with the field's name above it and its value below."""
    boxes, at = [], 0
    for name, bits, meaning in reading.bits:
        x, width = LEFT + at * BIT, len(bits) * BIT
        bad = name.startswith("RSV") and bits == "1"
        shade = SHADES["FIN and opcode" if at < 8 else "MASK and length"]
        boxes.append(_text(x + width / 2, BITS_TOP - 8, name, BAD if bad else MUTED, 11, anchor="middle"))
        for offset, bit in enumerate(bits):
            left = x + offset * BIT
            boxes.append(_box(left, BITS_TOP, BIT, 26, shade))
            boxes.append(_text(left + BIT / 2, BITS_TOP + 18, bit, INK, 14, anchor="middle"))
        boxes.append(_text(x + width / 2, BITS_TOP + 42, meaning, MUTED, 10.5, anchor="middle"))
        boxes.append(f'<path d="M{x},{BITS_TOP} v32" style="stroke:{INK}"/>')
        at += len(bits)
    for number in range(len(reading.data[:2])):
        x = LEFT + number * 8 * BIT
        boxes.append(f'<path d="M{x + 4},{BITS_TOP + 50} v6 H{x + 8 * BIT - 4} v-6" style="fill:none;stroke:{MUTED}"/>')
        label = f"byte {number} = {reading.data[number]:02x}"
        boxes.append(_text(x + 4 * BIT, BITS_TOP + 71, label, MUTED, 11, anchor="middle"))
    return boxes


def _byte_box(reading: Reading, index: int) -> str:
    """One byte: its number, its hex form, and for a payload the key's byte and the sign that comes out."""
    byte = reading.data[index]
    x, y = LEFT + index % PER_ROW * BYTE, BYTES_TOP + index // PER_ROW * ROW
    part = next((part for part in reading.parts if part.start <= index < part.end), None)
    shade = SHADES[part.name] if part else "none"
    boxes = [
        _text(x + BYTE / 2, y - 5, str(index), MUTED, 9, anchor="middle"),
        _box(x, y, BYTE, 30, shade),
        _text(x + BYTE / 2, y + 20, f"{byte:02x}", INK, 14, anchor="middle"),
    ]
    if part and part.name == "payload":
        offset = index - part.start
        if reading.key:
            boxes.append(_text(x + BYTE / 2, y + 44, f"⊕{reading.key[offset % 4]:02x}", MUTED, 11, anchor="middle"))
        plain = reading.payload[offset]
        sign = chr(plain) if 0x21 <= plain < 0x7F else "␣" if plain == 0x20 else "·"
        boxes.append(_text(x + BYTE / 2, y + 60, f"{plain:02x} {sign}", INK, 11, anchor="middle"))
    return "".join(boxes)


def _box(x: float, y: float, width: float, height: float, fill: str) -> str:
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    return f'<rect {place} style="fill:{fill};stroke:{LINE}"/>'


def _text(x: float, y: float, text: str, colour: str, size: float, *, anchor: str = "start") -> str:
    style = f"fill:{colour};font-size:{size:g}px"
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
    return f'<text {place} xml:space="preserve" style="{style}">{html.escape(text)}</text>'


class FrameBuilder(Figure):
    """The explorer. Set what is chosen, or `hex`, from Python: each follows the other.

    data: the bytes that the picture shows.
    problem: why the picture is still the old one; "" while all is well.
    """

    _esm = HERE.with_suffix(".js").read_text(encoding="utf-8")
    _css = HERE.with_suffix(".css").read_text(encoding="utf-8")
    fin = traitlets.Bool().tag(sync=True)
    opcode = traitlets.Int().tag(sync=True)
    masked = traitlets.Bool().tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)
    payload = traitlets.Unicode().tag(sync=True)
    times = traitlets.Int(1).tag(sync=True)
    hex = traitlets.Unicode().tag(sync=True)
    opcodes: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    svg = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._busy = False
        super().__init__(key="37fa213d", opcodes={str(code): f"{code} {name}" for code, name in OPCODES.items()})
        self._show(data)
        self.observe(self._build, ["fin", "opcode", "masked", "key", "payload", "times"])
        self.observe(self._read, ["hex"])

    def _build(self, _: object = None) -> None:
        """Something was chosen: make the bytes of it."""
        if self._busy:
            return
        try:
            key = from_hex(self.key)
            if self.masked and len(key) != 4:
                raise ValueError(f"a masking key has 4 bytes, this one {len(key)}")
            payload = to_bytes(self.opcode, self.payload) * max(1, self.times)
            if len(payload) > MOST:
                raise ValueError(f"a payload of {len(payload):,} bytes; here are {MOST:,} allowed")
            data = build(self.opcode, payload, self.fin, key if self.masked else None)
        except ValueError as error:
            self.problem = str(error)
            return
        self._show(data, controls=False)

    def _read(self, _: object = None) -> None:
        """Bytes were pasted: choose what they say."""
        if self._busy:
            return
        try:
            data = from_hex(self.hex)
        except ValueError as error:
            self.problem = str(error)
            return
        self._show(data, typed=True)

    def _show(self, data: bytes, *, controls: bool = True, typed: bool = False) -> None:
        self._busy = True
        try:
            self.data, self.problem = data, ""
            if not typed:
                self.hex = data[:SHOWN].hex(" ") + " …" * (len(data) > SHOWN)
            reading = read(data)
            if controls and len(data) >= 2:
                self.fin, self.opcode, self.masked = reading.fin, reading.opcode, bool(data[1] & 0x80)
                if reading.key:
                    self.key = reading.key.hex()
                self.payload, self.times = to_text(reading.opcode, reading.payload), 1
            self.svg = picture(data)
        finally:
            self._busy = False

    def words(self) -> str:
        """The bytes, taken apart."""
        return words(self.data)

    def picture(self) -> str:
        """The bytes, taken apart."""
        return picture(self.data)


def frame_builder(
    payload: str | bytes = "Hello",
    opcode: int = 1,
    *,
    fin: bool = True,
    key: bytes | None = bytes.fromhex("37fa213d"),
    data: bytes | None = None,
) -> FrameBuilder:
    """Show the explorer.

    Args:
        payload: what the frame carries; text is sent as UTF-8.
        opcode: 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong; others are built and found wrong.
        fin: is this the last frame of its message?
        key: the masking key, 4 bytes, of a client; None for a server.
        data: take these bytes apart instead.

    Returns:
        A widget; as the last line of a cell it shows itself.

    Raises:
        ValueError: an opcode that 4 bits do not hold, or a key that has not 4 bytes.
    """
    if not 0 <= opcode <= 15:
        raise ValueError(f"opcode={opcode}: it has 4 bits, so 0 to 15")
    if key is not None and len(key) != 4:
        raise ValueError(f"a masking key has 4 bytes, this one {len(key)}")
    if data is None:
        data = build(opcode, payload.encode() if isinstance(payload, str) else payload, fin, key)
    return FrameBuilder(data)
