"""Fetch a whole collection, page after page, as its Link headers say."""

from __future__ import annotations

from random import Random
from typing import Any
from urllib.parse import urljoin

from autograder.checks.fixtures import Likely
from autograder.checks.rest.peers import AN_ERROR, Page, Pages, new_item, paged, stock_list
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Failure, Silent
from autograder.judge.learner import Learner


@exercise
def list_all(base_url: str) -> list[dict[str, Any]]: ...


@requirement(
    points=1,
    source="RFC 9110 section 9.3.1",
    hint="GET base_url + '/items'; the body is a JSON array. Without a Link header there is no further page.",
)
def test_one_page(learner: Learner, rng: Random) -> None:
    """A collection that fits on one page is returned as a list of dicts, in its order; an empty one is []."""
    stock = [new_item(rng) for _ in range(rng.randint(3, 6))]
    with stock_list(learner, stock) as (api, base_url):
        got = learner(base_url)
        assert got == api.items
    with stock_list(learner) as (_, base_url):
        got = learner(base_url)
        assert got == [], f"an empty collection is the empty list, got {got!r:.100}"


@requirement(
    points=1,
    source="RFC 8288 section 3",
    hint='As long as the answer has a link with rel="next", get that URL as well. httpx: response.links.',
    needs="test_one_page",
)
def test_all_pages(learner: Learner, rng: Random, likely: Likely) -> None:
    """All pages are fetched, however many there are, and the items come in their order."""
    count = rng.randint(11, 13)
    addresses = ["/items", *(f"/items?cursor={rng.randbytes(5).hex()}" for _ in range(count - 1))]
    pages = [[_item(rng) for _ in range(3)] for _ in range(count)]
    table = {
        address: Page(page, (f'<{{base}}{following}>; rel="next"',) if following else ())
        for address, page, following in zip(addresses, pages, [*addresses[1:], ""], strict=True)
    }
    with paged(learner, table) as service:
        got = learner(service.base_url, seconds=3.0)
        likely(len(service.targets) == 1, f"only one page was fetched; its Link header leads to {addresses[1]}")
        likely(
            1 < len(service.targets) < count and service.targets == addresses[: len(service.targets)],
            f"it stopped after {len(service.targets)} of {count} pages, though every page but the last leads on",
        )
        _need(got, sum(pages, []), service)


@requirement(
    points=1,
    source="RFC 8288 section 3.1; RFC 3986 section 5",
    hint="urllib.parse.urljoin(the URL that you asked for, the target of the link) gives the URL to ask for next.",
    needs="test_one_page",
)
def test_relative_links(learner: Learner, rng: Random, likely: Likely) -> None:
    """A link may be relative: it is resolved against the URL of the page that it stands on."""
    pages = [[_item(rng) for _ in range(2)] for _ in range(5)]
    one, two, three, four = (rng.randbytes(4).hex() for _ in range(4))
    table = {
        "/items": Page(pages[0], (f'<?after={one}>; rel="next"',)),
        f"/items?after={one}": Page(pages[1], (f'</items/pages/{two}>; rel="next"',)),
        f"/items/pages/{two}": Page(pages[2], (f'<{three}>; rel="next"',)),
        f"/items/pages/{three}": Page(pages[3], (f'<../more?after={four}>; rel="next"',)),
        f"/items/more?after={four}": Page(pages[4]),
    }
    with paged(learner, table) as service:
        try:
            got = learner(service.base_url)
        except Failure:
            here = [target for target in ["/items", *service.targets] if target in table][-1]
            from_base = [urljoin("/", link[1 : link.index(">")]) for link in table[here].links]
            likely(
                service.targets[-1:] in ([here], from_base),
                f"the link on the page {here} is relative: resolve it against that page's URL, as a browser would",
            )
            raise
        _need(got, sum(pages, []), service)


@requirement(
    points=1,
    source="RFC 8288 section 3; RFC 9110 section 5.3",
    hint="One field may hold several links, and there may be several fields. Only the link whose rel is next counts.",
    needs="test_one_page",
)
def test_other_links(learner: Learner, rng: Random, likely: Likely) -> None:
    """Among several links, in one field or in several, the one with rel="next" is followed, and no other."""
    pages = [[_item(rng) for _ in range(2)] for _ in range(4)]
    two, three, four = (f"/items?from={number},{rng.randrange(10, 99)}" for number in rng.sample(range(10, 99), 3))
    table = {
        "/items": Page(pages[0], (f'</archive/2025>; rel="next-archive", <{two}>; rel="next", <{four}>; rel="last"',)),
        two: Page(pages[1], ('</items>; rel="prev"', f'</help?about=next>; rel="help", <{three}>; rel=next')),
        three: Page(pages[2], (f'<{two}>; rel="prev"; title="back"', f'<{four}>; title="the next one"; rel="next"')),
        four: Page(pages[3], (f'<{three}>; rel="prev"', '</items>; rel="first"', '</next>; rel="help"')),
    }
    with paged(learner, table) as service:
        try:
            got = learner(service.base_url)
        except Failure:
            _blame_links(service, table, likely)
            raise
        _blame_links(service, table, likely)
        _need(got, sum(pages, []), service)


@requirement(
    points=1,
    source="RFC 8288 section 3.3",
    hint="The service alone knows whether there is more, and says so in Link. Neither a short page nor an empty one is "
    "the end, and nobody promised you numbers.",
    needs="test_one_page",
)
def test_only_links_count(learner: Learner, rng: Random, likely: Likely) -> None:
    """Short and empty pages in the middle are no end, and only URLs that a link gave are asked for."""
    pages = [[_item(rng) for _ in range(length)] for length in (4, 1, 0, 4, 4)]
    addresses = ["/items", *(f"/items?cursor={rng.randbytes(5).hex()}" for _ in range(4))]
    table = {
        address: Page(page, (f'<{{base}}{following}>; rel="next"',) if following else ())
        for address, page, following in zip(addresses, pages, [*addresses[1:], ""], strict=True)
    }
    with paged(learner, table) as service:
        try:
            got = learner(service.base_url)
        finally:
            likely(
                service.targets in (addresses[:2], addresses[:3]),
                "it stopped at a page that is shorter than the first, or empty; yet that page has a link to the next",
            )
        _need(got, sum(pages, []), service)
        extra = [target for target in service.targets if target not in table]
        assert not extra, f"only the collection and the targets of links may be asked for, got also GET {extra[0]}"


@requirement(
    points=1,
    source="the contract; RFC 8288 promises no end",
    hint="Keep the URLs that you have asked for in a set. One that comes again means a circle.",
)
def test_loop(learner: Learner, rng: Random, likely: Likely) -> None:
    """Links that lead in a circle raise ValueError, whether the circle is long or a page leads to itself."""
    for length in (3, 1):
        addresses = ["/items", *(f"/items?cursor={rng.randbytes(5).hex()}" for _ in range(3))]
        back = addresses[-length]
        table = {
            address: Page([_item(rng)], (f'<{{base}}{following}>; rel="next"',))
            for address, following in zip(addresses, [*addresses[1:], back], strict=True)
        }
        with paged(learner, table) as service:
            try:
                learner.must_raise(ValueError, service.base_url, seconds=1.5)
            except Silent:
                likely(
                    service.targets.count(back) > 1,
                    f"the last page's link leads back to {back}; it was fetched {service.targets.count(back)} times",
                )
                raise


@requirement(
    points=1,
    source="RFC 9110 section 15",
    hint="A page that is not 200 is no page. response.raise_for_status() turns it into an exception.",
)
def test_error_status(learner: Learner, rng: Random) -> None:
    """A page that comes with an error status raises an error: a part of a collection is never returned as the whole."""
    address = f"/items?cursor={rng.randbytes(5).hex()}"
    for status in (500, 404):
        table = {
            "/items": Page([_item(rng)], (f'<{address}>; rel="next"',)),
            address: Page([], status=status),
        }
        with paged(learner, table) as service:
            learner.must_raise(AN_ERROR, service.base_url)


def _item(rng: Random) -> dict[str, Any]:
    return {"id": rng.randrange(10**6), **new_item(rng)}


def _need(got: Any, expected: list[dict[str, Any]], service: Pages) -> None:
    """Fail unless all items came, in words that say how many and what was asked for."""
    if got == expected:
        return
    if not isinstance(got, list):
        raise AssertionError(f"list_all must return a list, got {type(got).__name__} {got!r:.100}")
    problem = f"{len(got)} items instead of {len(expected)}" if len(got) != len(expected) else "not the items in order"
    raise AssertionError(f"the list has {problem}; the service saw {service.told}")


def _blame_links(service: Pages, table: dict[str, Page], likely: Likely) -> None:
    strange = [*(target for target in service.targets if target not in table), ""][0]
    fields = [field for page in table.values() for field in page.links]
    likely(
        strange and any(strange.strip("/") in field for field in fields),
        f"GET {strange} is where a link with another rel leads, or only a part of a link's target",
    )
    repeated = len(set(service.targets)) < len(service.targets)
    likely(repeated, "a link with another rel than next was followed back to a page that was fetched already")
