"""Take an IPv4 packet apart, and refuse a damaged one."""

import random
import socket
import struct
from collections.abc import Callable
from typing import Any

from autograder.checks.fixtures import refused
from autograder.checks.osi_model.arithmetic import checksum, with_checksum
from autograder.checks.osi_model.fields import peek, same
from autograder.checks.osi_model.frames import IPV4, PEEL
from autograder.checks.osi_model.variants import ipv4_sample
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner


@exercise
def parse_ipv4(packet: bytes) -> dict[str, Any]:
    raise NotImplementedError


@requirement(points=1, source="RFC 791 section 3.1", hint="Count the offsets in the header's table from 0.")
def test_fields(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """Total length, TTL, protocol and both addresses are read from their places."""
    for packet, fields in rng.sample(new("plain", rng), 3):
        got = learner(packet)
        likely(
            (peek(got, "source"), peek(got, "destination")) == (fields["destination"], fields["source"]),
            "source and destination are exchanged: in IPv4 the source comes first",
        )
        likely(
            (peek(got, "ttl"), peek(got, "protocol")) == (fields["protocol"], fields["ttl"])
            and fields["ttl"] != fields["protocol"],
            "ttl and protocol are exchanged: byte 8 is the TTL",
        )
        likely(
            peek(got, "source") == packet[12:16],
            "the address is there, but as bytes: text is asked, 192.0.2.1",
        )
        likely(
            peek(got, "source") == ".".join(str(byte) for byte in packet[15:11:-1]),
            "the address is backwards: its first byte is written first",
        )
        likely(
            peek(got, "total_length") == int.from_bytes(packet[2:4], "little"),
            "total_length was read with the low byte first: on the wire the high byte comes first",
        )
        same(got, {key: fields[key] for key in ("source", "destination", "ttl", "protocol", "total_length")})


@requirement(points=1, source="RFC 791 section 3.1", hint="The lower half of byte 0 counts words of 4 bytes.")
def test_options(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """The header's length is told in bytes; options reach from byte 20 to its end, the payload follows."""
    *shorter, longest = new("options", rng)
    for packet, fields in (rng.choice(new("plain", rng)), *rng.sample(shorter, 3), longest):
        got = learner(packet)
        words = packet[0] & 15
        likely(
            peek(got, "header_length") == words,
            f"{words} is the length in words of 4 bytes: {words * 4} bytes are asked",
        )
        likely(
            peek(got, "header_length") == packet[0], "this is all of byte 0: its upper half is the version"
        )
        likely(
            peek(got, "payload") == packet[words : fields["total_length"]],
            f"the payload starts at byte {words}: that is the header's length in words, taken for bytes",
        )
        likely(
            words > 5 and peek(got, "payload") == packet[20 : fields["total_length"]],
            "the payload starts at byte 20, where the options are",
        )
        likely(
            words > 5 and peek(got, "header_length") == 20,
            "20 bytes is the shortest header: this one has options",
        )
        same(got, {key: fields[key] for key in ("header_length", "options", "payload")})


@requirement(
    points=1,
    source="RFC 791 section 3.1, RFC 894",
    hint="A frame has at least 60 bytes; what is behind total_length was added by Ethernet.",
)
def test_padding(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """The payload ends where total_length says; what follows in the frame is padding and not part of it."""
    packet, fields = rng.choice(new("plain", rng))
    for padding in (bytes(rng.randrange(1, 20)), rng.randbytes(6)):
        got = learner(packet + padding)
        likely(
            peek(got, "payload") == fields["payload"] + padding,
            f"the {len(padding)} bytes of padding behind the packet are in the payload",
        )
        same(got, {"payload": fields["payload"]})
    # An acknowledgement carries nothing; Ethernet filled its frame up. Recorded.
    bare = [frame for frame, names in PEEL["recorded"] if names[1:] == ["IPv4", "TCP"] and len(frame) == 60]
    frame = rng.choice(bare)
    got = learner(frame[14:])
    likely(
        peek(got, "payload") == frame[34:],
        "the padding behind the packet is in the payload: total_length says where the packet ends",
    )
    same(got, {"total_length": 40, "payload": frame[34:54]})


@requirement(
    points=1,
    source="RFC 791 section 3.1",
    hint="Of bytes 6 and 7 as one number: 0x4000 is DF, 0x2000 is MF, 0x1FFF the offset in units of 8 bytes.",
)
def test_fragments(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """Both fragment flags are True or False, and the fragment's offset is told in bytes."""
    asked = [(packet, fields, learner(packet)) for packet, fields in rng.sample(new("fragments", rng), 6)]
    right = [(fields["dont_fragment"], fields["more_fragments"]) for _, fields, _ in asked]
    flags = [(peek(got, "dont_fragment"), peek(got, "more_fragments")) for _, _, got in asked]
    likely(
        flags == [(more, dont) for dont, more in right],
        "DF and MF are exchanged: the first of the three bits is reserved, then comes DF, then MF",
    )
    likely(
        flags == [(False, dont) for dont, _ in right],
        "the flags are one place off: the first of the three bits is reserved, then comes DF, 0x4000",
    )
    for packet, fields, got in asked:
        raw, units = int.from_bytes(packet[6:8], "big"), fields["fragment_offset"] // 8
        likely(
            units and peek(got, "fragment_offset") == units,
            f"{units} is the offset in units of eight bytes: {units * 8} bytes are asked",
        )
        likely(
            raw != units and peek(got, "fragment_offset") in (raw, raw * 8),
            "the flags are still in the number: the offset is its lower 13 bits",
        )
        same(got, {key: fields[key] for key in ("dont_fragment", "more_fragments", "fragment_offset")})


@requirement(
    points=1,
    source="RFC 791 section 3.1, RFC 1812 section 5.2.2",
    hint="Over a whole header, checksum included, internet_checksum gives 0.",
)
def test_checksum(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """One changed bit in the header, options included, raises ValueError; the payload may be anything."""
    plain, with_options = rng.choice(new("plain", rng))[0], rng.choice(new("options", rng))[0]
    learner(plain[:20] + a_payload(rng, len(plain) - 20))
    for packet, first, last in ((plain, 8, 10), (plain, 12, 20), (plain, 10, 12), (with_options, 20, 24)):
        damaged, at = bytearray(packet), rng.randrange(first, last)
        damaged[at] ^= 1 << rng.randrange(8)
        refused(learner, likely, f"one bit of byte {at} was changed after the checksum was made", bytes(damaged))


@requirement(
    points=1,
    source="RFC 1812 section 5.2.2",
    hint="Four lengths must agree: 20 <= header <= total length <= len(packet).",
)
def test_lengths(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """A packet cut off, an IHL below 5 or a total length below the header's raises ValueError."""
    packet, _ = rng.choice(new("plain", rng))
    long, _ = rng.choice(new("options", rng))
    learner(packet)
    for size in (len(packet) - 1, 20, 19, rng.randrange(1, 19), 0):
        refused(learner, likely, f"this packet is cut off: {size} of {len(packet)} bytes are left", packet[:size])
    refused(learner, likely, "this packet is cut off inside its options, after 22 bytes", long[:22])
    # The checksums of these are right, over the length that they claim and over 20 bytes.
    addresses = b"\xc0\x00\x02\x01" + b"\xff" * 4
    short_header = struct.pack("!BBHHHBBH8s", 0x44, 0, 20, 1, 0, 64, 17, 0, addresses)
    refused(learner, likely, "IHL is 4 here: a header of 16 bytes can't be", with_checksum(short_header))
    total = rng.randrange(5, 20)  # not below 5, which is refused also by who takes IHL, 5, for the bytes
    short_total = struct.pack("!BBHHHBBH8s", 0x45, 0, total, 1, 0, 64, 17, 0, rng.randbytes(8))
    damage = f"the total length is {total} here, less than the header's 20"
    refused(learner, likely, damage, with_checksum(short_total) + rng.randbytes(20))


@requirement(
    points=1, source="RFC 1812 section 5.2.2, RFC 8200 section 3", hint="It is the upper half of byte 0: shift."
)
def test_version(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """A packet whose version is not 4, an IPv6 packet for one, raises ValueError."""
    six = rng.choice([frame for frame, names in PEEL["ipv6"] if names[1] == "IPv6"])[14:]
    refused(learner, likely, "this is an IPv6 packet: its first byte is 0x60", six)
    # Everything else is in order: as IPv4 these have true lengths and a true checksum.
    addresses = socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.2")
    for version in (4, 6, 5, 0, 15):
        first = version << 4 | 5
        header = struct.pack("!BBHHHBBH8s", first, 0, 28, rng.randrange(65536), 0, 64, 17, 0, addresses)
        packet = with_checksum(header) + a_payload(rng, 8)
        if version == 4:
            learner(packet)
        else:
            refused(learner, likely, f"the version is {version} here", packet)


def new(theme: str, rng: random.Random) -> list[tuple[bytes, dict[str, Any]]]:
    """The packets of a theme, with values that come from the seed."""
    return [ipv4_sample(item, rng) for item in IPV4[theme]]


def a_payload(rng: random.Random, size: int) -> bytes:
    """Random bytes that change the checksum of who takes them for a part of the header."""
    while True:
        payload = rng.randbytes(size)
        if checksum(payload) not in (0, 0xFFFF):
            return payload
