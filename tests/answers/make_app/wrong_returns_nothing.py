# fails: test_serves | must return an ASGI application
import json
import zlib
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

ALLOW = {"collection": "GET, POST, HEAD", "item": "GET, PUT, DELETE, HEAD"}


def tag_of(item: dict[str, Any]) -> str:
    return f'"{zlib.crc32(json.dumps(item).encode()):08x}"'


def listed(field: str, tag: str) -> bool:
    return field == "*" or any(one.strip() == tag for one in field.split(","))


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"description": "see RFC 9110"} for status in statuses}


def make_app() -> FastAPI:
    app = FastAPI()
    items: dict[int, dict[str, Any]] = {}
    highest = 0

    async def body_of(request: Request) -> dict[str, Any]:
        try:
            data = json.loads(await request.body())
        except ValueError:
            raise HTTPException(400, "that is no JSON") from None
        if not isinstance(data, dict):
            raise HTTPException(422, "that is no object")
        name, quantity = data.get("name"), data.get("quantity")
        if not isinstance(name, str) or not 1 <= len(name) <= 80:
            raise HTTPException(422, "name must be a text of 1 to 80 characters")
        if type(quantity) is not int or not 0 <= quantity <= 1_000_000:
            raise HTTPException(422, "quantity must be a whole number from 0 to 1,000,000")
        return {"name": name, "quantity": quantity}

    def find(id: str) -> dict[str, Any]:
        if not id.isascii() or not id.isdigit() or int(id) not in items:
            raise HTTPException(404, "there is no such item")
        return items[int(id)]

    def check_match(request: Request, item: dict[str, Any]) -> None:
        if "if-match" in request.headers and not listed(request.headers["if-match"], tag_of(item)):
            raise HTTPException(412, "the item has changed")

    def check_name(name: str, id: int) -> None:
        for item in items.values():
            if item["name"] == name and item["id"] != id:
                raise HTTPException(409, "the name is taken")

    @app.exception_handler(HTTPException)
    async def problem(request: Request, error: HTTPException) -> Response:
        headers = {}
        if error.status_code == 405:
            headers["Allow"] = ALLOW["collection" if request.url.path == "/items" else "item"]
        content = {"title": error.detail, "status": error.status_code}
        return JSONResponse(content, error.status_code, headers, media_type="application/problem+json")

    @app.get("/items")
    async def collection() -> Any:
        return list(items.values())

    @app.post("/items", status_code=201, responses=described(400, 409, 422))
    async def create(request: Request) -> Any:
        nonlocal highest
        new = await body_of(request)
        check_name(new["name"], 0)
        highest += 1
        item = {"id": highest, **new}
        items[highest] = item
        return JSONResponse(item, 201, {"Location": f"/items/{highest}"})

    @app.get("/items/{id}", responses=described(304, 404))
    async def one(id: str, request: Request) -> Any:
        item = find(id)
        headers = {"ETag": tag_of(item)}
        if listed(request.headers.get("if-none-match", ""), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return JSONResponse(item, headers=headers)

    @app.put("/items/{id}", responses=described(400, 404, 409, 412, 422))
    async def replace(id: str, request: Request) -> Any:
        item = find(id)
        check_match(request, item)
        new = await body_of(request)
        check_name(new["name"], item["id"])
        items[item["id"]] = {"id": item["id"], **new}
        return items[item["id"]]

    @app.delete("/items/{id}", status_code=204, responses=described(404, 412))
    async def remove(id: str, request: Request) -> Response:
        item = find(id)
        check_match(request, item)
        del items[item["id"]]
        return Response(status_code=204)

