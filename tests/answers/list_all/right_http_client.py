"""http.client, and a reader of its own for the Link fields."""

import http.client
import json
import re
from typing import Any
from urllib.parse import urljoin, urlsplit

LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))?)*)')
REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))', re.IGNORECASE)


def next_target(fields: list[str]) -> str | None:
    for target, parameters in LINK.findall(", ".join(fields)):
        rel = REL.search(parameters)
        if rel and "next" in (rel[1] or rel[2]).lower().split():
            return str(target)
    return None


def list_all(base_url: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    url: str | None = base_url + "/items"
    before = set()
    while url is not None:
        if url in before:
            raise ValueError(f"{url} again")
        before.add(url)
        parts = urlsplit(url)
        conn = http.client.HTTPConnection(parts.netloc)
        try:
            conn.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
            response = conn.getresponse()
            body = response.read()
        finally:
            conn.close()
        if response.status != 200:
            raise RuntimeError(f"{url}: {response.status} {response.reason}")
        items.extend(json.loads(body))
        target = next_target(response.headers.get_all("Link", []))
        url = None if target is None else urljoin(url, target)
    return items
