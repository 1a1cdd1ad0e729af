"""Change an item without undoing what others changed meanwhile."""

from __future__ import annotations

from random import Random
from typing import Any

from autograder.checks.fixtures import Likely
from autograder.checks.rest.peers import AN_ERROR, SEVERAL, Service, as_json, new_item, stock_list, told
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Failure
from autograder.judge.learner import Learner
from autograder.loopback.rest_api import Rival, Seen, entity_tag

TRIES = 5
"""PUT requests that the contract allows."""


@exercise
def update_safely(base_url: str, id: int, change: dict[str, Any]) -> dict[str, Any]: ...


@requirement(
    points=1,
    source="RFC 9110 section 9.3.4",
    hint="PUT replaces the whole item: fetch it, put the change into it, send name and quantity, both.",
)
def test_updates(learner: Learner, rng: Random, likely: Likely) -> None:
    """What the change names is changed, everything else stays, and the item as it is now is returned."""
    stock = [new_item(rng) for _ in range(3)]
    for change in ({"quantity": rng.randrange(1000, 2000)}, {"name": f"renamed {rng.randrange(1000)}"}):
        with stock_list(learner, stock) as service:
            before = service.api.items
            try:
                got = learner(service.base_url, 2, change)
            except Failure:
                likely(
                    any(seen.status == 422 and as_json(seen.body) == change for seen in _puts(service)),
                    "the PUT carried the change alone, and not the whole item",
                )
                raise
            expected = [before[0], {**before[1], **change}, before[2]]
            there = service.api.items
            assert there == expected, f"the stock must be {expected}, got {there}; {_saw(service)}"
            assert got == expected[1], f"update_safely must return the item, {expected[1]}, got {got!r:.120}"


@requirement(
    points=1,
    source="RFC 9110 section 13.1.1",
    hint="headers={'If-Match': answer.headers['ETag']}: the tag exactly as it came, quotes included.",
)
def test_if_match(learner: Learner, rng: Random, likely: Likely) -> None:
    """The PUT carries the item's ETag in If-Match, so that the service can refuse it when the item has changed."""
    with stock_list(learner, [new_item(rng)]) as service:
        tag = entity_tag(service.api.items[0])
        try:
            learner(service.base_url, 1, {"quantity": 5})
        except Failure:
            likely(
                any(seen.headers.get("if-match") == tag.strip('"') for seen in _puts(service)),
                "the entity tag was sent without its quotes; they belong to it",
            )
            raise
        puts = _puts(service)
        assert puts, f"a PUT was expected, {_saw(service)}"
        sent = puts[0].headers.get("if-match")
        assert sent == tag, f"the PUT must carry If-Match: {tag}, got {sent or 'no such header'}"


@requirement(
    points=2,
    source="RFC 9110 sections 13.1.1 and 15.5.13",
    hint="412: somebody was faster. Fetch the item again, put the change into the new state, try again.",
    needs="test_updates",
)
def test_rival(learner: Learner, rng: Random, likely: Likely) -> None:
    """When somebody else changed the item between GET and PUT, both changes are there afterwards."""
    stock = [new_item(rng)]
    theirs, ours = f"renamed {rng.randrange(10**6)}", rng.randrange(1000, 2000)
    with stock_list(learner, stock, [Rival("PUT", change={"name": theirs})]) as service:
        expected = {"id": 1, "name": theirs, "quantity": ours}
        try:
            got = learner(service.base_url, 1, {"quantity": ours}, seconds=SEVERAL)
        except Failure:
            _blame(service, likely)
            raise
        there = service.api.items[0]
        likely(
            there == {**expected, "name": stock[0]["name"]},
            f"the other's change, the name {theirs!r}, is lost: it was overwritten by what you fetched before",
        )
        assert there == expected, f"both changes must be there, {expected}, got {there}; {_saw(service)}"
        assert got == expected, f"update_safely must return the item, {expected}, got {got!r:.120}"


@requirement(
    points=1,
    source="RFC 9110 section 13.1.1",
    hint="A loop around GET and PUT, both: every try begins with a fresh state and its fresh tag.",
    needs="test_rival",
)
def test_rivals(learner: Learner, rng: Random, likely: Likely) -> None:
    """When others were faster four times, the fifth try succeeds, and no change of theirs is lost."""
    name = f"part {rng.randrange(10**6)}"
    rivals = [Rival("PUT", change={"name": f"{name}, edition {number}"}) for number in (2, 3, 4, 5)]
    with stock_list(learner, [new_item(rng)], rivals) as service:
        try:
            learner(service.base_url, 1, {"quantity": 7}, seconds=SEVERAL)
        except Failure:
            _blame(service, likely)
            raise
        expected, there = {"id": 1, "name": f"{name}, edition 5", "quantity": 7}, service.api.items[0]
        assert there == expected, f"all changes must be there, {expected}, got {there}; {_saw(service)}"


@requirement(
    points=1,
    source="the contract",
    hint="for attempt in range(5): … and after the loop, raise.",
    needs="test_updates",
)
def test_gives_up(learner: Learner, rng: Random) -> None:
    """When the fifth PUT is answered with 412 as well, it raises an error and leaves the item as the others made it."""
    rivals = [Rival("PUT", change={"quantity": number}) for number in range(5000, 5003 + TRIES)]
    with stock_list(learner, [new_item(rng)], rivals) as service:
        learner.must_raise(AN_ERROR, service.base_url, 1, {"name": "mine"}, seconds=SEVERAL)
        puts = _puts(service)
        assert len(puts) == TRIES, f"there must be {TRIES} PUT requests, got {len(puts)}; {_saw(service)}"
        there = service.api.items[0]
        assert there["name"] != "mine", f"after 412 the item must stay as the others made it, got {there}"


@requirement(
    points=1,
    source="RFC 9110 section 15.5",
    hint="Look at the status of every answer, the GET's too. Only 412 is a reason to try again.",
)
def test_refused(learner: Learner, rng: Random) -> None:
    """An item that is not there, or a change that the service refuses, raises an error at once."""
    with stock_list(learner, [new_item(rng)]) as service:
        learner.must_raise(AN_ERROR, service.base_url, 7, {"quantity": 1})
        assert len(service.api.requests) == 1, f"after 404 nothing more must be asked, {_saw(service)}"
    with stock_list(learner, [new_item(rng)]) as service:
        learner.must_raise(AN_ERROR, service.base_url, 1, {"quantity": -1})
        puts = _puts(service)
        assert len(puts) == 1, f"a PUT that is answered with 422 must not be repeated, {_saw(service)}"


def _puts(service: Service) -> list[Seen]:
    return [seen for seen in service.api.requests if seen.method == "PUT"]


def _saw(service: Service) -> str:
    return f"the service saw {told(service.api.requests)}"


def _blame(service: Service, likely: Likely) -> None:
    requests = service.api.requests
    refused = next((number for number, seen in enumerate(requests) if seen.status == 412), len(requests))
    after = [seen.method for seen in requests[refused + 1 :]]
    likely(refused < len(requests) and not after, "412 was taken for the end; it is an invitation to fetch again")
    likely(
        len(after) > 1 and "GET" not in after,
        "after 412 the same PUT was sent again, and its tag is as old as before: fetch the item again",
    )
