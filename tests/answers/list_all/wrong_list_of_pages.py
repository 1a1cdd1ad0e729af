# fails: test_one_page | expected
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
        response.raise_for_status()
        items.append(response.json())
        link = response.links.get("next")
        url = urljoin(url, link["url"]) if link else None
    return items
