# fails: test_error_status | must be raised
from urllib.parse import urljoin

import httpx


def list_all(base_url):
    client = httpx.Client()
    items, seen = [], set()
    url = base_url + "/items"
    while url:
        if url in seen:
            raise ValueError("circle")
        seen.add(url)
        response = client.get(url)
        if response.status_code != 200:
            break
        items += response.json()
        link = response.links.get("next")
        url = urljoin(url, link["url"]) if link else None
    return items
