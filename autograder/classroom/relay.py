"""Between the sockets of a kernel and our client of it: passes on what the kernel sends, up to a limit.

ZeroMQ by itself would trust the kernel in two ways. When a connection breaks it connects to the same path again, and
learner code may have put a link there, to a socket of any other program on this machine. And it counts messages where
bytes matter: one message may have any number of parts, all of which it keeps until the last has come.
"""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path

MOST = 256 * 1024 * 1024
"""Bytes that one kernel may send, on all channels together: what it prints, and the functions that it hands over."""

PIECE = 64 * 1024

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Relay:
    """Connected once to each socket of a kernel that just started, and listening at paths of our own.

    Args:
        folder: an empty folder that only we can look into; its path is short (107 characters with a file, unix(7)).
        on_flood: called once, when the kernel has sent more than `MOST` bytes.
    """

    def __init__(self, folder: Path, on_flood: Callable[[], None]) -> None:
        self.ip = str(folder / "k")
        """What a Jupyter client takes for the address, with the transport ipc."""
        self._folder, self._on_flood = folder, on_flood
        self._sent = 0
        self._servers: list[asyncio.Server] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def start(
        self, paths: Iterable[Path], is_alive: Callable[[], Awaitable[bool]], seconds: float
    ) -> None:
        """Connect to the kernel's sockets as soon as they are there, and listen; ``k-1`` stands for its ``…-1``.

        Raises:
            OSError: the kernel ended first, or put something else there.
            TimeoutError: they are not there after so many seconds.
        """
        until = time.monotonic() + seconds
        for path in paths:
            while not os.path.lexists(path):
                if time.monotonic() > until:
                    raise TimeoutError(f"the kernel has no socket {path.name}")
                if not await is_alive():
                    raise ConnectionError("the kernel ended before it had its sockets")
                await asyncio.sleep(0.005)
            kernel = await _connected(path)
            self._writers.append(kernel[1])
            own = f"{self.ip}-{path.name.rpartition('-')[2]}"
            self._servers.append(await asyncio.start_unix_server(self._to(kernel), own))

    def close(self) -> None:
        """Close all connections."""
        for server in self._servers:
            server.close()
        for writer in self._writers:
            writer.transport.abort()

    def _to(self, kernel: Ends) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        waiting = [kernel]

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.append(writer)
            if not waiting:  # the kernel closed its end, and ZeroMQ tries again
                writer.transport.abort()
                return
            from_kernel, to_kernel = waiting.pop()
            await asyncio.gather(self._pass(reader, to_kernel), self._pass(from_kernel, writer, counted=True))

        return accept

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: bool = False) -> None:
        with suppress(OSError):
            while data := await reader.read(PIECE):
                if counted:
                    within, self._sent = self._sent <= MOST, self._sent + len(data)
                    if self._sent > MOST:
                        if within:
                            self._on_flood()
                        break
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


async def _connected(path: Path) -> Ends:
    """Connect to a socket itself, and to nothing that the path may lead to."""
    number = os.open(path, os.O_PATH | os.O_NOFOLLOW)
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            raise ConnectionError(f"{path.name} is no socket")
        for _ in range(100):
            with suppress(ConnectionRefusedError):  # it is bound, and does not listen yet
                return await asyncio.open_unix_connection(f"/proc/self/fd/{number}", limit=PIECE)
            await asyncio.sleep(0.01)
        raise ConnectionRefusedError(f"{path.name} does not listen")
    finally:
        os.close(number)
