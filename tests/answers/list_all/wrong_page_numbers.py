# fails: test_all_pages | 404
import itertools

import httpx


def list_all(base_url):
    items = []
    with httpx.Client() as client:
        for number in itertools.count(1):
            response = client.get(f"{base_url}/items", params={"page": number} if number > 1 else None)
            response.raise_for_status()
            if not response.json():
                return items
            items += response.json()
            if "next" not in response.links:
                return items
