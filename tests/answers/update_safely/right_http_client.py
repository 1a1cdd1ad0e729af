"""http.client on one connection, and the PUT in a function of its own."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


def ask(
    conn: http.client.HTTPConnection, method: str, path: str, item: Any = None, tag: str = ""
) -> tuple[int, str, Any]:
    headers = {"Content-Type": "application/json", "If-Match": tag} if tag else {}
    conn.request(method, path, json.dumps(item) if tag else None, headers)
    response = conn.getresponse()
    return response.status, response.getheader("ETag", ""), json.loads(response.read())


def update_safely(base_url: str, id: int, change: dict[str, Any]) -> dict[str, Any]:
    conn = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=5)
    path = f"/items/{id}"
    try:
        for _ in range(5):
            status, tag, item = ask(conn, "GET", path)
            if status != 200:
                raise RuntimeError(f"GET: {status}")
            new = {name: change.get(name, item[name]) for name in ("name", "quantity")}
            status, _, answer = ask(conn, "PUT", path, new, tag)
            if status == 200:
                assert isinstance(answer, dict)
                return answer
            if status != 412:
                raise RuntimeError(f"PUT: {status} {answer}")
        raise RuntimeError("the others are always faster")
    finally:
        conn.close()
