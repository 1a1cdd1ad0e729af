"""A router and a store with version numbers for tags; the methods that a path has not are routes of their own."""

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictInt
from starlette.exceptions import HTTPException as StarletteHTTPException

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


class NewItem(BaseModel):
    name: str = Field(min_length=1, max_length=80)
    quantity: StrictInt = Field(ge=0, le=1_000_000)


class Store:
    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.versions: dict[int, int] = {}
        self.given = 0

    def find(self, id: int) -> dict[str, Any]:
        for item in self.items:
            if item["id"] == id:
                return item
        raise HTTPException(404, "unknown id")

    def check_name(self, name: str, id: int | None) -> None:
        if [item for item in self.items if item["name"] == name and item["id"] != id]:
            raise HTTPException(409, "name taken")

    def tag(self, id: int) -> str:
        return f'"{id}.{self.versions[id]}"'

    def check_tag(self, id: int, if_match: str | None) -> None:
        if if_match is not None and if_match != "*" and self.tag(id) not in if_match:
            raise HTTPException(412, "changed")


def refuse_others(router: APIRouter, path: str, methods: set[str]) -> None:
    async def refuse() -> None:
        raise HTTPException(405, "not here", {"Allow": ", ".join(sorted(methods))})

    router.add_api_route(path, refuse, methods=sorted(METHODS - methods), include_in_schema=False)


def make_router(store: Store) -> APIRouter:
    router = APIRouter()

    @router.get("/items")
    async def all_items() -> list[dict[str, Any]]:
        return store.items

    @router.post("/items", status_code=201, responses={409: {}, 422: {"description": "no item"}})
    async def post(new: NewItem, request: Request, response: Response) -> dict[str, Any]:
        store.check_name(new.name, None)
        store.given += 1
        item = {"id": store.given, "name": new.name, "quantity": new.quantity}
        store.items.append(item)
        store.versions[store.given] = 1
        response.headers["Location"] = str(request.url_for("get_one", id=store.given))
        return item

    @router.get("/items/{id}", responses={304: {}, 404: {}})
    async def get_one(id: int, if_none_match: Annotated[str | None, Header()] = None) -> Response:
        item, tag = store.find(id), store.tag(id)
        if if_none_match and (if_none_match == "*" or tag in if_none_match):
            return Response(status_code=304, headers={"ETag": tag})
        return JSONResponse(item, headers={"ETag": tag})

    @router.put("/items/{id}", status_code=204, responses={404: {}, 409: {}, 412: {}, 422: {}})
    async def put(id: int, new: NewItem, if_match: Annotated[str | None, Header()] = None) -> None:
        item = store.find(id)
        store.check_tag(id, if_match)
        store.check_name(new.name, id)
        item.update(new.model_dump())
        store.versions[id] += 1

    @router.delete("/items/{id}", status_code=204, responses={404: {}, 412: {}})
    async def delete(id: int, if_match: Annotated[str | None, Header()] = None) -> None:
        item = store.find(id)
        store.check_tag(id, if_match)
        store.items.remove(item)

    refuse_others(router, "/items", {"GET", "POST"})
    refuse_others(router, "/items/{id}", {"GET", "PUT", "DELETE"})
    return router


def make_app() -> FastAPI:
    app = FastAPI()
    app.include_router(make_router(Store()))

    @app.exception_handler(StarletteHTTPException)
    @app.exception_handler(RequestValidationError)
    async def handler(request: Request, error: Any) -> Response:
        status = getattr(error, "status_code", 422)
        problem = {"type": "about:blank", "title": str(getattr(error, "detail", "no item")), "status": status}
        headers = getattr(error, "headers", None)
        return JSONResponse(problem, status, headers, media_type="application/problem+json")

    return app
