# fails: test_one_thing_after_another | gave up
import time

import httpx


def create_once(base_url, item, key):
    client = httpx.Client()
    for attempt in range(3):
        try:
            response = client.post(base_url + "/items", json=item, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            continue
        if response.status_code == 503:
            time.sleep(int(response.headers.get("Retry-After", 0)))
            continue
        response.raise_for_status()
        return response.json()
    raise RuntimeError("gave up")
