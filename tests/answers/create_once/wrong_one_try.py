# fails: test_busy | 503 Service Unavailable
import httpx


def create_once(base_url, item, key):
    response = httpx.post(base_url + "/items", json=item, headers={"Idempotency-Key": key})
    response.raise_for_status()
    return response.json()
