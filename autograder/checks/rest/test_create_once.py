"""Create an item exactly once, over a network that drops answers and a service that is busy."""

from __future__ import annotations

from random import Random
from typing import Any

from autograder.checks.fixtures import Likely
from autograder.checks.rest.peers import AN_ERROR, SEVERAL, Service, as_json, new_item, posts, stock_list, told
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.loopback.rest_api import Busy, DropAfter, DropBefore, Fault

TRIES = 5
"""Requests that the contract allows."""

ONE_CLOCK = 0.01
"""Seconds by which two readings of the clock, there and here, may differ in favour of the learner."""


@exercise
def create_once(base_url: str, item: dict[str, Any], key: str) -> dict[str, Any]: ...


@requirement(
    points=1,
    source="RFC 9110 section 9.3.3",
    hint="POST to base_url + '/items' with the item as JSON. The answer 201 brings the item with its id.",
)
def test_creates(learner: Learner, rng: Random) -> None:
    """The item is sent as JSON, and what the service made of it, id included, is returned."""
    item = new_item(rng)
    with stock_list(learner, [new_item(rng)]) as service:
        got = learner(service.base_url, item, _key(rng))
        _need_one(service, item, got)
        assert len(service.api.requests) == 1, f"one request is enough, got {told(service.api.requests)}"


@requirement(
    points=1,
    source="draft-ietf-httpapi-idempotency-key-header section 2",
    hint="headers={'Idempotency-Key': key}, on the first try as well: nobody knows yet which one will be repeated.",
)
def test_sends_the_key(learner: Learner, rng: Random) -> None:
    """Every try carries the header Idempotency-Key with the given key, and the same item."""
    item, key = new_item(rng), _key(rng)
    with stock_list(learner, faults=[Busy(), DropBefore()]) as service:
        learner(service.base_url, item, key, seconds=SEVERAL)
        tries = posts(service.api)
        assert tries, f"a POST was expected, the service saw {told(service.api.requests)}"
        for number, seen in enumerate(tries, 1):
            sent = seen.headers.get("idempotency-key", "")
            shown = repr(sent) if sent else "no such header"
            assert sent.strip('"') == key, f"try {number} must carry Idempotency-Key: {key}, got {shown}"
            assert as_json(seen.body) == item, f"try {number} must carry the item, got the body {seen.body[:80]!r}"


@requirement(
    points=1,
    source="RFC 9110 section 15.6.4",
    hint="503 means: not now. Go round again, up to five requests in all.",
    needs="test_creates",
)
def test_busy(learner: Learner, rng: Random) -> None:
    """After a 503 it tries again, whether the answer has a Retry-After or not."""
    item = new_item(rng)
    with stock_list(learner, faults=[Busy(retry_after=0), Busy(retry_after=None)]) as service:
        got = learner(service.base_url, item, _key(rng), seconds=SEVERAL)
        _need_one(service, item, got)


@requirement(
    points=1,
    source="RFC 9110 section 10.2.3",
    hint="time.sleep(int(response.headers['Retry-After'])), and only then the next try.",
    needs="test_busy",
)
def test_waits(learner: Learner, rng: Random, likely: Likely) -> None:
    """A Retry-After of 1 is honoured: the next try comes one second later, and not before."""
    item = new_item(rng)
    with stock_list(learner, faults=[Busy(retry_after=1)]) as service:
        got = learner(service.base_url, item, _key(rng), seconds=1.0 + SEVERAL)
        first, *later = posts(service.api)
        assert later, f"after the 503 a second try was expected, the service saw {told(service.api.requests)}"
        waited = later[0].time - first.time
        likely(waited < 0.5, "the Retry-After of the answer was not looked at, or not waited for")
        assert waited >= 1.0 - ONE_CLOCK, (
            f"the answer 503 said Retry-After: 1, and the next try must come 1 s later; it came after {waited:.3f} s"
        )
        _need_one(service, item, got)


@requirement(
    points=1,
    source="RFC 9110 section 9.2.2",
    hint="Without an answer there is an exception: httpx.TransportError, or ConnectionError and HTTPException of "
    "http.client. Catch it around the request and go round again.",
    needs="test_creates",
)
def test_dropped_before(learner: Learner, rng: Random) -> None:
    """When the connection ends without an answer, or is reset, it tries again."""
    item = new_item(rng)
    with stock_list(learner, faults=[DropBefore(), DropBefore(reset=True)]) as service:
        got = learner(service.base_url, item, _key(rng), seconds=SEVERAL)
        _need_one(service, item, got)


@requirement(
    points=2,
    source="draft-ietf-httpapi-idempotency-key-header section 2.6",
    hint="One key for one item, on all tries: with it the service knows the request again and repeats its answer.",
    needs="test_dropped_before",
)
def test_dropped_after(learner: Learner, rng: Random, likely: Likely) -> None:
    """When the answer is lost after the item was created, the next try does not create it a second time."""
    item = new_item(rng)
    with stock_list(learner, faults=[DropAfter(), DropAfter(reset=True)]) as service:
        got = learner(service.base_url, item, _key(rng), seconds=SEVERAL)
        keys = {seen.headers.get("idempotency-key", "") for seen in posts(service.api)}
        likely(len(keys) > 1, "the tries carried different keys, so the service took them for different wishes")
        likely(keys == {""}, "the tries carried no Idempotency-Key, so the service took them for different wishes")
        _need_one(service, item, got)


@requirement(
    points=1,
    source="RFC 9110 section 15.5",
    hint="4xx says that the request itself is wrong. The same one again will be just as wrong: raise.",
)
def test_refused(learner: Learner, rng: Random) -> None:
    """An answer 4xx is never tried again: one request, and an error."""
    taken = new_item(rng)
    for item in (taken, {"name": taken["name"] + "'", "quantity": -1}):  # 409, and 422
        with stock_list(learner, [taken], unique_names=True) as service:
            learner.must_raise(AN_ERROR, service.base_url, item, _key(rng))
            seen = service.api.requests
            assert len(seen) == 1, f"a request answered with 4xx must not be repeated, the service saw {told(seen)}"
            assert len(service.api.items) == 1, f"nothing must be created, there are {service.api.items}"


@requirement(
    points=1,
    source="the contract",
    hint="for attempt in range(5): … and after the loop, raise.",
    needs="test_creates",
)
def test_gives_up(learner: Learner, rng: Random) -> None:
    """After five requests in vain it raises an error."""
    for fault in (Busy(), DropBefore()):
        with stock_list(learner, faults=[fault] * (TRIES + 3)) as service:
            learner.must_raise(AN_ERROR, service.base_url, new_item(rng), _key(rng), seconds=SEVERAL)
            seen = service.api.requests
            assert len(seen) == TRIES, f"there must be {TRIES} tries, the service saw {len(seen)}: {told(seen)}"


@requirement(
    points=1,
    source="the contract",
    hint="A 503 and a lost connection share one count: five requests in all, whatever happened to the first four.",
    needs="test_busy",
)
def test_one_thing_after_another(learner: Learner, rng: Random) -> None:
    """Four mishaps in a row, of any kind and in any order, and the fifth try creates the item, once."""
    kinds: list[Fault] = [Busy(), DropBefore(reset=True), DropAfter(), Busy(retry_after=None)]
    rng.shuffle(kinds)
    item = new_item(rng)
    with stock_list(learner, faults=kinds) as service:
        got = learner(service.base_url, item, _key(rng), seconds=SEVERAL)
        _need_one(service, item, got)


def _key(rng: Random) -> str:
    """A key such as uuid.uuid4 makes, from the seed."""
    text = rng.randbytes(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _need_one(service: Service, item: dict[str, Any], got: Any) -> None:
    """Fail unless the item is there once, and is what was returned."""
    there = [one for one in service.api.items if one["name"] == item["name"]]
    seen = told(service.api.requests)
    assert len(there) == 1, f"exactly one item must be created, there are {len(there)}; the service saw {seen}"
    assert _fields(there[0]) == item, f"the item must be created as it was given, got {there[0]}"
    assert got == there[0], f"create_once must return the created item, {there[0]}, got {got!r:.120}"


def _fields(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "id"}
