# fails: test_outside | symbolic link
import mimetypes
import re
import socket
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Not Allowed", 431: "Too Large", 501: "No", 505: "No"}


class Bad(Exception):
    pass


class Client:
    def __init__(self, conn: socket.socket, root: Path) -> None:
        self.conn, self.root, self.waiting = conn, root, b""

    def run(self) -> None:
        with self.conn:
            try:
                while self.one():
                    pass
            except OSError:
                pass

    def more(self) -> None:
        piece = self.conn.recv(65536)
        if not piece:
            raise ConnectionError("the client has ended")
        self.waiting += piece

    def take(self, size: int) -> bytes:
        while len(self.waiting) < size:
            self.more()
        taken, self.waiting = self.waiting[:size], self.waiting[size:]
        return taken

    def line(self) -> str:
        while b"\r\n" not in self.waiting:
            self.more()
        line, _, self.waiting = self.waiting.partition(b"\r\n")
        return line.decode("latin-1")

    def head(self) -> tuple[list[str], dict[str, str]]:
        while b"\r\n\r\n" not in self.waiting:
            if len(self.waiting) > 65536:
                raise Bad(431)
            if re.search(rb"\r(?!\n|\Z)|(?<!\r)\n", self.waiting):
                raise Bad(400)
            self.more()
        head, _, self.waiting = self.waiting.partition(b"\r\n\r\n")
        if len(head) + 4 > 65536:
            raise Bad(431)
        first, *lines = head.decode("latin-1").split("\r\n")
        if re.search("[\r\n\0]", first + "".join(lines)) or len(first.split(" ")) != 3:
            raise Bad(400)
        fields: dict[str, str] = {}
        for line in lines:
            match = re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", line)
            if not match:
                raise Bad(400)
            name = match[1].lower()
            if name in fields and name in ("host", "content-length"):
                raise Bad(400)
            fields[name] = match[2]
        return first.split(" "), fields

    def body(self, fields: dict[str, str]) -> None:
        coding, length = fields.get("transfer-encoding"), fields.get("content-length", "0")
        if coding and "content-length" in fields:
            raise Bad(400)
        if coding and coding.lower() != "chunked":
            raise Bad(501)
        while coding:
            size = self.line().split(";")[0].strip()
            if not re.fullmatch("[0-9a-fA-F]+", size):
                raise Bad(400)
            if int(size, 16) == 0:
                break
            self.take(int(size, 16))
            if self.line():
                raise Bad(400)
        while coding and self.line():
            pass
        if not re.fullmatch("[0-9]+", length):
            raise Bad(400)
        self.take(int(length))

    def one(self) -> bool:
        method, keep = "GET", False
        try:
            (method, target, version), fields = self.head()
            if not re.fullmatch(r"HTTP/[0-9]\.[0-9]", version):
                raise Bad(400)
            if version[5] != "1":
                raise Bad(505)
            if version != "HTTP/1.0" and "host" not in fields:
                raise Bad(400)
            options = [option.strip() for option in fields.get("connection", "").lower().split(",")]
            self.body(fields)
            keep = version != "HTTP/1.0" and "close" not in options
            status, more, body = self.find(method, target)
        except Bad as bad:
            status, more, body = bad.args[0], {}, b""
            keep = False
        if not keep:
            more["Connection"] = "close"
        more["Content-Length"] = str(len(body))
        lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{name}: {more[name]}" for name in more), "", ""]
        self.conn.sendall("\r\n".join(lines).encode())
        if method != "HEAD":
            self.conn.sendall(body)
        return keep

    def find(self, method: str, target: str) -> tuple[int, dict[str, str], bytes]:
        if method not in ("GET", "HEAD"):
            return 405, {"Allow": "GET, HEAD"}, b""
        path = target.partition("?")[0]
        if not path.startswith("/"):
            path = urlsplit(path).path
        name = unquote(path)
        if name.endswith("/"):
            name += "index.html"
        try:
            file = (self.root / name.lstrip("/")).resolve()
            if ".." not in name and "\\" not in name:
                kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
                return 200, {"Content-Type": kind}, file.read_bytes()
        except (OSError, ValueError):
            pass
        return 404, {}, b""


def serve_files(listener: socket.socket, root: Path) -> None:
    root = root.resolve()
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=Client(conn, root).run, daemon=True).start()
