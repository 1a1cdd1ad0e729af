"""The services that the client exercises talk to: the stock list, and pages made to order. Both are recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

import httpx

from autograder.judge.learner import Learner
from autograder.loopback import tap
from autograder.loopback.asgi import serve_asgi
from autograder.loopback.rest_api import Fault, RestApi, Seen, rest_api

AN_ERROR = (RuntimeError, OSError, httpx.HTTPError)
"""How a client may say that the service did not do what was asked: `raise_for_status` is one of the ways."""

SEVERAL = 10.0
"""Seconds for a call that makes several requests, each perhaps with a client of its own: a grader may have a dozen
answers at work on two processors."""


class Service(NamedTuple):
    """The stock list under test conditions, and the address to give to the learner's code."""

    api: RestApi
    base_url: str


@contextmanager
def stock_list(
    learner: Learner,
    items: Iterable[Mapping[str, Any]] = (),
    faults: Iterable[Fault] = (),
    *,
    unique_names: bool = False,
) -> Iterator[Service]:
    """A stock list; what crosses goes into the report."""
    with rest_api(items, faults=faults, unique_names=unique_names) as api, _recorded(learner, api.address) as base_url:
        yield Service(api, base_url)


def new_item(rng: Random) -> dict[str, Any]:
    """An item that no program can know beforehand."""
    return {"name": f"part {rng.randbytes(4).hex()}", "quantity": rng.randrange(10, 1000)}


def posts(api: RestApi) -> list[Seen]:
    """The POST requests so far."""
    return [seen for seen in api.requests if seen.method == "POST"]


def told(requests: Sequence[Seen]) -> str:
    """Requests as a learner reads them, one after another."""
    shown = [str(seen) for seen in requests[:8]]
    return ", ".join(shown) + (f" and {len(requests) - 8} more" if len(requests) > 8 else "") or "no request at all"


def as_json(body: bytes) -> Any:
    """What a body says, None where it is no JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return None


@dataclass(frozen=True)
class Page:
    """One page: what is on it, its Link fields, its status."""

    items: list[dict[str, Any]]
    links: tuple[str, ...] = ()
    status: int = 200


@dataclass
class Pages:
    """A collection whose pages are made to order; in `links` of a page ``{base}`` stands for the service's address.

    targets: path and query of each request, in the order they came.
    """

    pages: dict[str, Page]
    base_url: str = ""
    targets: list[str] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request (ASGI)."""
        assert scope["type"] == "http"
        query = scope["query_string"].decode("ascii")
        target = scope["raw_path"].decode("ascii") + (f"?{query}" if query else "")
        self.targets.append(target)
        page = self.pages.get(target) if scope["method"] == "GET" else None
        if page is None:
            page = Page([], status=404)
        kind = "application/json" if page.status == 200 else "application/problem+json"
        body = json.dumps(page.items if page.status == 200 else {"title": "No such page", "status": page.status})
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        headers += [(b"link", link.replace("{base}", self.base_url).encode()) for link in page.links]
        await send({"type": "http.response.start", "status": page.status, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode()})

    @property
    def told(self) -> str:
        """The requests as a learner reads them."""
        shown = [f"GET {target}" for target in self.targets[:8]]
        more = f" and {len(self.targets) - 8} more" if len(self.targets) > 8 else ""
        return ", ".join(shown) + more or "no request at all"


@contextmanager
def paged(learner: Learner, pages: dict[str, Page]) -> Iterator[Pages]:
    """A collection in pages, by target; what crosses goes into the report."""
    collection = Pages(pages)
    with serve_asgi(collection) as server, _recorded(learner, server.address) as collection.base_url:
        yield collection


@contextmanager
def _recorded(learner: Learner, address: tuple[str, int]) -> Iterator[str]:
    with tap(address, local="your code", remote="service") as recorder:
        try:
            yield "http://{}:{}".format(*recorder.address)
        finally:
            learner.transcripts.extend(recorder.transcripts)
