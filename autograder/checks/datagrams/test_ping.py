"""Measure a path with datagrams: what is lost, what comes twice, how long a round trip takes."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from random import Random
from typing import Any

from autograder.checks.fixtures import Likely
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.loopback import UdpLink, waits
from autograder.loopback.datagram_peer import Answer, DatagramPeer, Reply, datagram_peer
from autograder.loopback.faults import Dice, Faults

COUNTS = ("sent", "received", "lost", "duplicates")
TIMES = ("rtt_min", "rtt_mean", "rtt_max")

SLACK = 0.1
"""Seconds that a busy machine may add to a round trip."""


@exercise
def ping(host: str, port: int, count: int, timeout: float) -> dict[str, Any]: ...


@requirement(
    points=1,
    source="RFC 862; RFC 2681 section 2.4",
    hint="Note the time of each probe when you send it, and take the difference when its reply comes.",
)
def test_all_answered(learner: Learner) -> None:
    """Where every probe is answered, all are counted, and the round trip times are ordered and above 0."""
    with _echo(learner) as server:
        got = learner(*server.address, 5, waits.seconds(0.2))
    _agree(got, sent=5, received=5, lost=0, duplicates=0)
    least, mean, most = _times(got)
    assert 0 < least <= mean <= most, (
        f"0 < rtt_min <= rtt_mean <= rtt_max must hold; they are {least!r}, {mean!r} and {most!r}"
    )


@requirement(
    points=1,
    source="RFC 792: Sequence Number",
    hint="A number in each probe, never used twice, tells whose reply came.",
    needs="test_all_answered",
)
def test_probes_differ(learner: Learner) -> None:
    """As many probes are sent as were asked for, and no two are the same."""
    with _echo(learner) as server:
        learner(*server.address, 12, waits.seconds(0.1), seconds=4.0)
    sent = [question.data for question in server.questions]
    assert len(sent) == 12, f"12 probes were asked for; {len(sent)} came"
    assert len(set(sent)) == 12, (
        f"12 different probes were asked for; only {len(set(sent))} of the 12 that came differ, and so nobody "
        "can tell which of them a reply belongs to"
    )


@requirement(
    points=1,
    source="docs.python.org: socket.settimeout",
    hint="sock.settimeout(what is left) before each recvfrom, and TimeoutError means lost.",
)
def test_nobody_answers(learner: Learner) -> None:
    """Where nothing is answered all are lost, there are no times, and it ends when the time is over."""
    timeout = waits.seconds(0.15)
    with _peer(learner, lambda number, data: []) as server:
        got = learner(*server.address, 2, timeout)
    _agree(got, sent=2, received=0, lost=2, duplicates=0)
    _no_times(got)
    assert learner.elapsed >= 0.9 * timeout, (
        f"every probe has {timeout:g} s to be answered; ping gave up after {learner.elapsed:.3f} s already"
    )
    longest = 3 * timeout + waits.seconds(0.3)
    assert learner.elapsed <= longest, (
        f"2 probes of {timeout:g} s take {3 * timeout:g} s at most, one after the other; "
        f"ping took {learner.elapsed:.2f} s"
    )


@requirement(
    points=1,
    source="RFC 1122 section 4.1.3.3; man 7 udp: ECONNREFUSED",
    hint="A connected UDP socket raises ConnectionRefusedError, in send or in recv. Here that is an unanswered probe.",
)
def test_closed_port(learner: Learner) -> None:
    """A port where nobody listens is no error: every probe counts as sent and as lost."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        address = gone.getsockname()
    got = learner(*address, 3, waits.seconds(0.05))
    _agree(got, sent=3, received=0, lost=3, duplicates=0)
    _no_times(got)


@requirement(
    points=2,
    source="RFC 6673",
    hint="A probe is lost when no reply to it came in its time, whichever way the loss happened.",
    needs="test_all_answered",
)
def test_loss(learner: Learner, rng: Random) -> None:
    """On a link that loses datagrams both ways the counts are exact."""
    loss, count = 0.25, 8
    seed = _seed(rng, lambda seed: 2 <= _lost(seed, loss, count) <= 3)
    with _echo(learner) as server, UdpLink(server.address, loss=loss, seed=seed) as link:
        learner.transcripts[:] = [link.transcript]
        got = learner(*link.address, count, waits.seconds(0.25), seconds=3.0)
        _settle(link, server, count)
        arrived = link.statistics
    lost = arrived.to_target.lost + arrived.to_client.lost
    _agree(got, sent=count, received=count - lost, lost=lost, duplicates=0)


@requirement(
    points=1,
    source="RFC 5560",
    hint="The first reply to a probe is received, every further one a duplicate. The last probe's may still come.",
    needs="test_all_answered",
)
def test_duplicates(learner: Learner, rng: Random, likely: Likely) -> None:
    """On a link that doubles datagrams both ways the duplicates are exact, those of the last probe, too."""
    chance, count = 0.5, 6
    seed = _seed(rng, lambda seed: _last_doubled(seed, chance, count))
    with _echo(learner) as server, UdpLink(server.address, duplicate=chance, seed=seed) as link:
        learner.transcripts[:] = [link.transcript]
        got = learner(*link.address, count, waits.seconds(0.25), seconds=3.0)
        _settle(link, server, count)
        replies = link.statistics.to_client.delivered
    likely(
        isinstance(got, dict) and got.get("received") == replies,
        f"{replies} replies came to {count} probes: a reply counts as received only once for each probe",
    )
    _agree(got, sent=count, received=count, lost=0, duplicates=replies - count)


@requirement(
    points=1,
    source="RFC 2681 section 2.5",
    hint="A probe's time is taken once, when its first reply comes.",
    needs="test_all_answered",
)
def test_time_of_a_duplicate(learner: Learner) -> None:
    """A copy that comes later changes no round trip time."""
    timeout = 0.25
    with _peer(learner, lambda number, data: [Reply(data, 0.02), Reply(data, 0.7 * timeout)]) as server:
        got = learner(*server.address, 2, waits.seconds(timeout))
    _agree(got, received=2, duplicates=2)
    most, copies = _times(got)[2], waits.seconds(0.7 * timeout)
    assert most < copies, (
        f"each reply came soon and a copy of it after {copies:g} s; rtt_max is {most:.3f}, as late as a copy"
    )


@requirement(
    points=1,
    source="RFC 2681 section 2.4",
    hint="Each probe has its own end: its sending time + timeout. A reply after that counts nowhere.",
    needs="test_all_answered",
)
def test_late_reply(learner: Learner, likely: Likely) -> None:
    """A reply that comes after its probe's time counts nowhere, not for another probe either."""
    timeout = 0.25
    delays = [1.25 * timeout, None, 0.5 * timeout]
    with _peer(learner, _delays(delays)) as server:
        got = learner(*server.address, 3, waits.seconds(timeout), seconds=2.0)
    likely(
        isinstance(got, dict) and got.get("received") == 2,
        f"the reply to the first probe came {1.25 * waits.seconds(timeout):g} s after it, "
        f"and {waits.seconds(timeout):g} s were given; it was counted all the same",
    )
    _agree(got, sent=3, received=1, lost=2, duplicates=0)


@requirement(
    points=1,
    source="RFC 768; man 2 recvfrom",
    hint="recvfrom tells who sent it. (Or connect the socket: then the kernel lets nobody else through.)",
    needs="test_all_answered",
)
def test_foreign_sender(learner: Learner, likely: Likely) -> None:
    """A reply from another address than the one asked counts nowhere, even if its bytes are right."""
    with _peer(learner, lambda number, data: [Reply(data, source=1)], strangers=1) as server:
        got = learner(*server.address, 1, waits.seconds(0.15))
    likely(
        isinstance(got, dict) and got.get("received"),
        f"port {server.port} was asked and never answered; port {server.sources[1][1]} did",
    )
    _agree(got, sent=1, received=0, lost=1, duplicates=0)


@requirement(
    points=1,
    source="RFC 862",
    hint="A reply to a probe has exactly the probe's bytes. Anything else is noise, short or long.",
    needs="test_all_answered",
)
def test_foreign_bytes(learner: Learner, rng: Random) -> None:
    """Datagrams from the right address that are no probe's bytes count nowhere and disturb nothing."""
    noise = rng.randbytes(30)

    def answer(number: int, data: bytes) -> list[Reply]:
        other = bytes(byte ^ 0xFF for byte in data)
        return [Reply(wrong) for wrong in (b"", data[:-1], data + b"!", other, noise, b"\xff")]

    with _peer(learner, answer) as server:
        got = learner(*server.address, 1, waits.seconds(0.15))
    _agree(got, sent=1, received=0, lost=1, duplicates=0)


@requirement(
    points=1,
    source="RFC 2681 section 2.4",
    hint="Seconds, from the sending of that very probe. The mean is over the probes that were received.",
    needs="test_all_answered",
)
def test_round_trip_times(learner: Learner) -> None:
    """rtt_min, rtt_mean and rtt_max are seconds, and come from the probes that were answered."""
    delays = [0.05, None, 0.12]
    with _peer(learner, _delays(delays)) as server:
        got = learner(*server.address, 3, waits.seconds(0.25), seconds=2.0)
    _agree(got, sent=3, received=2, lost=1, duplicates=0)
    took = server.delays
    wanted = (min(took), sum(took) / len(took), max(took))
    for name, value, right in zip(TIMES, _times(got), wanted, strict=True):
        assert right <= value <= right + waits.seconds(SLACK), (
            f"the two replies took {took[0]:.3f} s and {took[1]:.3f} s on the other side, one of three probes was "
            f"never answered; so {name} is {right:.3f} s and a little, it can't be {value:.3f}"
        )


def _peer(learner: Learner, answer: Answer, *, strangers: int = 0) -> DatagramPeer:
    peer = datagram_peer(answer, strangers=strangers)
    learner.transcripts.append(peer.transcript)
    return peer


def _echo(learner: Learner) -> DatagramPeer:
    return _peer(learner, lambda number, data: [Reply(data)])


def _settle(link: UdpLink, server: DatagramPeer, count: int) -> None:
    """Wait until so many probes and all replies to them have gone through the link, or half a second."""
    until = time.monotonic() + waits.seconds(0.5)
    while time.monotonic() < until:
        counted = link.statistics
        asked, answered = len(server.questions), len(server.delays)
        if counted.to_target.received >= count and counted.to_target.delivered == asked == answered:
            if counted.to_client.received == answered:
                return
        time.sleep(0.002)


def _delays(delays: list[float | None]) -> Answer:
    """Answer the first probe after the first delay, and so on; None: not at all."""
    rest = iter(delays)

    def answer(number: int, data: bytes) -> Iterable[Reply]:
        delay = next(rest, None)
        return [] if delay is None else [Reply(data, delay)]

    return answer


def _seed(rng: Random, suits: Any) -> int:
    """A seed of the link under which something happens, and not everything."""
    while not suits(seed := rng.randrange(10**6)):
        pass
    return seed


def _lost(seed: int, loss: float, count: int) -> int:
    """How many of so many probes the link will lose on their way or on their way back."""
    faults = Faults(loss, 0, 0, 0)
    out, back = Dice(f"{seed} to target", faults), Dice(f"{seed} to client", faults)
    arrived = sum(not out.fate(8).lost for _ in range(count))
    return count - sum(not back.fate(8).lost for _ in range(arrived))


def _last_doubled(seed: int, chance: float, count: int) -> bool:
    """Will the link double the last probe on its way, and some but not all of the others?"""
    dice = Dice(f"{seed} to target", Faults(0, chance, 0, 0))
    doubled = [dice.fate(8).duplicated for _ in range(count)]
    return doubled[-1] and not all(doubled)


def _agree(got: object, **expected: int) -> None:
    """Compare the given counts, one sentence for all that differ."""
    assert isinstance(got, dict), f"ping must return a dictionary; it returned {got!r}"
    missing = [name for name in COUNTS + TIMES if name not in got]
    assert not missing, f"the key {missing[0]!r} must be there; the keys are {sorted(map(str, got))}"
    for name in COUNTS:
        assert type(got[name]) is int, f"{name} must be a whole number; it is {got[name]!r}"
    wrong = [name for name in expected if got[name] != expected[name]]
    assert not wrong, "\n".join(f"{name} must be {expected[name]}; it is {got[name]}" for name in wrong)


def _times(got: dict[str, Any]) -> tuple[float, float, float]:
    for name in TIMES:
        assert isinstance(got[name], float), f"{name} must be a float, in seconds; it is {got[name]!r}"
    return got["rtt_min"], got["rtt_mean"], got["rtt_max"]


def _no_times(got: dict[str, Any]) -> None:
    for name in TIMES:
        assert got[name] is None, f"without any reply {name} must be None; it is {got[name]!r}"
