"""Lines a second of our `LineReader`, beside ``socket.makefile``, in one run: the same lines over loopback."""

from __future__ import annotations

import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from autograder.loopback import background_server  # noqa: E402
from tests import bank  # noqa: E402

LINES = 20_000
TEXT = b"".join(b"reading %06d of the day\n" % number for number in range(LINES))


def measure(rounds: int = 5) -> tuple[float, float]:
    """Lines a second of LineReader and of makefile, both giving str; medians of `rounds`, turn by turn."""
    names: dict[str, Any] = {}
    exec(bank.solutions()["LineReader"], names)

    def by_reader(sock: socket.socket) -> Iterator[str]:
        yield from iter(names["LineReader"](sock, 1000).readline, None)

    def by_makefile(sock: socket.socket) -> Iterator[str]:
        with sock.makefile(encoding="utf-8") as lines:
            yield from iter(lambda: lines.readline(1000), "")

    times: dict[Callable[..., Iterator[str]], list[float]] = {by_reader: [], by_makefile: []}
    for _ in range(rounds):
        for read, found in times.items():
            found.append(_read(read))
    ours, library = (LINES / statistics.median(found) for found in times.values())
    return ours, library


def _read(read: Callable[[socket.socket], Iterator[str]]) -> float:
    with background_server(lambda conn: conn.sendall(TEXT)) as server:
        with socket.create_connection(server.address) as sock:
            started = time.perf_counter()
            assert sum(1 for _ in read(sock)) == LINES
            return time.perf_counter() - started


def line(ours: float, library: float) -> str:
    """The figure, with ours as a share of the library's."""
    return f"LineReader, lines of 24 bytes: {ours:11,.0f}/s, makefile {library:11,.0f}/s: {ours / library:5.2f} times"


if __name__ == "__main__":
    print(line(*measure()))
