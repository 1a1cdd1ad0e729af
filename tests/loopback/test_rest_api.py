"""The stock list: its resources, what its clients can rely on, and its faults."""

import time
from collections.abc import Iterator

import httpx
import pytest

from autograder.loopback.rest_api import (
    Busy,
    DropAfter,
    DropBefore,
    Fault,
    RestApi,
    Rival,
    entity_tag,
    random_faults,
    rest_api,
)

PROBLEM = "application/problem+json"
BOLT = {"name": "bolt M4", "quantity": 80}
NUT = {"name": "nut M4", "quantity": 75}


@pytest.fixture
def api() -> Iterator[RestApi]:
    with rest_api([BOLT, NUT], unique_names=True) as api:
        yield api
        assert api.errors == []


@pytest.fixture
def client(api: RestApi) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api.base_url, trust_env=False) as client:
        yield client


def problem(response: httpx.Response, status: int) -> None:
    assert response.status_code == status
    assert response.headers["Content-Type"] == PROBLEM
    assert response.json()["status"] == status and response.json()["title"]


def test_create_and_read(api: RestApi, client: httpx.Client) -> None:
    made = client.post("/items", json={"name": "washer", "quantity": 5})
    assert made.status_code == 201
    assert made.json() == {"id": 3, "name": "washer", "quantity": 5}
    assert made.headers["Location"] == "/items/3"
    got = client.get(made.headers["Location"])
    assert got.json() == made.json() == api.items[-1]
    assert got.headers["ETag"] == made.headers["ETag"] == entity_tag(made.json())
    assert [str(seen) for seen in api.requests] == ["POST /items -> 201", "GET /items/3 -> 200"]
    assert api.requests[0].headers["content-type"] == "application/json"


def test_errors_are_problem_details(client: httpx.Client) -> None:
    problem(client.get("/items/99"), 404)
    problem(client.get("/nothing"), 404)
    problem(client.put("/items/99", json=BOLT), 404)
    problem(client.post("/items", json=BOLT), 409)
    problem(client.put("/items/2", json=BOLT), 409)
    problem(client.post("/items", content=b"{"), 422)
    wrongs: list[object] = [
        {},
        {"name": "", "quantity": 1},
        {"name": "x", "quantity": -1},
        {"name": "x", "quantity": "1"},
    ]
    for wrong in [*wrongs, [], 1]:
        problem(client.post("/items", json=wrong), 422)
    problem(client.get("/items?limit=0"), 422)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/items", {"GET", "HEAD", "POST"}), ("POST", "/items/1", {"GET", "HEAD", "PUT", "DELETE"})],
)
def test_a_method_that_is_not_allowed(client: httpx.Client, method: str, path: str, allowed: set[str]) -> None:
    response = client.request(method, path)
    problem(response, 405)
    assert set(response.headers["Allow"].split(", ")) == allowed


def test_head(client: httpx.Client) -> None:
    for path in ("/items", "/items/1"):
        response = client.head(path)
        assert response.status_code == 200 and response.content == b""


def test_pages() -> None:
    stock = [{"name": f"part {number}", "quantity": number} for number in range(1, 8)]
    with rest_api(stock, page_size=3) as api, httpx.Client(trust_env=False) as client:
        url, pages = api.base_url + "/items", []
        while url:
            response = client.get(url)
            pages.append([item["quantity"] for item in response.json()])
            url = response.links.get("next", {}).get("url", "")
        assert pages == [[1, 2, 3], [4, 5, 6], [7]]
        assert len(client.get(api.base_url + "/items?limit=2").json()) == 2
        following = client.get(api.base_url + "/items?limit=2").links["next"]["url"]
        assert [item["id"] for item in client.get(following).json()] == [3, 4]


def test_conditional_requests(api: RestApi, client: httpx.Client) -> None:
    tag = client.get("/items/1").headers["ETag"]
    unchanged = client.get("/items/1", headers={"If-None-Match": f'"other", W/{tag}'})
    assert unchanged.status_code == 304 and unchanged.content == b"" and unchanged.headers["ETag"] == tag
    for never in ('"other"', f"W/{tag}", tag.strip('"')):
        problem(client.put("/items/1", json=BOLT, headers={"If-Match": never}), 412)
        problem(client.delete("/items/1", headers={"If-Match": never}), 412)
    changed = client.put("/items/1", json={**BOLT, "quantity": 79}, headers={"If-Match": tag})
    assert changed.status_code == 200 and changed.headers["ETag"] != tag
    problem(client.put("/items/1", json=BOLT, headers={"If-Match": tag}), 412)
    assert client.put("/items/1", json=BOLT, headers={"If-Match": "*"}).headers["ETag"] == tag
    assert client.delete("/items/1", headers={"If-Match": tag}).status_code == 204
    problem(client.get("/items/1"), 404)


def test_the_idempotency_key(api: RestApi, client: httpx.Client) -> None:
    washer = {"name": "washer", "quantity": 5}
    first = client.post("/items", json=washer, headers={"Idempotency-Key": '"k1"'})
    again = client.post("/items", json=washer, headers={"Idempotency-Key": "k1"})
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json() and first.headers["Location"] == again.headers["Location"]
    problem(client.post("/items", json=BOLT, headers={"Idempotency-Key": "k1"}), 422)
    problem(client.post("/items", json=washer, headers={"Idempotency-Key": "k2"}), 409)
    assert len(api.items) == 3


def test_without_a_key_a_repeated_request_makes_a_second_item() -> None:
    with rest_api() as api:
        for _ in range(2):
            assert httpx.post(api.base_url + "/items", json=BOLT, trust_env=False).status_code == 201
        assert [item["name"] for item in api.items] == ["bolt M4", "bolt M4"]


def test_busy(api: RestApi, client: httpx.Client) -> None:
    api.play(Busy(retry_after=1), Busy(retry_after=None), Busy("POST"))
    refused = client.get("/items/1")
    problem(refused, 503)
    assert refused.headers["Retry-After"] == "1"
    assert "Retry-After" not in client.get("/items/1").headers
    assert client.get("/items/1").status_code == 200
    problem(client.post("/items", json={"name": "washer", "quantity": 5}), 503)
    assert len(api.items) == 2


@pytest.mark.parametrize("reset", [False, True])
def test_dropped_connections(api: RestApi, client: httpx.Client, reset: bool) -> None:
    api.play(DropBefore(reset=reset), DropAfter(reset=reset))
    for items in (2, 3):
        with pytest.raises(httpx.ReadError if reset else httpx.RemoteProtocolError):
            client.post("/items", json={"name": "washer", "quantity": 5})
        assert len(api.items) == items
    assert [seen.status for seen in api.requests] == [None, None]


def test_a_rival(api: RestApi, client: httpx.Client) -> None:
    api.play(Rival("PUT", change={"quantity": 1}))
    tag = client.get("/items/1").headers["ETag"]
    problem(client.put("/items/1", json=BOLT, headers={"If-Match": tag}), 412)
    assert api.items[0] == {"id": 1, "name": "bolt M4", "quantity": 1}
    with pytest.raises(LookupError, match="no item 7"):
        api.change(7, {})


def test_random_faults_come_from_their_seed() -> None:
    assert random_faults(3) == random_faults(3)
    lists = [random_faults(seed) for seed in range(100)]
    assert {len(one) for one in lists} == {1, 2, 3, 4}
    kinds: set[type[Fault]] = {type(fault) for one in lists for fault in one}
    assert kinds == {Busy, DropBefore, DropAfter}
    with pytest.raises(ValueError, match="most is 0"):
        random_faults(0, most=0)


def test_times_are_those_of_the_clock(api: RestApi, client: httpx.Client) -> None:
    before = time.monotonic()
    client.get("/items")
    assert before < api.requests[0].time < time.monotonic()


@pytest.mark.parametrize(
    ("items", "page_size", "words"),
    [
        ([{"name": "bolt"}], 10, "quantity"),
        ([BOLT, BOLT], 10, "bolt M4"),
        ([], 0, "page_size is 0"),
    ],
)
def test_bad_arguments(items: list[dict[str, object]], page_size: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rest_api(items, page_size=page_size, unique_names=True)
