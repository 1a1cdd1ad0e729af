"""Assignment 14's handshake beside the websockets library: its client is content, and its server judges alike."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from autograder.checks.websockets_bytes import heads
from autograder.loopback import waits
from tests import bank

OURS: dict[str, Any] = {}
exec(bank.solutions()["handshake"], OURS)

RNG = Random(14)
LINE = heads.request_line(RNG)
KEY = heads.new_key(RNG)
RIGHT = heads.fields(KEY)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets: the client's and the server's."""
    client, server = socket.socketpair()
    with client, server:
        for sock in (client, server):
            sock.settimeout(waits.seconds(5.0))
        yield client, server


def test_a_client_of_websockets_is_content(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    protocol = ClientProtocol(parse_uri("ws://example.com/room?a=b"))
    protocol.send_request(protocol.connect())
    client.sendall(b"".join(protocol.data_to_send()))
    assert OURS["handshake"](server) == b""
    protocol.receive_data(client.recv(65536))
    assert protocol.handshake_exc is None
    assert protocol.state is State.OPEN


CASES = {
    "right": RIGHT,
    "capitals": [(name.upper(), value) for name, value in RIGHT],
    "keep-alive, Upgrade": heads.changed(RIGHT, "Connection", "keep-alive, Upgrade"),
    "two lines": heads.changed(RIGHT, "Connection", "keep-alive", "Upgrade"),
    "WebSocket": heads.changed(RIGHT, "Upgrade", "WebSocket"),
    "no Upgrade": heads.changed(RIGHT, "Upgrade"),
    "h2c": heads.changed(RIGHT, "Upgrade", "h2c"),
    "no Connection": heads.changed(RIGHT, "Connection"),
    "keep-alive": heads.changed(RIGHT, "Connection", "keep-alive"),
    "no key": heads.changed(RIGHT, "Sec-WebSocket-Key"),
    "two keys": heads.changed(RIGHT, "Sec-WebSocket-Key", KEY, heads.new_key(RNG)),
    "a short key": heads.changed(RIGHT, "Sec-WebSocket-Key", heads.new_key(RNG, 15)),
    "a long key": heads.changed(RIGHT, "Sec-WebSocket-Key", heads.new_key(RNG, 17)),
    "no base64": heads.changed(RIGHT, "Sec-WebSocket-Key", f"!{KEY}"),
    "version 8": heads.changed(RIGHT, "Sec-WebSocket-Version", "8"),
    "no version": heads.changed(RIGHT, "Sec-WebSocket-Version"),
}


@pytest.mark.parametrize("fields", CASES.values(), ids=CASES.keys())
def test_accepted_where_a_server_of_websockets_accepts(
    fields: heads.Fields, pair: tuple[socket.socket, socket.socket]
) -> None:
    client, server = pair
    data = heads.head(LINE, fields)
    protocol = ServerProtocol()
    protocol.receive_data(data)
    (request,) = protocol.events_received()
    theirs = protocol.accept(request)  # type: ignore[arg-type]
    client.sendall(data)
    returned = OURS["handshake"](server)
    answer = heads.read(client.recv(65536))
    assert (answer.status == 101) == (theirs.status_code == 101)
    assert returned == (b"" if answer.status == 101 else None)
    if answer.status == 101:
        assert answer.values("Sec-WebSocket-Accept") == [theirs.headers["Sec-WebSocket-Accept"]]


def test_an_endless_head_is_refused_and_the_socket_stays_open(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    endless = heads.head(LINE, RIGHT)[:-2] + b"X-Long: " + b"x" * 17000
    sender = threading.Thread(target=client.sendall, args=(endless,))
    sender.start()
    assert OURS["handshake"](server) is None
    sender.join()
    assert heads.read(client.recv(65536)).status == 400
    assert server.fileno() >= 0


def test_a_connection_that_breaks_off_raises(pair: tuple[socket.socket, socket.socket]) -> None:
    _, server = pair
    server.settimeout(waits.seconds(0.05))
    with pytest.raises(TimeoutError):
        OURS["handshake"](server)
