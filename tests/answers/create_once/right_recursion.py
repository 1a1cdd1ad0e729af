"""A try that calls itself for the next one; raise_for_status tells what is refused."""

import time
from typing import Any

import httpx


def create_once(base_url: str, item: dict[str, Any], key: str, tries: int = 5) -> dict[str, Any]:
    try:
        response = httpx.post(f"{base_url}/items", json=item, headers={"Idempotency-Key": key})
        response.raise_for_status()
        created: dict[str, Any] = response.json()
        return created
    except httpx.HTTPStatusError as refused:
        if refused.response.status_code != 503 or tries == 1:
            raise
        time.sleep(int(refused.response.headers.get("Retry-After") or 0))
    except httpx.TransportError:
        if tries == 1:
            raise
    return create_once(base_url, item, key, tries - 1)
