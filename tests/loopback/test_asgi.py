"""serve_asgi: what it serves, how it ends, what it says when it can't."""

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from autograder.loopback import EarlyEnd, connect, waits
from autograder.loopback.asgi import drop_connection, serve_asgi


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    yield
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("asgi server")]


def greeting() -> FastAPI:
    app = FastAPI()

    @app.get("/greeting")
    async def greet() -> dict[str, str]:
        return {"hello": "you"}

    return app


def test_it_serves_over_http(family: socket.AddressFamily) -> None:
    with serve_asgi(greeting(), family=family) as server:
        assert server.base_url.startswith("http://[::1]:" if family == socket.AF_INET6 else "http://127.0.0.1:")
        assert server.address == (server.host, server.port)
        response = httpx.get(server.base_url + "/greeting", trust_env=False)
        assert response.json() == {"hello": "you"}
        assert "date" in response.headers
    with pytest.raises(ConnectionRefusedError):
        connect(server.address)
    server.close()


def test_it_ends_at_once_and_closes_what_is_kept_alive() -> None:
    with serve_asgi(greeting()) as server, connect(server.address) as client:
        client.send(b"GET /greeting HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.receive(4096).startswith(b"HTTP/1.1 200 OK\r\n")
        started = time.monotonic()
        server.close()
        assert time.monotonic() - started < waits.seconds(0.1)
        client.receive_to_end()


def test_answers_on_a_kept_connection_do_not_wait_for_an_acknowledgement() -> None:
    with serve_asgi(greeting()) as server, httpx.Client(base_url=server.base_url, trust_env=False) as client:
        client.get("/greeting")
        started = time.monotonic()
        for _ in range(20):
            client.get("/greeting")
        assert time.monotonic() - started < waits.seconds(0.6)  # 20 times 40 ms, where they do


def test_lifespan_is_run() -> None:
    seen = []

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        seen.append("started")
        yield
        seen.append("ended")

    with serve_asgi(FastAPI(lifespan=lifespan)):
        assert seen == ["started"]
    assert seen == ["started", "ended"]


def test_a_plain_function_without_lifespan() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with serve_asgi(app) as server:
        assert httpx.get(server.base_url, trust_env=False).status_code == 204
    assert server.errors == []


def test_what_the_application_raises_is_kept_and_never_printed() -> None:
    app = FastAPI()

    @app.get("/")
    async def fail() -> None:
        raise ZeroDivisionError("as told")

    with serve_asgi(app) as server:
        assert httpx.get(server.base_url, trust_env=False).status_code == 500
    assert [str(error) for error in server.errors] == ["as told"]
    assert logging.getLogger("uvicorn.error").level == logging.CRITICAL


def test_a_request_that_hangs_is_cut_at_the_end() -> None:
    app = FastAPI()
    begun = threading.Event()

    @app.get("/")
    async def hang() -> None:
        begun.set()
        await asyncio.sleep(60)

    with serve_asgi(app) as server, connect(server.address) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert begun.wait(30)
        started = time.monotonic()
        server.close()
        assert time.monotonic() - started < waits.seconds(2)
        with contextlib.suppress(ConnectionError):
            client.receive_to_end()


@pytest.mark.parametrize("reset", [False, True])
def test_a_dropped_connection(reset: bool) -> None:
    app = FastAPI()

    @app.post("/")
    async def drop(request: Request) -> str:
        await request.body()
        drop_connection(request.scope, reset=reset)
        return "nobody reads this"

    with serve_asgi(app) as server:
        for _ in range(5):
            with connect(server.address) as client:
                client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi")
                with pytest.raises(ConnectionResetError if reset else EarlyEnd):
                    client.receive_exactly(1)
    assert server.errors == []


class NotAnApplication:
    def __call__(self, environ: object, start_response: object) -> None: ...


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (None, "got None"),
        ("main:app", "got 'main:app', of type str"),
        (FastAPI, r"the class FastAPI: call it, FastAPI\(\)"),
        (greeting, r"greeting\(\).*: call it, greeting\(\)"),
        (NotAnApplication(), "NotAnApplication.*3 arguments"),
    ],
)
def test_what_is_no_application(app: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        serve_asgi(app)


def test_an_application_whose_startup_fails() -> None:
    def open_database() -> None:
        raise LookupError("no database")

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        open_database()
        yield

    with pytest.raises(RuntimeError, match="did not start: LookupError: no database"):
        serve_asgi(FastAPI(lifespan=lifespan))


def test_a_port_in_use_names_it_and_the_cure() -> None:
    with serve_asgi(greeting()) as server:
        with pytest.raises(OSError, match=f"127.0.0.1:{server.port}.*in use.*port 0"):
            serve_asgi(greeting(), port=server.port)


def test_many_in_a_row() -> None:
    for _ in range(20):
        with serve_asgi(greeting()):
            pass
