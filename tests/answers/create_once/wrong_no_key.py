# fails: test_sends_the_key | no such header
import time

import httpx


def create_once(base_url, item, key):
    client = httpx.Client()
    for attempt in range(5):
        try:
            response = client.post(base_url + "/items", json=item)
        except httpx.TransportError:
            continue
        if response.status_code == 503:
            time.sleep(int(response.headers.get("Retry-After", 0)))
            continue
        response.raise_for_status()
        return response.json()
    raise RuntimeError("gave up")
