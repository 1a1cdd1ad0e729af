"""http.client, a new connection for every try; the trouble of the last one is what is raised."""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit


def one_try(address: str, body: bytes, key: str) -> tuple[int, float, bytes]:
    conn = http.client.HTTPConnection(address, timeout=5)
    try:
        headers = {"Content-Type": "application/json", "Idempotency-Key": f'"{key}"'}
        conn.request("POST", "/items", body, headers)
        response = conn.getresponse()
        return response.status, float(response.getheader("Retry-After", "0.05")), response.read()
    finally:
        conn.close()


def create_once(base_url: str, item: dict[str, Any], key: str) -> dict[str, Any]:
    body = json.dumps(item).encode("utf-8")
    for attempt in range(1, 6):
        try:
            status, pause, answer = one_try(urlsplit(base_url).netloc, body, key)
        except (OSError, http.client.HTTPException):
            if attempt == 5:
                raise
            continue
        if status == 201:
            made: dict[str, Any] = json.loads(answer)
            return made
        if status != 503 or attempt == 5:
            raise RuntimeError(f"{status} {answer.decode()}")
        time.sleep(pause)
    raise AssertionError("not reached")
