# fails: test_rival | invitation to fetch again
import httpx


def update_safely(base_url, id, change):
    client = httpx.Client()
    url = f"{base_url}/items/{id}"
    for attempt in range(5):
        response = client.get(url)
        response.raise_for_status()
        item = {**response.json(), **change}
        del item["id"]
        answer = client.put(url, json=item, headers={"If-Match": response.headers["ETag"]})
        answer.raise_for_status()
        return answer.json()
    raise RuntimeError("gave up")
