"""Recursion follows the redirects; the open connections are in a dictionary, by server."""

import socket
import string
from contextlib import ExitStack
from urllib.parse import urljoin, urlsplit


class Stream:
    def __init__(self, sock: socket.socket) -> None:
        self.sock, self.data = sock, bytearray()

    def fill(self) -> bool:
        piece = self.sock.recv(8192)
        self.data += piece
        return bool(piece)

    def take(self, size: int) -> bytes:
        while len(self.data) < size:
            if not self.fill():
                raise EOFError(f"{len(self.data)} of {size} bytes")
        piece = bytes(self.data[:size])
        del self.data[:size]
        return piece

    def line(self) -> bytes:
        while (at := self.data.find(b"\n")) < 0:
            if not self.fill():
                raise EOFError("within a line")
        line = self.take(at + 1)
        if line[-2:] != b"\r\n" or b"\r" in line[:-2]:
            raise ValueError(line)
        return line[:-2]

    def everything(self) -> bytes:
        while self.fill():
            pass
        return self.take(len(self.data))


def number(text: bytes, digits: str) -> int:
    if not text or any(chr(byte) not in digits for byte in text):
        raise ValueError(text)
    return int(text, 10 if digits is string.digits else 16)


def response(stream: Stream):
    version, code, *_ = stream.line().split(b" ")
    if not version.startswith(b"HTTP/1.") or len(code) != 3:
        raise ValueError(version)
    status, headers = number(code, string.digits), {}
    while line := stream.line():
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name or any(letter in name for letter in " \t\"(),/;<=>?@[\\]{}\0"):
            raise ValueError(line)
        headers.setdefault(name.lower(), []).append(value.strip(" \t"))
    return version, status, {name: ", ".join(values) for name, values in headers.items()}


def body_of(stream: Stream, status: int, headers: dict[str, str]) -> bytes:
    if status in (204, 304):
        return b""
    if "transfer-encoding" in headers:
        if "content-length" in headers or headers["transfer-encoding"].lower() != "chunked":
            raise ValueError("framing")
        pieces = []
        while size := number(stream.line().split(b";")[0].strip(), string.hexdigits):
            pieces.append(stream.take(size))
            if stream.line():
                raise ValueError("chunk")
        while stream.line():
            pass
        return b"".join(pieces)
    if "content-length" in headers:
        return stream.take(number(headers["content-length"].encode(), string.digits))
    return stream.everything()


def follow(url: str, left: int, streams: dict[str, Stream], stack: ExitStack):
    if not url.isascii() or any(ord(letter) < 33 or ord(letter) == 127 for letter in url):
        raise ValueError(url)
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.netloc:
        raise ValueError(url)
    if parts.netloc not in streams:
        sock = stack.enter_context(socket.create_connection((parts.hostname, parts.port or 80), 20))
        streams[parts.netloc] = Stream(sock)
    stream = streams[parts.netloc]
    target = urlsplit(url)._replace(scheme="", netloc="", fragment="", path=parts.path or "/").geturl()
    stream.sock.sendall(b"GET %s HTTP/1.1\r\nhost:%s\r\naccept:*/*\r\n\r\n" % (target.encode(), parts.netloc.encode()))
    status = 100
    while status // 100 == 1:
        version, status, headers = response(stream)
    body = body_of(stream, status, headers)
    framed = status in (204, 304) or "content-length" in headers or "transfer-encoding" in headers
    if version == b"HTTP/1.0" or "close" in headers.get("connection", "").lower() or not framed:
        del streams[parts.netloc]
    if status in {301, 302, 303, 307, 308} and "location" in headers:
        if not left:
            raise ValueError("round and round")
        return follow(urljoin(url, headers["location"]), left - 1, streams, stack)
    return status, headers, body


def http_get(url: str) -> tuple[int, dict[str, str], bytes]:
    with ExitStack() as stack:
        return follow(url, 10, {}, stack)
