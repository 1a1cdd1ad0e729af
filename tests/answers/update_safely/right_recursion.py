"""raise_for_status for everything but 412, which starts again from the beginning."""

from typing import Any

import httpx


def update_safely(base_url: str, id: int, change: dict[str, Any], tries: int = 5) -> dict[str, Any]:
    url = f"{base_url}/items/{id}"
    before = httpx.get(url).raise_for_status()
    item = before.json() | change
    item.pop("id")
    after = httpx.put(url, json=item, headers={"if-match": before.headers["etag"]})
    if after.status_code == httpx.codes.PRECONDITION_FAILED and tries > 1:
        return update_safely(base_url, id, change, tries - 1)
    updated: dict[str, Any] = after.raise_for_status().json()
    return updated
