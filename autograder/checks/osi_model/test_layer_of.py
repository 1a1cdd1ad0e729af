"""Say on which of the seven layers a protocol, a device or a unit lives."""

import random
from collections.abc import Callable

from autograder.checks.osi_model.fields import a
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner

DEVICES_AND_UNITS = {
    "bit": 1,
    "cable": 1,
    "hub": 1,
    "repeater": 1,
    "frame": 2,
    "MAC address": 2,
    "switch": 2,
    "IP address": 3,
    "packet": 3,
    "router": 3,
    "port": 4,
    "segment": 4,
}
CARRIERS = {"802.1Q": 2, "Ethernet": 2, "LLC": 2, "ICMP": 3, "IPv4": 3, "IPv6": 3, "TCP": 4, "UDP": 4}
PROGRAMS = {
    "SOCKS": 5,
    "SQL session": 5,
    "JPEG": 6,
    "TLS": 6,
    "UTF-8": 6,
    "DNS": 7,
    "HTTP": 7,
    "SMTP": 7,
    "SOAP": 7,
    "WebSocket": 7,
}
TCP_IP = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 4}
"""OSI's number -> the number in TCP/IP's model of four (RFC 1122 section 1.1.3), counted from the bottom."""


@exercise
def layer_of(name: str) -> int:
    raise NotImplementedError


@requirement(points=1, source="ISO/IEC 7498-1 clause 7", hint="Which header must the thing read?")
def test_devices_and_units(
    learner: Learner, rng: random.Random, likely: Callable[[object, str], None]
) -> None:
    """Each device, unit and address is put on its layer."""
    ask_all(DEVICES_AND_UNITS, learner, rng, likely)


@requirement(
    points=1,
    source="ISO/IEC 7498-1 clause 7",
    hint="To the next hop: 2. To the right host: 3. To the right program there: 4.",
)
def test_carriers(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """The protocols that carry bytes from host to host are on layers 2, 3 and 4."""
    ask_all(CARRIERS, learner, rng, likely)


@requirement(
    points=1,
    source="ISO/IEC 7498-1 clause 7, RFC 6455 section 1.7",
    hint="Riding on TCP puts a protocol above layer 4, not on it.",
)
def test_programs(learner: Learner, rng: random.Random, likely: Callable[[object, str], None]) -> None:
    """What programs say to each other is on layers 5, 6 and 7, also where it rides on TCP."""
    ask_all(PROGRAMS, learner, rng, likely)


@requirement(points=1, hint="A dict raises KeyError for a missing key: turn that into ValueError.")
def test_unknown(learner: Learner, rng: random.Random) -> None:
    """A name that is not in the list raises ValueError."""
    learner("router")
    for name in ("toaster", "", "".join(rng.choices("bcdfghklmnprst", k=9))):
        learner.must_raise(ValueError, name)


def ask_all(
    right: dict[str, int], learner: Learner, rng: random.Random, likely: Callable[[object, str], None]
) -> None:
    """Ask for every name in a random order and compare all answers at once."""
    names = rng.sample(list(right), len(right))
    got = {name: learner(name) for name in names}
    likely(
        all(got[name] == right[name] - 1 for name in names),
        "every answer is one too small: the layers are counted from 1, the cable",
    )
    likely(
        all(got[name] == 8 - right[name] for name in names),
        "every answer is right when counted from the top: layer 1 is the cable, at the bottom",
    )
    likely(
        all(got[name] == TCP_IP[right[name]] for name in names),
        "these are the numbers of TCP/IP's four layers; OSI's seven are asked",
    )
    likely(
        got.get("WebSocket") == 4 or got.get("HTTP") == 4,
        "HTTP and WebSocket ride on TCP, layer 4; what they say is read by programs",
    )
    likely(
        got.get("switch") == 3 and got.get("router") == 2,
        "switch and router are exchanged: a switch reads MAC addresses, a router reads IP addresses",
    )
    for name in names:
        said = f"layer_of({name!r}) must be the number {right[name]}, got {a(got[name])}"
        assert type(got[name]) is int, said
    mistaken = [name for name in names if got[name] != right[name]]
    wrong = [f"layer_of({name!r}) must be {right[name]}, got {got[name]}" for name in mistaken]
    more = f"\nand {len(wrong) - 3} more of {len(names)}" if len(wrong) > 3 else ""
    assert not wrong, "\n".join(wrong[:3]) + more
