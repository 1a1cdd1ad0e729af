"""Each page, and after it the rest; urllib raises for an error status by itself (its errors are OSErrors)."""

import json
import re
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen


def rest_from(url: str, before: frozenset[str]) -> list[dict[str, Any]]:
    if url in before:
        raise ValueError(f"circle at {url}")
    with urlopen(url) as response:
        items: list[dict[str, Any]] = json.load(response)
        links = ", ".join(response.headers.get_all("Link") or [])
    for link in re.split(r",\s*(?=<)", links):
        target, _, parameters = link.partition(">")
        if re.search(r';\s*rel="?next"?\s*(;|$)', parameters):
            return items + rest_from(urljoin(url, target.strip().lstrip("<")), before | {url})
    return items


def list_all(base_url: str) -> list[dict[str, Any]]:
    return rest_from(f"{base_url}/items", frozenset())
