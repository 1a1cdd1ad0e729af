"""The solution of assignment 11 as a module, and its server, running."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograder.loopback import OneByteSocket
from tests import bank

SECRET = b"nobody may read this"

Serve = Callable[..., tuple[str, int]]


@pytest.fixture(scope="session")
def http() -> SimpleNamespace:
    """All names of the assignment's solution: ``http.parse_head`` and the others."""
    names: dict[str, object] = {"__name__": "solution"}
    exec(compile(bank.solutions()["http_get"], "solution of 11-http", "exec"), names)
    return SimpleNamespace(**{name: value for name, value in names.items() if not name.startswith("_")})


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to serve, with what must not be served around it, and links that lead there."""
    above = tmp_path_factory.mktemp("above")
    root = above / "root"
    for name, data in {
        "root/a.txt": b"the letter a\n",
        "root/index.html": b"<p>home</p>",
        "root/sub/b.bin": bytes(range(256)) * 1000,
        "root/sub/index.html": b"<p>sub</p>",
        "root/grün & blau?.txt": "grün\n".encode(),
        "root/..hidden..txt": b"two dots are no way out\n",
        "root/empty": b"",
        "secret.txt": SECRET,
        "root-old/secret.txt": SECRET,
    }.items():
        path = above / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (root / "out.txt").symlink_to("../secret.txt")
    (root / "up").symlink_to("..")
    (root / "absolute").symlink_to(above / "secret.txt")
    (root / "sub" / "far").symlink_to("../up/root-old")
    (root / "circle").symlink_to("circle")
    (root / "inside.txt").symlink_to("a.txt")
    return root


@pytest.fixture(scope="session")
def serve(http: SimpleNamespace, root: Path) -> Iterator[Serve]:
    """``serve(one_byte=False)`` is the address of a running ``serve_files(listener, root)``."""
    with ExitStack() as stack:
        running: dict[bool, tuple[str, int]] = {}

        def address(*, one_byte: bool = False) -> tuple[str, int]:
            if one_byte not in running:
                running[one_byte] = stack.enter_context(_serving(http, root, one_byte))
            return running[one_byte]

        yield address


@contextmanager
def _serving(http: SimpleNamespace, root: Path, one_byte: bool) -> Iterator[tuple[str, int]]:
    kind = OneByteSocket if one_byte else socket.socket
    with kind(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=http.serve_files, args=(listener, root), daemon=True)
        thread.start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    assert not thread.is_alive(), "serve_files must return when its listener is closed"
