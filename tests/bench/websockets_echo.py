"""Echo throughput of our `serve_ws_echo` beside the `websockets` library doing the same, in one run.

Each server runs in a process of its own and talks to one and the same client, which sends frames from a second
thread and counts what comes back. Three loads: short messages one after the other, short messages pipelined, long ones.
"""

from __future__ import annotations

import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from autograder.checks.websockets_bytes.conformance.case import GOOD_HEAD  # noqa: E402
from autograder.checks.websockets_bytes.conformance.cases import closing  # noqa: E402
from autograder.checks.websockets_bytes.conformance.frames import Fill, Frame  # noqa: E402
from autograder.checks.websockets_bytes.frames import BINARY  # noqa: E402
from tests import bank  # noqa: E402
from tests.bench.processes import server  # noqa: E402

OCTETS = bytes(range(256))


@dataclass(frozen=True)
class Load:
    """So many messages of so many bytes; `at_once` of them are on the way together."""

    name: str
    count: int
    size: int
    at_once: int


LOADS = (
    Load("64 bytes, one after the other", 1000, 64, 1),
    Load("64 bytes, pipelined", 5000, 64, 5000),
    Load("1 MiB, pipelined", 24, 1024 * 1024, 24),
)


@dataclass(frozen=True)
class Throughput:
    """What a load came to: messages a second, ours and the library's."""

    load: Load
    ours: float
    library: float

    @property
    def ratio(self) -> float:
        """Ours as a multiple of the library's."""
        return self.ours / self.library

    def __str__(self) -> str:
        mebibytes = self.load.size / 2**20
        ours, theirs = f"{self.ours:9,.0f}/s", f"{self.library:9,.0f}/s"
        if self.load.size >= 2**20:
            ours, theirs = f"{self.ours * mebibytes:7,.0f} MiB/s", f"{self.library * mebibytes:7,.0f} MiB/s"
        return f"serve_ws_echo, {self.load.name:<32} {ours}, websockets {theirs}: {self.ratio:5.2f} times"


def measure(rounds: int = 5) -> list[Throughput]:
    """Measure every load on both servers, turn by turn.

    Args:
        rounds: repetitions; medians count.
    """
    found = []
    with server(serve_solution) as ours, server(serve_library) as library:
        for load in LOADS:
            times: dict[tuple[str, int], list[float]] = {ours: [], library: []}
            for _ in range(rounds):
                for address in (ours, library):
                    times[address].append(exchange(address, load))
            rates = [load.count / statistics.median(times[address]) for address in (ours, library)]
            found.append(Throughput(load, *rates))
    return found


def exchange(address: tuple[str, int], load: Load) -> float:
    """Seconds that a load takes over one connection, from the first byte sent to the last one back."""
    frame = bytes(Frame(BINARY, Fill(OCTETS, load.size)))
    back = len(frame) - 4  # a server's frame has no key
    with socket.create_connection(address) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(GOOD_HEAD)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += sock.recv(1)
        started = time.perf_counter()
        if load.at_once == 1:
            for _ in range(load.count):
                sock.sendall(frame)
                _receive(sock, back)
        else:
            sender = threading.Thread(target=sock.sendall, args=(frame * load.count,), daemon=True)
            sender.start()
            _receive(sock, back * load.count)
            sender.join()
        seconds = time.perf_counter() - started
        sock.sendall(bytes(closing(1000)))
        while sock.recv(65536):
            pass
    return seconds


def _receive(sock: socket.socket, count: int) -> None:
    buffer = bytearray(min(count, 1 << 20))
    while count:
        got = sock.recv_into(buffer, min(count, len(buffer)))
        if not got:
            raise EOFError(f"the server ended {count:,} bytes too early")
        count -= got


def serve_solution(listener: socket.socket) -> None:
    """serve_ws_echo of solutions/."""
    names: dict[str, Callable[[socket.socket], None]] = {}
    exec(bank.solutions()["serve_ws_echo"], names)
    names["serve_ws_echo"](listener)


def serve_library(listener: socket.socket) -> None:
    """The library's way to write it, without compression, for ours has none."""
    import asyncio

    from websockets.asyncio.server import ServerConnection, serve

    async def echo(websocket: ServerConnection) -> None:
        async for message in websocket:
            await websocket.send(message)

    async def main() -> None:
        async with serve(echo, sock=listener, compression=None, max_size=2**24) as server:
            await server.serve_forever()

    asyncio.run(main())


if __name__ == "__main__":
    for line in measure():
        print(line)
