# fails: test_gives_up | must be raised
import time

import httpx


def create_once(base_url, item, key):
    client = httpx.Client()
    while True:
        try:
            response = client.post(base_url + "/items", json=item, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            continue
        if response.status_code == 503:
            time.sleep(int(response.headers.get("Retry-After", 0)))
            continue
        response.raise_for_status()
        return response.json()
