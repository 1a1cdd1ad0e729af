"""A live REST API on loopback: a stock list, kept by FastAPI and served by uvicorn, with faults on demand.

=======  ==============  ==================================================================================
GET      /items          200: a page, oldest first; ``Link: <…>; rel="next"`` while there are more (RFC 8288)
POST     /items          201, Location; with an Idempotency-Key a repeated request makes nothing twice
GET      /items/{id}     200, ETag; 304 for If-None-Match
PUT      /items/{id}     200; 412 where If-Match names another state (RFC 9110 section 13.1.1)
DELETE   /items/{id}     204; 412 likewise
=======  ==============  ==================================================================================

An item is ``{"id": 1, "name": "bolt M4", "quantity": 80}``; the API chooses ids and never gives one twice. Two items
may have one name, unless `unique_names` forbids it: 409. What is no item: 422. Errors are problem details (RFC 9457).
GET works as HEAD, too.

Not imported by ``autograder.loopback`` itself, since FastAPI is not part of the standard library.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Match

from autograder.loopback.asgi import AsgiServer, Message, drop_connection, serve_asgi

Plain = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with one request; with `method` set, the next one of that method."""

    method: str = ""


@dataclass(frozen=True)
class Busy(Fault):
    """503 and nothing done. `retry_after` is the Retry-After field in seconds (RFC 9110 section 10.2.3), or none."""

    retry_after: int | None = 0


@dataclass(frozen=True)
class DropBefore(Fault):
    """The connection ends without an answer, and nothing was done; `reset`: it ends by RST."""

    reset: bool = False


@dataclass(frozen=True)
class DropAfter(Fault):
    """The request is carried out, and then the connection ends without an answer; `reset`: it ends by RST."""

    reset: bool = False


@dataclass(frozen=True)
class Rival(Fault):
    """Just before this request is carried out, somebody else changes an item: `change` is merged into it."""

    item: int = 1
    change: Mapping[str, Any] | None = None


def random_faults(seed: int, most: int = 4) -> list[Fault]:
    """One to `most` faults that a client can live through by trying again, the same ones for the same seed.

    Raises:
        ValueError: `most` is less than 1.
    """
    if most < 1:
        raise ValueError(f"most is {most!r}, but a list of faults has at least 1")
    rng = random.Random(f"faults {seed}")
    kinds: list[Fault] = [Busy(), DropBefore(), DropBefore(reset=True), DropAfter(), DropAfter(reset=True)]
    return [rng.choice(kinds) for _ in range(rng.randint(1, most))]


@dataclass(frozen=True)
class Seen:
    """A request as it came.

    time: seconds of ``time.monotonic`` when all of it was there.
    target: path and query, as in the request line.
    headers: by name in small letters; a repeated field's values are joined by a comma (RFC 9110 section 5.3).
    status: what was answered; None while it is not, and where the connection was cut instead.
    """

    time: float
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    status: int | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.target} -> {self.status or 'no answer'}"


class RestApi:
    """What `rest_api` gives. It works from the start, until `close` or the ``with`` block ends.

    base_url: ``http://127.0.0.1:port``; the collection is at ``/items`` below it.
    """

    def __init__(self, items: Iterable[Mapping[str, Any]], page_size: int, unique_names: bool) -> None:
        self._stock = _Stock(page_size, unique_names)
        for item in items:
            self._stock.add(NewItem.model_validate(dict(item)))
        self._lock = threading.Lock()
        self._seen: list[Seen] = []
        self._faults: list[Fault] = []
        self._server: AsgiServer = serve_asgi(self._answer)
        self.base_url = self._server.base_url
        self.address = self._server.address

    def __enter__(self) -> RestApi:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop. A second time does nothing."""
        self._server.close()

    @property
    def items(self) -> list[Plain]:
        """All items as they are now, oldest first."""
        return self._stock.all()

    @property
    def requests(self) -> list[Seen]:
        """All requests so far, in the order they came."""
        with self._lock:
            return list(self._seen)

    @property
    def errors(self) -> list[BaseException]:
        """What went wrong in the API itself; empty, unless it has a bug."""
        return self._server.errors

    def play(self, *faults: Fault) -> None:
        """Have these faults happen, in this order, one to a request; afterwards all goes well again."""
        with self._lock:
            self._faults.extend(faults)

    def change(self, item: int, change: Mapping[str, Any]) -> None:
        """Change an item as another client would, without a request: `change` is merged into it.

        Raises:
            LookupError: there is no such item.
        """
        self._stock.change(item, change)

    async def _answer(self, scope: Message, receive: Any, send: Any) -> None:
        """The application that is served: it writes down each request and plays the fault that is next."""
        app = _application()
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        scope["stock"] = self._stock
        body = await _body(receive)
        number, fault = self._note(scope, body)
        dropped = isinstance(fault, DropBefore | DropAfter)

        async def receive_again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send_on(message: Message) -> None:
            if dropped:
                return
            if message["type"] == "http.response.start":
                with self._lock:
                    self._seen[number] = replace(self._seen[number], status=message["status"])
            await send(message)

        if isinstance(fault, Busy):
            await _busy(fault)(scope, receive_again, send_on)
            return
        if isinstance(fault, Rival):
            self._stock.change(fault.item, fault.change or {})
        if not isinstance(fault, DropBefore):
            await app(scope, receive_again, send_on)
        if isinstance(fault, DropBefore | DropAfter):
            drop_connection(scope, reset=fault.reset)

    def _note(self, scope: Message, body: bytes) -> tuple[int, Fault | None]:
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1") + ("?" + query if query else "")
        with self._lock:
            self._seen.append(Seen(time.monotonic(), scope["method"], target, headers, body))
            if self._faults and self._faults[0].method in ("", scope["method"]):
                return len(self._seen) - 1, self._faults.pop(0)
            return len(self._seen) - 1, None


def rest_api(
    items: Iterable[Mapping[str, Any]] = (),
    *,
    page_size: int = 10,
    unique_names: bool = False,
    faults: Iterable[Fault] = (),
) -> RestApi:
    """Start the API of a stock list.

    Args:
        items: what is in stock at the start, each with ``name`` and ``quantity``; they get the ids 1, 2, 3, …
        page_size: items on one page, 1 or more.
        unique_names: refuse an item whose name another one has.
        faults: what goes wrong with the first requests, as `RestApi.play`; `random_faults` makes some of a seed.

    Raises:
        ValueError: an item is none, two have one name although that is forbidden, or `page_size` is less than 1.

        with rest_api([{"name": "bolt M4", "quantity": 80}], faults=[Busy(retry_after=1)]) as api:
            httpx.get(api.base_url + "/items")
    """
    if page_size < 1:
        raise ValueError(f"page_size is {page_size!r}, but a page holds at least 1 item")
    api = RestApi(items, page_size, unique_names)
    api.play(*faults)
    return api


class NewItem(BaseModel):
    """An item as a client describes it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=80, examples=["bolt M4"])
    quantity: int = Field(ge=0, le=1_000_000, examples=[80])


class Item(NewItem):
    """An item as the API tells it."""

    id: int = Field(ge=1)


class Problem(BaseModel):
    """Problem details (RFC 9457 section 3.1)."""

    title: str
    status: int
    detail: str = ""


class Taken(ValueError):
    """Another item has that name."""


class _Stock:
    """The items; any thread may use it."""

    def __init__(self, page_size: int, unique_names: bool) -> None:
        self.page_size = page_size
        self._unique_names = unique_names
        self._lock = threading.RLock()
        self._items: dict[int, Plain] = {}
        self._last = 0
        self.done: dict[str, tuple[bytes, Plain]] = {}
        """What was created, by Idempotency-Key: the request's body, and the item."""

    def all(self) -> list[Plain]:
        with self._lock:
            return [dict(item) for item in self._items.values()]

    def page(self, after: int, size: int) -> tuple[list[Plain], bool]:
        """The items whose ids follow `after`, and whether there are more."""
        rest = [item for item in self.all() if item["id"] > after]
        return rest[:size], len(rest) > size

    def get(self, number: int) -> Plain | None:
        with self._lock:
            item = self._items.get(number)
            return None if item is None else dict(item)

    def add(self, new: NewItem) -> Plain:
        with self._lock:
            self._need_free_name(new.name, 0)
            self._last += 1
            self._items[self._last] = {"id": self._last, **new.model_dump()}
            return dict(self._items[self._last])

    def put(self, number: int, new: NewItem) -> Plain:
        with self._lock:
            self._need_free_name(new.name, number)
            self._items[number] = {"id": number, **new.model_dump()}
            return dict(self._items[number])

    def change(self, number: int, change: Mapping[str, Any]) -> None:
        with self._lock:
            if number not in self._items:
                raise LookupError(f"there is no item {number}; there are {sorted(self._items)}")
            self._items[number].update(change)

    def remove(self, number: int) -> None:
        with self._lock:
            del self._items[number]

    def _need_free_name(self, name: str, but: int) -> None:
        if self._unique_names and any(item["name"] == name for item in self._items.values() if item["id"] != but):
            raise Taken(f"an item named {name!r} is there already")


_ERRORS: dict[int, str] = {
    404: "There is no such item",
    409: "Another item has that name",
    412: "The item has changed meanwhile",
    422: "That is no item, or the Idempotency-Key was used for another one",
}


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI document: which errors an operation answers with."""
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    return {status: {"description": _ERRORS[status], "content": content} for status in statuses}


async def _stock_of(request: Request) -> _Stock:
    stock: _Stock = request.scope["stock"]
    return stock


Stock = Annotated[_Stock, Depends(_stock_of)]


@cache
def _application() -> FastAPI:
    """The application of all lists, since it takes a while to make: each request brings its stock along."""
    app = FastAPI(title="Stock list", version="1.0")

    @app.exception_handler(StarletteHTTPException)
    async def refuse(request: Request, error: StarletteHTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            # Starlette names the methods of one route only; RFC 9110 section 15.5.6 wants those of the resource.
            headers["Allow"] = ", ".join(sorted(_methods(app, request)))
        return _problem(error.status_code, str(error.detail), headers)

    @app.exception_handler(RequestValidationError)
    async def refuse_data(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return _problem(422, f"{where}: {first['msg']}")

    @app.head("/items", include_in_schema=False)
    @app.get("/items", responses=_errors(422))
    async def list_items(
        request: Request,
        response: Response,
        stock: Stock,
        after: Annotated[int, Query(ge=0, description="the id of the last item on the page before")] = 0,
        limit: Annotated[int | None, Query(ge=1, le=100, description="items on a page, at most")] = None,
    ) -> list[Item]:
        size = min(limit or stock.page_size, stock.page_size)
        page, more = stock.page(after, size)
        if more:
            following = request.url.include_query_params(after=page[-1]["id"])
            response.headers["Link"] = f'<{following}>; rel="next"'
        return [Item(**item) for item in page]

    @app.post("/items", status_code=201, responses=_errors(409, 422))
    async def create_item(
        request: Request,
        response: Response,
        stock: Stock,
        new: NewItem,
        idempotency_key: Annotated[str | None, Header(description="the same key makes the same item")] = None,
    ) -> Item:
        body, key = await request.body(), (idempotency_key or "").strip('"')
        if key and key in stock.done:
            first, item = stock.done[key]
            if json.loads(first) != json.loads(body):
                raise HTTPException(422, f"the Idempotency-Key {key!r} was used for another item")
        else:
            item = _or_conflict(lambda: stock.add(new))
            if key:
                stock.done[key] = body, item
        response.headers["Location"] = f"/items/{item['id']}"
        response.headers["ETag"] = entity_tag(item)
        return Item(**item)

    @app.head("/items/{number}", include_in_schema=False)
    @app.get("/items/{number}", responses={**_errors(404, 422), 304: {"description": "Not modified"}})
    async def read_item(
        response: Response, stock: Stock, number: int, if_none_match: Annotated[str | None, Header()] = None
    ) -> Any:
        item = _found(stock, number)
        tag = entity_tag(item)
        if if_none_match is not None and _names(if_none_match, tag, weakly=True):
            return Response(status_code=304, headers={"ETag": tag})
        response.headers["ETag"] = tag
        return Item(**item)

    @app.put("/items/{number}", response_model=Item, responses=_errors(404, 409, 412, 422))
    async def replace_item(
        response: Response, stock: Stock, number: int, new: NewItem, if_match: Annotated[str | None, Header()] = None
    ) -> Any:
        _need_match(_found(stock, number), if_match)
        item = _or_conflict(lambda: stock.put(number, new))
        response.headers["ETag"] = entity_tag(item)
        return Item(**item)

    @app.delete("/items/{number}", status_code=204, responses=_errors(404, 412, 422))
    async def delete_item(stock: Stock, number: int, if_match: Annotated[str | None, Header()] = None) -> Response:
        _need_match(_found(stock, number), if_match)
        stock.remove(number)
        return Response(status_code=204)

    return app


def entity_tag(item: Mapping[str, Any]) -> str:
    """The strong entity tag of an item's state, quotes included (RFC 9110 section 8.8.3)."""
    return f'"{hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()[:12]}"'


def _names(field: str, tag: str, *, weakly: bool) -> bool:
    """Does an If-Match (strong comparison) or If-None-Match (weak) field name this tag (RFC 9110 section 8.8.3.2)?"""
    if field.strip() == "*":
        return True
    found = re.findall(r'(W/)?("[^"]*")', field)
    return any(opaque == tag and (weakly or not weak) for weak, opaque in found)


def _need_match(item: Plain, if_match: str | None) -> None:
    if if_match is not None and not _names(if_match, entity_tag(item), weakly=False):
        raise HTTPException(412, "the item has another entity tag by now: fetch it again")


def _found(stock: _Stock, number: int) -> Plain:
    item = stock.get(number)
    if item is None:
        raise HTTPException(404, f"there is no item {number}")
    return item


def _or_conflict(act: Callable[[], Plain]) -> Plain:
    try:
        return act()
    except Taken as taken:
        raise HTTPException(409, str(taken)) from None


def _methods(app: FastAPI, request: Request) -> set[str]:
    """The methods that the resource of a request has."""
    found: set[str] = set()
    for route in app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return found


def _problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An answer with problem details; the title is the status code's own phrase, so `type` is about:blank."""
    content = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(content, status, dict(headers or {}), media_type="application/problem+json")


def _busy(fault: Busy) -> JSONResponse:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return _problem(503, "much to do at the moment: try again later", headers)


async def _body(receive: Any) -> bytes:
    pieces = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)
