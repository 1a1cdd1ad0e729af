# fails: test_all_pages | only one page was fetched
import httpx


def list_all(base_url):
    response = httpx.get(base_url + "/items")
    response.raise_for_status()
    return response.json()
