"""The file of the connection keeps what came and was not read: lines and bodies are read from it."""

import mimetypes
import os
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote_to_bytes

FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*\r\n")


class Refusal(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


def line_of(reader, limit: int) -> bytes:
    line = reader.readline(limit + 1)
    if len(line) > limit:
        raise Refusal(431)
    if not line.endswith(b"\n"):
        raise EOFError
    if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
        raise Refusal(400)
    return line


def head_of(reader):
    lines, left = [], 65536
    while (line := line_of(reader, left)) != b"\r\n" or not lines:
        left -= len(line)
        lines.append(line)
    start = re.fullmatch(rb"([!-~]+) ([!-~]+) HTTP/([0-9])\.([0-9])\r\n", lines[0])
    if not start:
        raise Refusal(400)
    if start[3] != b"1":
        raise Refusal(505)
    fields: dict[str, list[str]] = {}
    for line in lines[1:]:
        field = FIELD.fullmatch(line)
        if not field:
            raise Refusal(400)
        fields.setdefault(field[1].decode().lower(), []).append(field[2].decode("latin-1"))
    return start[1].decode(), start[2].decode(), start[4] == b"0", fields


def exactly(reader, size: int) -> None:
    while size:
        piece = reader.read(min(size, 65536))
        if not piece:
            raise EOFError
        size -= len(piece)


def drop_body(reader, fields) -> None:
    lengths, codings = fields.get("content-length", []), fields.get("transfer-encoding", [])
    if len(lengths) > 1 or (lengths and codings):
        raise Refusal(400)
    if codings and [coding.lower() for coding in codings] != ["chunked"]:
        raise Refusal(501)
    if lengths:
        if not re.fullmatch("[0-9]+", lengths[0]):
            raise Refusal(400)
        exactly(reader, int(lengths[0]))
    while codings:
        size = re.fullmatch(rb"([0-9A-Fa-f]+)[ \t]*(;.*)?\r\n", line_of(reader, 1000))
        if not size:
            raise Refusal(400)
        if int(size[1], 16) == 0:
            while line_of(reader, 1000) != b"\r\n":
                pass
            return
        exactly(reader, int(size[1], 16))
        if line_of(reader, 1000) != b"\r\n":
            raise Refusal(400)


def file_of(root: str, target: str) -> str | None:
    path = re.sub(r"^http://[^/?]*", "", target).partition("?")[0]
    parts = unquote_to_bytes(path).split(b"/")
    if any(b"\0" in part or b"\\" in part for part in parts):
        return None
    if not parts[-1]:
        parts[-1] = b"index.html"
    found = os.path.realpath(os.path.join(root, *(os.fsdecode(part) for part in parts if part)))
    inside = os.path.commonpath([found, root]) == root
    return found if inside and os.path.isfile(found) else None


def answer(reader, root: str) -> tuple[bytes, bool]:
    method, close, fields, body = "GET", True, {"Connection": "close"}, b""
    try:
        method, target, old, asked = head_of(reader)
        if len(asked.get("host", [])) != 1 and not (old and "host" not in asked):
            raise Refusal(400)
        drop_body(reader, asked)
        options = ",".join(asked.get("connection", [])).lower().replace(" ", "").split(",")
        close = old or "close" in options
        if not close:
            del fields["Connection"]
        if method not in ("GET", "HEAD"):
            fields["Allow"] = "HEAD, GET"
            status = 405
        elif (found := file_of(root, target)) is None:
            status, body = 404, b"not here"
        else:
            status, body = 200, Path(found).read_bytes()
            fields["content-type"] = mimetypes.guess_type(found)[0] or "application/octet-stream"
    except Refusal as refusal:
        status = refusal.status
    fields["content-length"] = str(len(body))
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {fields[name]}" for name in fields), "", ""]
    return "\r\n".join(lines).encode() + (body if method != "HEAD" else b""), close


def converse(conn: socket.socket, root: str) -> None:
    try:
        with conn, conn.makefile("rb") as reader:
            close = False
            while not close:
                response, close = answer(reader, root)
                conn.sendall(response)
    except (EOFError, OSError):
        pass


def serve_files(listener: socket.socket, root: Path) -> None:
    pool = ThreadPoolExecutor(60)
    try:
        while True:
            conn, _ = listener.accept()
            pool.submit(converse, conn, os.path.realpath(root))
    except OSError:
        pool.shutdown(wait=False)
