"""urllib.request, a deque of pauses, and a short pause of its own where the service names none."""

import http.client
import json
import time
import urllib.error
import urllib.request
from typing import Any


def create_once(base_url: str, item: dict[str, Any], key: str) -> dict[str, Any]:
    request = urllib.request.Request(
        base_url + "/items",
        data=json.dumps(item).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": key},
        method="POST",
    )
    last: Exception = RuntimeError("never tried")
    pause = 0.0
    for _ in range(5):
        time.sleep(pause)
        pause = 0.05
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                created: dict[str, Any] = json.load(response)
                return created
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 503:
                raise
            last, pause = error, float(error.headers.get("Retry-After", pause))
        except (OSError, http.client.HTTPException) as error:
            last = error
    raise RuntimeError("five tries in vain") from last
