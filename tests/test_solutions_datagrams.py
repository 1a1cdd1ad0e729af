"""The solution's ping says what the link says that it did, under every seed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from autograder.loopback import Counters, Statistics, UdpLink, waits
from autograder.loopback.datagram_peer import Reply, datagram_peer
from tests import bank

SEEDS = range(36)
COUNT = 20
AT_ONCE = 9

Ping = Callable[[str, int, int, float], dict[str, Any]]


@pytest.fixture(scope="module")
def ping() -> Ping:
    """The function of the notebook in solutions/."""
    names: dict[str, Any] = {}
    exec(bank.solutions()["ping"], names)
    solution: Ping = names["ping"]
    return solution


@contextlib.contextmanager
def link(seed: int, **faults: float) -> Iterator[UdpLink]:
    """A faulty link in front of an echo server."""
    with (
        datagram_peer(lambda number, data: [Reply(data)]) as server,
        UdpLink(server.address, seed=seed, **faults) as made,  # type: ignore[arg-type]
    ):
        yield made


def measure(ping: Ping, seed: int, faults: dict[str, float]) -> tuple[dict[str, Any], Statistics, list[bytes]]:
    """What ping says, what the link counted, and the replies that it delivered."""
    with link(seed, **faults) as made:
        got = ping(*made.address, COUNT, waits.seconds(0.6))
    replies = [event.data for event in made.transcript.events if event.kind == "received"]
    return got, made.statistics, replies


def every_seed(ping: Ping, **faults: float) -> list[tuple[dict[str, Any], Statistics, list[bytes]]]:
    """One measurement under each seed, several at a time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda seed: measure(ping, seed, faults), SEEDS))


def test_loss_is_what_the_link_lost(ping: Ping) -> None:
    lost = []
    for got, counted, _ in every_seed(ping, loss=0.3):
        lost.append(counted.to_target.lost + counted.to_client.lost)
        assert (got["sent"], got["lost"], got["duplicates"]) == (COUNT, lost[-1], 0)
        assert got["received"] == counted.to_client.delivered
    assert len(set(lost)) > 4


def test_duplicates_are_what_the_link_doubled(ping: Ping) -> None:
    for got, counted, _ in every_seed(ping, duplicate=0.3):
        assert (got["received"], got["lost"]) == (COUNT, 0)
        # A probe that was doubled on its way is answered twice, and each answer may be doubled on its way back.
        assert got["duplicates"] == counted.to_target.duplicated + counted.to_client.duplicated > 0


def test_all_faults_together(ping: Ping) -> None:
    for got, counted, replies in every_seed(ping, loss=0.2, duplicate=0.2, reorder=0.2, delay=0.01):
        assert len(replies) == counted.to_client.delivered
        assert got["received"] == len(set(replies))
        assert got["lost"] == COUNT - len(set(replies))
        assert got["duplicates"] == len(replies) - len(set(replies))


def test_corrupted_replies_are_none(ping: Ping) -> None:
    """A flipped bit makes it a reply to no probe of this call: the rest is all that was received."""
    got, counted, _ = measure(ping, 1, {"corrupt": 1})
    assert counted.to_target == counted.to_client == Counters(received=COUNT, delivered=COUNT, corrupted=COUNT)
    # Two flips of the same bit would restore a probe; with this seed none does.
    assert (got["received"], got["lost"], got["duplicates"]) == (0, COUNT, 0)
