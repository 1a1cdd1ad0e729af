"""Take an Ethernet frame apart: addresses, VLAN tag, EtherType, payload."""

import random
from collections.abc import Callable
from typing import Any

from autograder.checks.fixtures import refused
from autograder.checks.osi_model import frames
from autograder.checks.osi_model.fields import peek, same
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner

TAG = b"\x81\x00"


@exercise
def parse_ethernet(frame: bytes) -> dict[str, Any]:
    raise NotImplementedError


@requirement(
    points=1,
    source="IEEE 802.3 clause 3.2.3",
    hint="bytes.hex takes a separator; every byte is written with two digits.",
)
def test_addresses(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """The first six bytes are the destination, the next six the source, written like 02:00:5e:00:53:0a."""
    for frame in (a_frame(rng), rng.choice(frames.PEEL["recorded"])[0], b"\xff" * 6 + a_frame(rng)[6:]):
        destination, source = text(frame[:6]), text(frame[6:12])
        got = learner(frame)
        likely(
            (peek(got, "destination"), peek(got, "source")) == (source, destination),
            "destination and source are exchanged: the destination comes first on the wire",
        )
        likely(
            peek(got, "destination") == ":".join(f"{byte:x}" for byte in frame[:6]) != destination,
            "bytes below 16 lost their leading zero: 0a is two digits",
        )
        likely(peek(got, "destination") == frame[:6], "the address is there, but as bytes: it must be text")
        likely(
            str(written := peek(got, "destination")).lower().replace("-", ":") == destination != written,
            "only the spelling differs: small letters and colons",
        )
        same(got, {"destination": destination, "source": source})


@requirement(
    points=1,
    source="IEEE 802.3 clause 3.2.6, RFC 9542 section 3",
    hint="int.from_bytes with 'big', or struct with '!'.",
)
def test_ethertype(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """The EtherType is the number in bytes 12 and 13, the high byte first."""
    for ethertype in (0x0800, 0x86DD, 0x0806, rng.randrange(0x8900, 0xFFFF)):
        frame = a_frame(rng, ethertype)
        got = learner(frame)
        likely_swapped(peek(got, "ethertype"), ethertype, likely)
        likely(peek(got, "ethertype") == frame[12:14], "these are the two bytes; the number in them is asked")
        same(got, {"ethertype": ethertype})


@requirement(
    points=1,
    source="IEEE 802.3 clause 3.2.7",
    hint="Only the next layer knows how long its packet is: leave every byte in.",
)
def test_payload(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """Without a tag, vlan is None, and every byte from 14 on is payload, padding included."""
    filled_up = rng.randbytes(28) + bytes(18)
    for payload in (filled_up, rng.randbytes(1), rng.randbytes(1500), b""):
        got = learner(a_frame(rng, payload=payload))
        likely(
            peek(got, "payload") == payload.rstrip(b"\0") != payload,
            "zero bytes at the end are gone: they may be data; Ethernet can't tell, so they stay",
        )
        likely(
            peek(got, "payload") == payload[:-4] != payload,
            "the last 4 bytes are gone: frames here have no check sequence",
        )
        same(got, {"vlan": None, "payload": payload})


@requirement(
    points=1,
    source="IEEE 802.1Q clause 9",
    hint="When bytes 12 and 13 say 0x8100, everything after them starts four bytes later.",
)
def test_vlan_tag(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """Behind a VLAN tag come the real EtherType and the payload, and vlan is the VLAN's number."""
    number, ethertype = rng.randrange(256, 4000), rng.choice([0x0800, 0x86DD])
    payload = rng.randbytes(49) + b"\x7e"  # no zero byte at the end: test_payload asks about those
    got = learner(a_frame(rng, ethertype, payload, tag=number))
    likely(
        peek(got, "ethertype") == 0x8100,
        "0x8100 says that a tag is here; the EtherType of what is carried comes after it",
    )
    likely(
        peek(got, "payload") == ethertype.to_bytes(2, "big") + payload,
        "the tag is taken for two bytes: the two of the number are followed by the real EtherType",
    )
    likely_swapped(peek(got, "vlan"), number, likely)
    same(got, {"vlan": number, "ethertype": ethertype, "payload": payload})
    frame, _ = rng.choice([item for item in frames.PEEL["recorded"] if "802.1Q" in item[1]])
    same(learner(frame), {"vlan": 10, "ethertype": 0x0800, "payload": frame[18:]})


@requirement(points=1, source="IEEE 802.1Q clause 9.6", hint="A mask of twelve ones is 0x0FFF.")
def test_vlan_bits(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """The VLAN's number is the lower 12 bits of the tag's number; the priority above is not part of it."""
    for number in (rng.randrange(0x100, 0xFFF), 0xFFE, 0):
        tag = rng.randrange(1, 16) << 12 | number
        got = learner(a_frame(rng, tag=tag))
        likely(
            peek(got, "vlan") == tag,
            f"this is all 16 bits of the tag, 0x{tag:04x}: its 4 upper bits are priority and a drop mark",
        )
        likely(peek(got, "vlan") == tag & 0xFF != number, "only 8 bits are left: the number has 12")
        likely(
            number == 0 and isinstance(got, dict) and peek(got, "vlan") is None,
            "the tag is there and its number is 0, which is not the same as no tag",
        )
        same(got, {"vlan": number})


@requirement(
    points=1, source="IEEE 802.3 clause 3.1.1", hint="Compare len(frame) with the header's length first."
)
def test_short_frame(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """A frame of fewer than 14 bytes raises ValueError; one of exactly 14 has an empty payload."""
    frame = a_frame(rng, payload=b"")
    for size in (13, 12, 7, rng.randrange(1, 12), 0):
        refused(learner, likely, f"this frame has {size} bytes, its header would have 14", frame[:size])
    same(learner(frame), {"payload": b""})


@requirement(points=1, source="IEEE 802.1Q clause 9", hint="With a tag the header has 18 bytes.")
def test_short_tag(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """A tagged frame of fewer than 18 bytes raises ValueError; one of exactly 18 has an empty payload."""
    frame = a_frame(rng, tag=rng.randrange(1, 4095), payload=b"")
    for size in (14, 15, 16, 17):
        refused(learner, likely, f"this frame has a tag and {size} bytes, its header would have 18", frame[:size])
    same(learner(frame), {"payload": b""})


def a_frame(
    rng: random.Random, ethertype: int = 0x0800, payload: bytes | None = None, tag: int | None = None
) -> bytes:
    """A frame with random addresses, in which some bytes are below 16; `tag` is all 16 bits of the tag."""
    first, second = (bytes([2, 0, rng.randrange(16)]) + rng.randbytes(3) for _ in range(2))
    inserted = b"" if tag is None else TAG + tag.to_bytes(2, "big")
    body = rng.randbytes(46) if payload is None else payload
    return first + second + inserted + ethertype.to_bytes(2, "big") + body


def text(address: bytes) -> str:
    """A MAC address as the contract writes it."""
    return ":".join(f"{byte:02x}" for byte in address)


def likely_swapped(got: object, right: int, likely: Callable[[object, str], None]) -> None:
    """Tell when a 16-bit number was read with its low byte first."""
    swapped = int.from_bytes(right.to_bytes(2, "big"), "little")
    likely(
        got == swapped != right,
        f"0x{swapped:04x} is 0x{right:04x} with its bytes exchanged: the high byte comes first",
    )
