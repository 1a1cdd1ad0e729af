# fails: test_get | there must be one Host
import re
import socket
from urllib.parse import urljoin, urlsplit


class Connection:
    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self.sock = socket.create_connection(address, timeout=10)
        self.file = self.sock.makefile("rb")

    def close(self) -> None:
        self.file.close()
        self.sock.close()

    def line(self) -> str:
        line = self.file.readline(65536)
        if not line.endswith(b"\n"):
            raise EOFError("the answer broke off")
        if not line.endswith(b"\r\n"):
            raise ValueError("a line without CRLF")
        return line[:-2].decode("latin-1")

    def exactly(self, size: int) -> bytes:
        data = self.file.read(size)
        if len(data) < size:
            raise EOFError("the answer broke off")
        return data

    def head(self) -> tuple[str, int, dict[str, str]]:
        start = re.fullmatch(r"(HTTP/1\.[0-9]) ([0-9]{3})( .*)?", self.line())
        if not start:
            raise ValueError("no status line")
        headers: dict[str, str] = {}
        while line := self.line():
            field = re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", line)
            if not field:
                raise ValueError(f"no field: {line!r}")
            name = field[1].lower()
            headers[name] = f"{headers[name]}, {field[2]}" if name in headers else field[2]
        return start[1], int(start[2]), headers

    def chunks(self) -> bytes:
        body = b""
        while True:
            size = self.line().partition(";")[0].strip()
            if not re.fullmatch("[0-9A-Fa-f]+", size):
                raise ValueError(f"no size: {size!r}")
            if int(size, 16) == 0:
                break
            body += self.exactly(int(size, 16))
            if self.line() != "":
                raise ValueError("too long a chunk")
        while self.line():
            pass
        return body

    def answer(self) -> tuple[int, dict[str, str], bytes, bool]:
        version, status, headers = self.head()
        while status < 200:
            version, status, headers = self.head()
        keep = version != "HTTP/1.0" and headers.get("connection", "").lower() != "close"
        length, coding = headers.get("content-length"), headers.get("transfer-encoding", "").lower()
        if status in (204, 304):
            return status, headers, b"", keep
        if coding:
            if coding != "chunked" or length is not None:
                raise ValueError("where does this end?")
            return status, headers, self.chunks(), keep
        if length is None:
            return status, headers, self.file.read(), False
        if not re.fullmatch("[0-9]+", length):
            raise ValueError(f"no length: {length!r}")
        return status, headers, self.exactly(int(length)), keep


def http_get(url: str) -> tuple[int, dict[str, str], bytes]:
    connection = None
    try:
        for _ in range(11):
            if re.search("[^!-~]", url):
                raise ValueError(f"this can't be sent: {url!r}")
            parts = urlsplit(url)
            if parts.scheme != "http" or not parts.hostname:
                raise ValueError(f"no http URL: {url!r}")
            address = parts.hostname, parts.port or 80
            if connection is None or connection.address != address:
                if connection:
                    connection.close()
                connection = Connection(address)
            target = parts.path or "/"
            if parts.query:
                target += "?" + parts.query
            request = f"GET {target} HTTP/1.1\r\nHost: {parts.hostname}\r\n\r\n"
            connection.sock.sendall(request.encode())
            status, headers, body, keep = connection.answer()
            if status not in (301, 302, 303, 307, 308) or "location" not in headers:
                return status, headers, body
            if not keep:
                connection.close()
                connection = None
            url = urljoin(url, headers["location"])
        raise ValueError("too many redirects")
    finally:
        if connection:
            connection.close()
