"""One thread and one event loop for all clients; h11 takes no part in it, the reading is by hand."""

import asyncio
import mimetypes
import re
import socket
from pathlib import Path
from urllib.parse import unquote

FIELD = re.compile(r"([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*", re.ASCII)


class Wrong(Exception):
    """A request that gets this status, and the end."""


class Conversation:
    def __init__(self, conn: socket.socket, root: Path) -> None:
        self.conn, self.root, self.data = conn, root, bytearray()
        self.loop = asyncio.get_running_loop()

    async def until(self, end: bytes, limit: int, status: int) -> bytes:
        while (at := self.data.find(end)) < 0 and len(self.data) <= limit:
            if re.search(rb"(^|[^\r])\n|\r[^\n]", self.data):
                raise Wrong(400)
            piece = await self.loop.sock_recv(self.conn, 16384)
            if not piece:
                raise ConnectionError
            self.data += piece
        if at < 0 or at > limit:
            raise Wrong(status)
        found = bytes(self.data[: at + len(end)])
        del self.data[: at + len(end)]
        if re.search(rb"(^|[^\r])\n|\r[^\n]|\0", found):
            raise Wrong(400)
        return found

    async def skip(self, size: int) -> None:
        while size > len(self.data):
            size -= len(self.data)
            self.data = bytearray(await self.loop.sock_recv(self.conn, 65536))
            if not self.data:
                raise ConnectionError
        del self.data[:size]

    async def chunks(self) -> None:
        size = 1
        while size:
            match = re.fullmatch(rb"([0-9a-fA-F]+)(?:[ \t]*;.*)?\r\n", await self.until(b"\r\n", 4000, 400))
            if not match:
                raise Wrong(400)
            size = int(match[1], 16)
            await self.skip(size)
            if size and await self.until(b"\r\n", 4000, 400) != b"\r\n":
                raise Wrong(400)
        while await self.until(b"\r\n", 4000, 400) != b"\r\n":
            pass

    async def request(self) -> tuple[str, str, bool]:
        head = (await self.until(b"\r\n\r\n", 65532, 431)).decode("latin-1")
        start = re.match(r"([^ \r\n]+) ([^ \r\n]+) HTTP/([0-9])\.([0-9])\r\n", head)
        fields = [FIELD.fullmatch(line) for line in head.split("\r\n")[1:-2]]
        if not start or None in fields:
            raise Wrong(400)
        if start[3] != "1":
            raise Wrong(505)
        pairs = [(field[1].lower(), field[2]) for field in fields if field]
        hosts, lengths, codings, connection = (
            [value for name, value in pairs if name == wanted]
            for wanted in ("host", "content-length", "transfer-encoding", "connection")
        )
        old = start[4] == "0"
        if len(hosts) != 1 and not (old and not hosts) or len(set(lengths)) > 1 or (lengths and codings):
            raise Wrong(400)
        if codings and (len(codings) > 1 or codings[0].lower() != "chunked"):
            raise Wrong(501)
        if codings:
            await self.chunks()
        elif lengths:
            if not re.fullmatch("[0-9]+", lengths[0]):
                raise Wrong(400)
            await self.skip(int(lengths[0]))
        close = old or any(option.strip().lower() == "close" for value in connection for option in value.split(","))
        return start[1], start[2], close

    def content(self, target: str) -> tuple[str, bytes] | None:
        path = unquote(target.split("?")[0].removeprefix("http://127.0.0.1"))
        path += "index.html" * path.endswith("/")
        if set(path) & set("\\\0"):
            return None
        try:
            real = self.root.joinpath(*path.split("/")[1:]).resolve(strict=True) if "//" not in path else self.root
        except OSError:
            return None
        if self.root not in real.parents or not real.is_file():
            return None
        return mimetypes.guess_type(real.name)[0] or "application/octet-stream", real.read_bytes()

    async def converse(self) -> None:
        close = False
        while not close:
            method, fields, content = "GET", "", b""
            try:
                method, target, close = await self.request()
                if method not in ("GET", "HEAD"):
                    status, fields = "405 No", "allow: GET,HEAD\r\n"
                elif found := self.content(target):
                    status, fields, content = "200 Yes", f"content-type: {found[0]}\r\n", found[1]
                else:
                    status = "404 No"
            except Wrong as wrong:
                status, close = f"{wrong} No", True
            if close:
                fields += "connection: close\r\n"
            head = f"HTTP/1.1 {status}\r\n{fields}content-length: {len(content)}\r\n\r\n"
            await self.loop.sock_sendall(self.conn, head.encode() + (b"" if method == "HEAD" else content))

    async def run(self) -> None:
        with self.conn:
            try:
                await self.converse()
            except OSError:
                pass


async def serve(listener: socket.socket, root: Path) -> None:
    listener.setblocking(False)
    running = set()
    while True:
        try:
            conn, _ = await asyncio.get_running_loop().sock_accept(listener)
        except OSError:
            return
        running.add(task := asyncio.create_task(Conversation(conn, root).run()))
        task.add_done_callback(running.discard)


def serve_files(listener: socket.socket, root: Path) -> None:
    asyncio.run(serve(listener, root.resolve()))
