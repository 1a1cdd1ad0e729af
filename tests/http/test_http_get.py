"""http_get of the solutions, against servers that others wrote."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.http.conftest import Serve


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[tuple[str, int]] = set()

    def do_GET(self) -> None:
        self.connections.add(self.client_address)
        left = int(self.path.rpartition("/")[2] or 0)
        self.send_response(302 if left else 200)
        if left:
            self.send_header("Location", f"{left - 1}?again")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nhello\r\n0\r\n\r\n")

    @property
    def path(self) -> str:
        return self._path.partition("?")[0]

    @path.setter
    def path(self, value: str) -> None:
        self._path = value

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def library_server() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Handler.connections.clear()
    yield "http://{}:{}".format(*server.server_address)
    server.shutdown()
    server.server_close()
    thread.join()


def test_redirects_on_one_connection(http: SimpleNamespace, library_server: str) -> None:
    status, headers, body = http.http_get(f"{library_server}/x/10")
    assert (status, body, headers["transfer-encoding"]) == (200, b"hello", "chunked")
    assert len(Handler.connections) == 1
    with pytest.raises(ValueError, match="10 redirects"):
        http.http_get(f"{library_server}/x/11")


def test_our_own_server(http: SimpleNamespace, serve: Serve, root: Path) -> None:
    at = "http://{}:{}".format(*serve())
    status, headers, body = http.http_get(f"{at}/sub/b.bin#part")
    assert (status, body) == (200, (root / "sub" / "b.bin").read_bytes())
    assert headers["content-type"] == "application/octet-stream"
    assert http.http_get(f"{at}/nothing")[0] == 404


@pytest.mark.parametrize("bad", ["\r\nX: y", "\n", " ", "\t", "\0", "é", "\x7f"])
def test_nothing_of_a_bad_url_is_sent(http: SimpleNamespace, library_server: str, bad: str) -> None:
    with pytest.raises(ValueError):
        http.http_get(f"{library_server}/0{bad}")
    assert not Handler.connections
