"""The solution's service keeps what its own OpenAPI document says, whatever schemathesis thinks of; sloppy ones don't.

Schemathesis reads the document and makes requests of it, valid and invalid ones, over real HTTP: examples at the limits
of every schema, random ones, and sequences in which one request uses what another made.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from autograder.loopback.asgi import serve_asgi
from tests.rest.solved import solved

SEED = 2026
EXAMPLES = 25
"""Random requests for each operation, beside some 100 at the limits of the schemas."""

# 412 is no protest against a valid tag; it says that this tag names another state, as a random one does.
SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "404", "409", "412"]
"""


def run(app: Any, folder: Path, *options: str) -> tuple[int, str, list[BaseException]]:
    """Run schemathesis against an application; its exit status, what it printed, what the application raised."""
    settings = folder / "schemathesis.toml"
    settings.write_text(SETTINGS)
    with serve_asgi(app) as server:
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run"]
        command += [f"{server.base_url}/openapi.json", "--seed", str(SEED), "--max-examples", str(EXAMPLES)]
        command += ["--mode", "all", "--checks", "all", "--no-color", *options]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200)
        return ended.returncode, f"seed {SEED}\n{ended.stdout}{ended.stderr}", list(server.errors)


def test_the_solution_has_no_server_error_and_no_schema_violation(tmp_path: Path) -> None:
    status, said, errors = run(solved("make_app")(), tmp_path)
    assert status == 0, said
    assert errors == []
    assert "5 selected / 5 total" in said, said  # it did look at every operation
    for phase in ("Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in said, said


class Item(BaseModel):
    name: str
    quantity: int


def crashes() -> FastAPI:
    """Sloppy: an id that is not there is a KeyError, and so 500."""
    app = FastAPI()
    items: dict[int, Item] = {}

    @app.get("/items/{id}")
    async def read(id: int) -> Item:
        return items[id]

    return app


def keeps_silent_about_errors() -> FastAPI:
    """Sloppy: it answers 404, and its document does not know."""
    app = FastAPI()

    @app.get("/items/{id}")
    async def read(id: int) -> Item:
        raise HTTPException(404)

    return app


def says_something_else() -> FastAPI:
    """Sloppy: the document promises an array of items, and an object comes."""
    app = FastAPI()

    @app.get("/items", responses={200: {"content": {"application/json": {"schema": {"type": "array"}}}}})
    async def read() -> Any:
        return {"items": []}

    return app


@pytest.mark.parametrize(
    ("sloppy", "words"),
    [
        (crashes, "Server error"),
        (keeps_silent_about_errors, "Undocumented"),
        (says_something_else, "violates schema"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_same_run_fails_for_a_sloppy_service(sloppy: Callable[[], FastAPI], words: str, tmp_path: Path) -> None:
    status, said, _ = run(sloppy(), tmp_path, "--max-failures", "1", "--phases", "coverage")
    assert status == 1, said
    assert words in said, said
