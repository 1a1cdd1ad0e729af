"""A generator gives the pages; httpx resolves the links, and raise_for_status finds what is no page."""

from collections.abc import Iterator
from typing import Any

import httpx


def pages(client: httpx.Client, url: httpx.URL) -> Iterator[list[dict[str, Any]]]:
    seen: list[httpx.URL] = []
    while True:
        if url in seen:
            raise ValueError("a circle of pages")
        seen.append(url)
        response = client.get(url).raise_for_status()
        yield response.json()
        if "next" not in response.links:
            return
        url = response.url.join(response.links["next"]["url"])


def list_all(base_url: str) -> list[dict[str, Any]]:
    with httpx.Client() as client:
        return [item for page in pages(client, httpx.URL(base_url + "/items")) for item in page]
