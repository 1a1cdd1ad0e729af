"""Serve a stock list over HTTP, so that clients can rely on every status and header."""

from __future__ import annotations

from random import Random
from typing import Any

from autograder.checks.fixtures import Likely
from autograder.checks.rest.exchange import Answer, ask, need_problem, path_of
from autograder.checks.rest.peers import new_item
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner, Running


@exercise
def make_app() -> Any: ...


@requirement(
    points=1,
    source="the contract; RFC 9110 section 9.3.1",
    hint="app = FastAPI(), a function under @app.get('/items'), and at the end return app.",
)
def test_serves(learner: Learner) -> None:
    """It returns an application, and GET /items is answered with 200 and a JSON array, empty at the beginning."""
    server = learner.serve()
    got = ask(server, "GET", "/items").must_be(200).json()
    assert got == [], f"a new service has no items, []; got {got!r:.100}"


@requirement(
    points=1,
    source="RFC 9110 sections 9.3.3, 10.2.2 and 15.3.2",
    hint="@app.post('/items', status_code=201), and response.headers['Location'] = f'/items/{id}'.",
    needs="test_serves",
)
def test_create(learner: Learner, rng: Random) -> None:
    """POST /items creates: 201, the item with its id, and a Location where that item is found."""
    server = learner.serve()
    new = new_item(rng)
    made = ask(server, "POST", "/items", new).must_be(201)
    item = made.item()
    assert item == {"id": item["id"], **new}, f"the item must be {new} with an id, got {item}"
    place = path_of(made.header("Location"), "/items")
    found = ask(server, "GET", place).must_be(200).json()
    assert found == item, f"GET {place}, the Location of the new item, must give {item}, got {found!r:.100}"
    assert place == f"/items/{item['id']}", f"the item's own path must be /items/{item['id']}, got {place}"


@requirement(
    points=1,
    source="RFC 9110 section 9.3.1",
    hint="A dict keeps the order in which its keys came. return list(items.values()).",
    needs="test_serves",
)
def test_collection(learner: Learner, rng: Random) -> None:
    """GET /items gives all items as a JSON array, the oldest first."""
    server = learner.serve()
    made = [_create(server, new_item(rng)) for _ in range(3)]
    got = ask(server, "GET", "/items").must_be(200).json()
    assert got == made, f"GET /items must give {made}, got {got!r:.300}"


@requirement(
    points=1,
    source="RFC 9110 section 15.5.5",
    hint="raise HTTPException(404, …) where the id is not among the items.",
    needs="test_serves",
)
def test_missing(learner: Learner, rng: Random) -> None:
    """What is not there is 404, whatever the method: an item, or a path that means nothing."""
    server = learner.serve()
    there = _create(server, new_item(rng))["id"]
    missing = f"/items/{there + rng.randrange(1000, 9999)}"
    ask(server, "GET", missing).must_be(404)
    ask(server, "PUT", missing, new_item(rng)).must_be(404)
    ask(server, "DELETE", missing).must_be(404)
    ask(server, "GET", f"/nothing{rng.randrange(1000)}").must_be(404)
    count = len(ask(server, "GET", "/items").must_be(200).json())
    assert count == 1, f"none of these requests creates anything: 1 item, got {count}"


@requirement(
    points=1,
    source="RFC 9110 section 15.5.21; RFC 8259",
    hint="A pydantic model with Field(min_length=1) and Field(ge=0) refuses for you, before your function is called.",
    needs="test_serves",
)
def test_invalid(learner: Learner, rng: Random) -> None:
    """What is no item is refused with 422 (or 400 where it is not even JSON), and nothing is created or changed."""
    server = learner.serve()
    item = _create(server, new_item(rng))
    good = new_item(rng)
    wrong = [
        {"name": good["name"]},
        {"quantity": 1},
        {**good, "quantity": -1},
        {**good, "quantity": "many"},
        {**good, "quantity": 1.5},
        {**good, "name": ""},
        {**good, "name": None},
        {**good, "name": "n" * 81},
        [good],
    ]
    for number, data in enumerate(wrong):
        method, target = ("PUT", f"/items/{item['id']}") if number % 2 else ("POST", "/items")
        answer = ask(server, method, target, data)
        assert answer.status == 422, f"{method} {target} with {data!r:.60} must be refused with 422, got {answer.told}"
    ask(server, "POST", "/items", body=b'{"name": "half').must_be(400, 422)
    there = ask(server, "GET", "/items").must_be(200).json()
    assert there == [item], f"after that the stock must be {[item]} as before, got {there!r:.200}"


@requirement(
    points=1,
    source="RFC 9110 section 15.5.10",
    hint="Look through the other items' names before you add, and before you replace.",
    needs="test_serves",
)
def test_conflict(learner: Learner, rng: Random) -> None:
    """A name that another item has is refused with 409; an item may keep its own."""
    server = learner.serve()
    first, second = _create(server, new_item(rng)), _create(server, new_item(rng))
    ask(server, "POST", "/items", {"name": first["name"], "quantity": 1}).must_be(409)
    ask(server, "PUT", f"/items/{second['id']}", {"name": first["name"], "quantity": 1}).must_be(409)
    there = ask(server, "GET", "/items").must_be(200).json()
    assert there == [first, second], f"after 409 the stock must be as before, {[first, second]}, got {there!r:.200}"
    ask(server, "PUT", f"/items/{second['id']}", {"name": second["name"], "quantity": 1}).must_be(200, 204)


@requirement(
    points=1,
    source="RFC 9110 sections 15.5.6 and 10.2.1",
    hint="Starlette's own 405 names the methods of one route only. An exception handler for 405 can set Allow itself.",
    needs="test_serves",
)
def test_method_not_allowed(learner: Learner, rng: Random) -> None:
    """A method that a resource does not have is 405, and Allow lists all that it has."""
    server = learner.serve()
    item = f"/items/{_create(server, new_item(rng))['id']}"
    for method, target, needed in (
        ("DELETE", "/items", {"GET", "POST"}),
        ("PATCH", "/items", {"GET", "POST"}),
        ("POST", item, {"GET", "PUT", "DELETE"}),
    ):
        answer = ask(server, method, target, {}).must_be(405)
        allow = answer.header("Allow")
        listed = {word.strip().upper() for word in allow.split(",")}
        missing = ", ".join(sorted(needed - listed))
        assert not missing, f"Allow for {target} must name {missing} as well, got Allow: {allow}"
        assert method not in listed, f"{method} {target} was refused, yet Allow names it: {allow}"


@requirement(
    points=1,
    source="RFC 9457 section 3",
    hint="Handlers for HTTPException (Starlette's) and RequestValidationError, which answer with "
    "JSONResponse(…, media_type='application/problem+json').",
    needs="test_serves",
)
def test_problem_details(learner: Learner, rng: Random) -> None:
    """Every error is problem details: application/problem+json with a title, and the status as in the status line."""
    server = learner.serve()
    item = _create(server, new_item(rng))
    path = f"/items/{item['id']}"
    need_problem(ask(server, "GET", "/items/987654321").must_be(404))
    need_problem(ask(server, "GET", "/nothing").must_be(404))
    need_problem(ask(server, "POST", "/items", {"name": item["name"], "quantity": 1}).must_be(409))
    need_problem(ask(server, "POST", "/items", {"quantity": -1}).must_be(422))
    need_problem(ask(server, "DELETE", "/items").must_be(405))
    need_problem(ask(server, "PUT", path, new_item(rng), headers={"If-Match": '"stale"'}).must_be(412))


@requirement(
    points=1,
    source="RFC 9110 sections 9.2.2 and 9.3.4",
    hint="PUT sets the state to what the body says and adds to nothing: sent twice, it leaves the same as sent once.",
    needs="test_serves",
)
def test_replace(learner: Learner, rng: Random, likely: Likely) -> None:
    """PUT replaces an item by what the body says, and the same PUT once more changes nothing."""
    server = learner.serve()
    items = [_create(server, new_item(rng)) for _ in range(3)]
    new = new_item(rng)
    expected = {"id": items[1]["id"], **new}
    target = f"/items/{expected['id']}"
    for attempt in ("one", "a second, equal"):
        answer = ask(server, "PUT", target, new).must_be(200, 204)
        if answer.status == 200:
            got = answer.json()
            assert got == expected, f"{attempt} PUT must be answered with the item, {expected}, got {got!r:.100}"
        there = ask(server, "GET", "/items").must_be(200).json()
        wanted = [items[0], expected, items[2]]
        likely(isinstance(there, list) and len(there) > 3, "PUT made another item; the item at this path is meant")
        assert there == wanted, f"after {attempt} PUT the items must be {wanted}, got {there!r:.300}"


@requirement(
    points=1,
    source="RFC 9110 sections 9.3.5 and 15.3.5",
    hint="Take ids from a counter that only goes up (itertools.count): len(items) + 1 comes back after a deletion.",
    needs="test_serves",
)
def test_delete(learner: Learner, rng: Random) -> None:
    """DELETE removes an item: 204 without a body, 404 from then on, and its id is never given to another."""
    server = learner.serve()
    one, two = _create(server, new_item(rng)), _create(server, new_item(rng))
    gone = ask(server, "DELETE", f"/items/{two['id']}").must_be(204)
    assert gone.body == b"", f"204 has no body, got {gone.body[:60]!r}"
    ask(server, "GET", f"/items/{two['id']}").must_be(404)
    ask(server, "DELETE", f"/items/{two['id']}").must_be(404)
    three = _create(server, new_item(rng))
    assert three["id"] not in (one["id"], two["id"]), (
        f"ids {one['id']} and {two['id']} were given before, and the new item must have another, got {three['id']}"
    )
    there = ask(server, "GET", "/items").must_be(200).json()
    assert there == [one, three], f"after that the items must be {[one, three]}, got {there!r:.200}"


@requirement(
    points=1,
    source="RFC 9110 sections 8.8.3 and 13.1.2",
    hint="A hash of the item's JSON, in quotes, is a good tag. Equal to If-None-Match: Response(status_code=304).",
    needs="test_serves",
)
def test_etag(learner: Learner, rng: Random) -> None:
    """An item comes with an ETag that changes with its state; If-None-Match with that tag gives 304 without a body."""
    server = learner.serve()
    target = f"/items/{_create(server, new_item(rng))['id']}"
    first = _tag(ask(server, "GET", target))
    assert _tag(ask(server, "GET", target)) == first, "an item that has not changed must keep its ETag, it got another"
    for field in (first, f'"other", {first}'):
        same = ask(server, "GET", target, headers={"If-None-Match": field})
        assert same.status == 304, f"GET {target} with If-None-Match: {field} must give 304, got {same.told}"
        assert same.body == b"", f"304 has no body, got {same.body[:60]!r}"
    ask(server, "PUT", target, new_item(rng)).must_be(200, 204)
    changed = ask(server, "GET", target, headers={"If-None-Match": first})
    assert changed.status == 200, f"the item has changed since {first}, so it must come with 200, got {changed.told}"
    assert _tag(changed) != first, f"the item has changed, and its ETag must change with it, it is {first} still"


@requirement(
    points=1,
    source="RFC 9110 sections 13.1.1 and 15.5.13",
    hint="Compare If-Match with the tag of the item as it is now, before anything is changed. Without If-Match, go on.",
    needs="test_etag",
)
def test_if_match(learner: Learner, rng: Random) -> None:
    """PUT and DELETE with an If-Match that names another state are refused with 412, and nothing happens."""
    server = learner.serve()
    target = f"/items/{_create(server, new_item(rng))['id']}"
    old = _tag(ask(server, "GET", target))
    current = new_item(rng)
    ask(server, "PUT", target, current, headers={"If-Match": old}).must_be(200, 204)
    for method, data in (("PUT", new_item(rng)), ("DELETE", None)):
        answer = ask(server, method, target, data, headers={"If-Match": old})
        assert answer.status == 412, (
            f"{method} {target} with If-Match: {old}, the tag before the last change, must give 412, got {answer.told}"
        )
        there = ask(server, "GET", target).must_be(200).item()
        assert {**there, **current} == there, f"after 412 the item must be as before, {current}, got {there}"
    new = _tag(ask(server, "GET", target))
    ask(server, "PUT", target, new_item(rng), headers={"If-Match": f'"other", {new}'}).must_be(200, 204)
    ask(server, "PUT", target, new_item(rng), headers={"If-Match": "*"}).must_be(200, 204)
    ask(server, "DELETE", target, headers={"If-Match": _tag(ask(server, "GET", target))}).must_be(204)


@requirement(
    points=1,
    source="the OpenAPI specification 3.1, Responses Object",
    hint="@app.put(…, responses={404: {…}, 409: {…}, 412: {…}}): FastAPI can't know what your handlers send.",
    needs="test_serves",
)
def test_described(learner: Learner) -> None:
    """/openapi.json describes the service, with every status that an operation answers with."""
    server = learner.serve()
    document = ask(server, "GET", "/openapi.json").must_be(200).json()
    paths = document.get("paths", {}) if isinstance(document, dict) else {}
    assert "/items" in paths, f"the document must describe /items, it describes {sorted(paths)}"
    of_item = next((path for path in paths if path.startswith("/items/{")), None)
    assert of_item, f"the document must describe the item's path, /items/{{id}}, it describes {sorted(paths)}"
    for method, path, needed in (
        ("get", "/items", {"200"}),
        ("post", "/items", {"201", "409", "422"}),
        ("get", of_item, {"200", "304", "404"}),
        ("put", of_item, {"404", "409", "412", "422"}),
        ("delete", of_item, {"204", "404", "412"}),
    ):
        operation = paths[path].get(method)
        assert operation, f"the document must describe {method.upper()} {path}, it describes {sorted(paths[path])}"
        listed = set(operation.get("responses", {}))
        missing = ", ".join(sorted(needed - listed))
        assert not missing, f"{method.upper()} {path} can answer with {missing}; described are {sorted(listed)} only"


def _create(server: Running, new: dict[str, Any]) -> dict[str, Any]:
    """An item that the service made; any success will do here."""
    answer = ask(server, "POST", "/items", new)
    assert 200 <= answer.status < 300, f"POST /items must create the item first, got {answer.told}"
    return answer.item()


def _tag(answer: Answer) -> str:
    tag = answer.must_be(200).header("ETag")
    assert tag.removeprefix("W/").startswith('"') and tag.endswith('"') and len(tag) > 2, (
        f'an entity tag stands in quotes, such as "a1b2", got {tag}'
    )
    assert not tag.startswith("W/"), f"only a strong tag works with If-Match, got the weak one {tag}"
    return tag
