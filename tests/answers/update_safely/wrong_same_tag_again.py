# fails: test_rival | its tag is as old as before
import httpx


def update_safely(base_url, id, change):
    client = httpx.Client()
    url = f"{base_url}/items/{id}"
    response = client.get(url)
    response.raise_for_status()
    item = {**response.json(), **change}
    del item["id"]
    for attempt in range(5):
        answer = client.put(url, json=item, headers={"If-Match": response.headers["ETag"]})
        if answer.status_code == 412:
            continue
        answer.raise_for_status()
        return answer.json()
    raise RuntimeError("gave up")
