"""Requests a second of our `serve_files`, beside Python's http.server and uvicorn serving the same file, in one run.

Each server runs in a process of its own and answers one and the same client, which asks for a file of 4 KiB again
and again: with a new connection each time, and, where the server keeps connections, over one.
"""

from __future__ import annotations

import functools
import http.server
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests import bank  # noqa: E402
from tests.bench.processes import server  # noqa: E402

FILE = bytes(range(256)) * 16
NEW, KEPT = 300, 1500
"""Requests of one measurement: with a new connection each, and over one."""


@dataclass(frozen=True)
class Rate:
    """Requests a second of one server; `kept` is None where it closes after each answer."""

    name: str
    new: float
    kept: float | None


def measure(rounds: int = 5) -> list[Rate]:
    """Measure all servers, one after the other, ours first; medians of `rounds`."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "file.bin").write_bytes(FILE)
        serving: dict[str, Callable[[socket.socket], None]] = {
            "serve_files": functools.partial(serve_solution, root=root),
            "http.server": functools.partial(serve_http_server, root=root),
            "uvicorn": functools.partial(serve_uvicorn, root=root),
        }
        found = []
        for name, serve_it in serving.items():
            with server(serve_it) as address:
                new = statistics.median(_new(address) for _ in range(rounds))
                # http.server speaks HTTP/1.0 unless told otherwise, and so closes after each answer.
                kept = None if name == "http.server" else statistics.median(_kept(address) for _ in range(rounds))
            found.append(Rate(name, new, kept))
    return found


def lines(rates: list[Rate]) -> list[str]:
    """The figures, with ours as a multiple of each."""
    ours, *others = rates
    assert ours.kept is not None
    found = [f"serve_files, a file of 4 KiB: {ours.new:7,.0f} requests/s with new connections, {ours.kept:7,.0f} kept"]
    for other in others:
        told = f"  {other.name:<12} {other.new:7,.0f} with new connections, ours {ours.new / other.new:4.1f} times"
        if other.kept is not None:
            told += f"; {other.kept:7,.0f} kept, ours {ours.kept / other.kept:4.1f} times"
        found.append(told)
    return found


def _new(address: tuple[str, int]) -> float:
    request = b"GET /file.bin HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    started = time.perf_counter()
    for _ in range(NEW):
        with socket.create_connection(address) as sock:
            sock.sendall(request)
            with sock.makefile("rb") as answer:
                assert answer.read().endswith(FILE)
    return NEW / (time.perf_counter() - started)


def _kept(address: tuple[str, int]) -> float:
    request = b"GET /file.bin HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with socket.create_connection(address) as sock, sock.makefile("rb") as answer:
        started = time.perf_counter()
        for _ in range(KEPT):
            sock.sendall(request)
            while answer.readline() != b"\r\n":
                pass
            assert answer.read(len(FILE)) == FILE
        return KEPT / (time.perf_counter() - started)


def serve_solution(listener: socket.socket, root: Path) -> None:
    """serve_files of solutions/."""
    names: dict[str, Callable[[socket.socket, Path], None]] = {}
    exec(bank.solutions()["serve_files"], names)
    names["serve_files"](listener, root)


def serve_http_server(listener: socket.socket, root: Path) -> None:
    """What ``python -m http.server`` runs, without its log."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(listener.getsockname(), handler, bind_and_activate=False) as serving:
        serving.socket.close()
        serving.socket = listener
        serving.serve_forever()


def serve_uvicorn(listener: socket.socket, root: Path) -> None:
    """Starlette's files on uvicorn, without its log."""
    import uvicorn
    from starlette.staticfiles import StaticFiles

    uvicorn.Server(uvicorn.Config(StaticFiles(directory=root), log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    print("\n".join(lines(measure())))
