"""Find the services of a network without knowing any address: one question to a multicast group."""

from __future__ import annotations

from random import Random

import pytest

from autograder.checks.fixtures import Likely
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.loopback import waits
from autograder.loopback.datagram_peer import Answer, Reply
from autograder.loopback.multicast import MulticastAnswerer, why_not

QUESTION = b"WHO?"


@exercise
def discover(group: str, port: int, seconds: float) -> list[tuple[str, str, int]]: ...


@requirement(
    points=1,
    source="RFC 1112 section 6.1; man 7 ip: IP_MULTICAST_IF",
    hint="setsockopt(IPPROTO_IP, IP_MULTICAST_IF, inet_aton('127.0.0.1')), then sendto the group.",
)
def test_one_service(learner: Learner, rng: Random) -> None:
    """A service in the group is found: its name, and the host and port that its answer came from."""
    name = _name(rng)
    with _group(learner, rng, lambda number, data: [Reply(_here(name))]) as group:
        got = learner(*group.address, waits.seconds(0.2))
    _question_came(group)
    assert _plain(got) == [(name, *group.sources[0])]


@requirement(
    points=1,
    source="docs.python.org: socket.recvfrom",
    hint="Go on receiving until the time is over: nobody knows how many there are.",
    needs="test_one_service",
)
def test_several_services(learner: Learner, rng: Random) -> None:
    """All services that answer are found, and returned in sorted order."""
    names = sorted(_name(rng) + letter for letter in "äbc")[::-1]
    replies = [Reply(_here(name), source=source) for source, name in enumerate(names)]
    with _group(learner, rng, lambda number, data: replies, services=3) as group:
        got = learner(*group.address, waits.seconds(0.2))
    _question_came(group)
    assert _plain(got) == sorted((name, *group.sources[source]) for source, name in enumerate(names))


@requirement(
    points=1,
    source="RFC 768",
    hint="A set keeps each triple of name, host and port once.",
    needs="test_one_service",
)
def test_distinct(learner: Learner, rng: Random) -> None:
    """An answer that comes twice counts once; the same name on another port, or another name, counts for itself."""
    one, two = "z " + _name(rng), "a " + _name(rng)  # in no order that comes by itself
    answers = [(one, 0), (one, 1), (one, 0), (two, 1), (one, 1)]
    with _group(learner, rng, lambda n, d: [Reply(_here(name), source=s) for name, s in answers], services=2) as group:
        got = learner(*group.address, waits.seconds(0.2))
    assert _plain(got) == sorted({(name, *group.sources[source]) for name, source in answers})


@requirement(
    points=1,
    source="docs.python.org: time.monotonic",
    hint="Compute the end once; before each recvfrom set the timeout to what is left.",
)
def test_time(learner: Learner, rng: Random, likely: Likely) -> None:
    """Answers are collected for the whole time and not longer, however many come."""
    seconds, names = 0.3, [_name(rng) + str(number) for number in range(3)]
    delays = [0.5 * seconds, 1.25 * seconds, 2.0 * seconds]
    replies = [Reply(_here(name), delay) for name, delay in zip(names, delays, strict=True)]
    with _group(learner, rng, lambda number, data: replies) as group:
        got = learner(*group.address, waits.seconds(seconds))
    _question_came(group)
    found = [entry[0] for entry in _plain(got)]
    late = [name for name in names[1:] if name in found]
    likely(late, "the timeout of recvfrom begins anew with each answer; the time is for all of them together")
    took = [f"{waits.seconds(delay):g} s" for delay in delays]
    assert not late, (
        f"answers came after {', '.join(took)}; {waits.seconds(seconds):g} s were given, so {late[0]!r} is too late"
    )
    assert found == names[:1], f"the answer after {took[0]} was in time and must be found; got {found!r}"
    assert learner.elapsed >= 0.9 * waits.seconds(seconds), (
        f"{waits.seconds(seconds):g} s were given; discover returned after {learner.elapsed:.3f} s already"
    )


@requirement(
    points=1,
    source="docs.python.org: socket.settimeout",
    hint="No answer is an answer, too: an empty list. TimeoutError is how you notice that the time is over.",
)
def test_nobody(learner: Learner, rng: Random) -> None:
    """Where nobody answers the list is empty."""
    seconds = waits.seconds(0.15)
    with _group(learner, rng, lambda number, data: []) as group:
        got = learner(*group.address, seconds)
    assert _plain(got) == []
    assert learner.elapsed >= 0.9 * seconds, (
        f"{seconds:g} s were given; discover returned after {learner.elapsed:.3f} s already"
    )


@requirement(
    points=1,
    source="RFC 3629 section 3",
    hint="An answer begins with b'HERE ' and goes on with a name in UTF-8. bytes.decode raises where it is not.",
    needs="test_one_service",
)
def test_malformed(learner: Learner, rng: Random) -> None:
    """Anything that is not HERE, a space and a name in UTF-8 is ignored."""
    name = _name(rng)
    noise = [b"", b"HERE", b"HERE ", QUESTION, b"HERE \xff\xfe" + rng.randbytes(3), b"here mouse", b"HEREdisk", b"\xc3"]
    replies = [Reply(data) for data in [*noise, _here(name), *noise]]
    with _group(learner, rng, lambda number, data: replies) as group:
        got = learner(*group.address, waits.seconds(0.2))
    assert _plain(got) == [(name, *group.sources[0])]


@requirement(
    points=1,
    source="RFC 1112 section 6.1: time-to-live 1 by default; man 7 ip: IP_MULTICAST_TTL",
    hint="IP_MULTICAST_TTL is the option for the group. 1 is the default, and crosses no router.",
    needs="test_one_service",
)
def test_stays_here(learner: Learner, rng: Random) -> None:
    """The question's time to live is 1 at most: it crosses no router."""
    with _group(learner, rng, lambda number, data: [Reply(_here("anybody"))]) as group:
        learner(*group.address, waits.seconds(0.1))
    _question_came(group)
    lives = [question.ttl for question in group.questions if question.ttl is not None]
    if not lives:
        pytest.skip("this system does not tell the time to live of a datagram that came")
    assert max(lives) <= 1, f"the time to live must be 0 or 1; the question came with {max(lives)}"


def _group(learner: Learner, rng: Random, answer: Answer, *, services: int = 1) -> MulticastAnswerer:
    """A group with so many services in it, which answer the right question only."""
    address = f"239.255.{rng.randrange(256)}.{rng.randrange(1, 255)}"
    if reason := why_not(address):
        pytest.skip(reason)
    replies = answer(0, QUESTION)
    group = MulticastAnswerer(address, lambda n, data: replies if data == QUESTION else [], services=services)
    learner.transcripts.append(group.transcript)
    return group


def _question_came(group: MulticastAnswerer) -> None:
    host, port = group.address
    came = [question.data for question in group.questions]
    assert came, f"the question must come to {host}:{port} through the interface 127.0.0.1; nothing came"
    assert set(came) == {QUESTION}, f"the question must be {QUESTION!r}; {came[0]!r} came"


def _plain(got: object) -> list[tuple[object, ...]]:
    assert isinstance(got, list), f"discover must return a list; it returned {got!r}"
    for entry in got:
        assert isinstance(entry, (tuple, list)) and len(entry) == 3, (
            f"each entry must be a triple (name, host, port); one is {entry!r}"
        )
        name, host, port = entry
        assert isinstance(name, str), f"the name must be a str; it is {name!r}"
        assert isinstance(host, str) and isinstance(port, int), f"host must be a str and port an int, not {entry!r}"
    return [tuple(entry) for entry in got]


def _here(name: str) -> bytes:
    return b"HERE " + name.encode("utf-8")


def _name(rng: Random) -> str:
    return f"printer {rng.randbytes(3).hex()}"
