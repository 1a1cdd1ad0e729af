# fails: test_only_links_count | shorter than the first
from urllib.parse import urljoin

import httpx


def list_all(base_url):
    client = httpx.Client()
    items, seen = [], set()
    url = base_url + "/items"
    size = None
    while url:
        if url in seen:
            raise ValueError("circle")
        seen.add(url)
        response = client.get(url)
        response.raise_for_status()
        page = response.json()
        items += page
        size = size or len(page)
        if len(page) < size:
            break
        link = response.links.get("next")
        url = urljoin(url, link["url"]) if link else None
    return items
