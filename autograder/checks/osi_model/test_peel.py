"""Name all layers of a frame, from the outermost to the innermost."""

import random
from collections.abc import Callable, Iterable

from autograder.checks.fixtures import refused
from autograder.checks.osi_model.fields import a, shown
from autograder.checks.osi_model.frames import PEEL
from autograder.checks.osi_model.variants import peel_sample
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner

Sample = tuple[bytes, list[str]]
NEEDED = {"Ethernet": 14, "802.1Q": 18, "ARP": 28, "IPv4": 20, "IPv6": 40, "TCP": 20, "UDP": 8}


@exercise
def peel(frame: bytes) -> list[str]:
    raise NotImplementedError


@requirement(
    points=1,
    source="RFC 894, RFC 791 section 3.1, RFC 9293 section 3.1, RFC 768",
    hint="EtherType, then protocol, then ports: each header says what comes next.",
)
def test_ipv4(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """IPv4 frames with TCP, UDP or ICMP: the layers are named, up to HTTP, TLS or DNS."""
    ask_all(rng.sample(new("ipv4", rng), 6) + rng.sample(recorded("HTTP", "TLS"), 2), learner, likely)


@requirement(
    points=1,
    source="RFC 2464 section 3, RFC 8200 section 3",
    hint="An IPv6 header always has 40 bytes; what comes next is told by its byte 6.",
)
def test_ipv6(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """The same over IPv6, whose header has another layout than IPv4's."""
    ask_all(rng.sample(new("ipv6", rng), 6) + rng.sample(recorded("IPv6"), 1), learner, likely)


@requirement(
    points=1,
    source="IEEE 802.1Q clause 9, RFC 826",
    hint="Behind a tag all offsets are four bytes larger; ARP is a layer with nothing inside.",
)
def test_tag_and_arp(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """A VLAN tag is a layer of its own, 802.1Q, and ARP has nothing inside."""
    # Not the recorded frames with a tag: they are for a port that has no name, which test_unknown asks about.
    frames = rng.sample(new("tag", rng), 3) + new("arp", rng) + rng.sample(recorded("ARP"), 2)
    ask_all(frames, learner, likely)


@requirement(
    points=1,
    source="RFC 894, RFC 791 section 3.1",
    hint="total_length says where the IPv4 packet ends; behind that nothing is payload.",
)
def test_padding(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """Padding is not a layer: a TCP acknowledgement without data ends at TCP."""
    bare = [item for item in PEEL["recorded"] if len(item[0]) == 60 and item[1][-1] == "TCP"]
    for frame, names in rng.sample(new("padding", rng), 3) + rng.sample(bare, 3):
        got = ask(learner, frame)
        likely(
            len(got) == len(names) + 1 and got[:-1] == names,
            f"{shown(got[-1:])} was found in the padding that Ethernet put behind the packet",
        )
        names_are(frame, got, names)


@requirement(
    points=1,
    source="RFC 791 section 3.1, RFC 9293 section 3.1",
    hint="Both headers tell their own length, in words of four bytes.",
)
def test_options(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """Headers longer than 20 bytes, IPv4's and TCP's, do not hide or invent what is inside."""
    ask_all(new("options", rng), learner, likely)


@requirement(
    points=1,
    source="RFC 8200 sections 4.3, 4.4 and 4.6",
    hint="As long as next header is 0, 43 or 60: byte 0 says what comes next, byte 1 how long this one is.",
)
def test_extension_headers(
    learner: Learner, rng: random.Random, likely: Callable[[object, str], None]
) -> None:
    """Extension headers of IPv6 are passed over: the transport is found behind them."""
    for frame, names in new("extensions", rng):
        got = ask(learner, frame)
        likely(
            got == ["Ethernet", "IPv6"],
            f"next header is {frame[20]}, an extension header: what comes after it stands in its first byte",
        )
        names_are(frame, got, names)


@requirement(points=1, hint="Where no row of the contract's tables fits, return the names found so far.")
def test_unknown(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """What the tables do not name ends the list: another EtherType, protocol or port, UDP port 443."""
    for frame, names in rng.sample(new("unknown", rng), 6):
        got = ask(learner, frame)
        likely(
            got == ["Ethernet", "IPv4", "UDP", "TLS"],
            "UDP port 443 is not TLS over TCP: the table gives 443 to TCP alone",
        )
        names_are(frame, got, names)


@requirement(points=1, hint="Before you read a header, compare its length with what is left.")
def test_cut_off(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """A frame that ends inside a header raises ValueError."""
    frames = [
        rng.choice([item for item in new(theme, rng) if transport in item[1]])
        for theme in ("ipv4", "ipv6")
        for transport in ("TCP", "UDP")
    ]
    frames += [rng.choice(new("tag", rng)), *new("arp", rng)]
    ask(learner, frames[0][0])
    for frame, names in frames:
        end = 0
        for name in names:
            if name not in NEEDED:
                break
            start, end = end, NEEDED[name] if name in ("Ethernet", "802.1Q") else end + NEEDED[name]
            for size in (rng.randrange(start, end), start, end - 1):
                damage = f"this frame is cut off at byte {size}, inside its {name} header"
                refused(learner, likely, damage, frame[:size])


def new(theme: str, rng: random.Random) -> list[Sample]:
    """The frames of a theme, with values that come from the seed."""
    return [peel_sample(item, rng) for item in PEEL[theme]]


def recorded(*wanted: str) -> list[Sample]:
    """The recorded frames with one of these layers."""
    return [item for item in PEEL["recorded"] if set(wanted) & set(item[1])]


def ask(learner: Learner, frame: bytes) -> list[str]:
    """The names that an answer gives for one frame."""
    got = learner(frame)
    assert isinstance(got, list | tuple), f"a list of names must come back, got {a(got)}"
    return list(got)


def ask_all(samples: Iterable[Sample], learner: Learner, likely: Callable[[object, str], None]) -> None:
    """Ask for the names of some frames, one after another; name the slip when the answer shows it."""
    for frame, names in samples:
        got = ask(learner, frame)
        likely("IPv6" in names and "IPv4" in got, "this is IPv6: EtherType 0x86dd, not 0x0800")
        likely(
            names[:2] == got[:2] == ["Ethernet", "IPv6"] and got[2:3] != names[2:3],
            "in IPv6 the transport's number is byte 6 of the header, and the header has 40 bytes",
        )
        likely(
            "802.1Q" in names and got == ["Ethernet"],
            "0x8100 is a VLAN tag: the real EtherType comes 4 bytes later",
        )
        likely(
            "802.1Q" in names and got == [name for name in names if name != "802.1Q"],
            "the tag was passed over and is not named: 802.1Q is a layer of its own, after Ethernet",
        )
        likely(got == names[::-1] != names, "the names are in reverse: the outermost comes first")
        likely(got == names[1:], "the first layer is Ethernet itself")
        likely(
            got == names[:-1] and source_port(frame, names) in (53, 80, 443),
            f"{names[-1]} is missing: here the known port is the source port",
        )
        names_are(frame, got, names)


def source_port(frame: bytes, names: list[str]) -> int:
    """The source port of a frame with plain headers, without tag, options and extensions; 0 for others."""
    at = {("IPv4", 0x45): 34, ("IPv6", 0x60): 54}.get((names[1], frame[14]))
    return int.from_bytes(frame[at : at + 2], "big") if at and names[2] in ("TCP", "UDP") else 0


def names_are(frame: bytes, got: list[str], names: list[str]) -> None:
    """Compare the names of one frame."""
    said = f"the layers of this frame of {len(frame)} bytes\nexpected {names}\ngot      {shown(got)}"
    assert got == names, said
