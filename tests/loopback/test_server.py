import contextlib
import socket
import threading
import time

import pytest

from autograder.loopback import BackgroundServer, background_server, connect, echo, waits


def test_echo(family: socket.AddressFamily) -> None:
    with background_server(echo, family=family) as server:
        assert server.address == (server.host, server.port)
        assert server.host == ("::1" if family == socket.AF_INET6 else "127.0.0.1")
        with connect(server.address) as client:
            client.send(b"hello")
            assert client.receive_exactly(5) == b"hello"
            client.end()
            assert client.receive_to_end() == b""
    assert server.errors == []


def test_several_clients_at_once_in_any_order() -> None:
    with background_server(echo) as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(server.address)) for _ in range(20)]
        for number, client in reversed(list(enumerate(clients))):
            client.send(bytes([number]))
            assert client.receive_exactly(1) == bytes([number])


def test_a_handler_that_hangs_in_recv() -> None:
    ended = threading.Event()

    def hang(conn: socket.socket) -> None:
        while conn.recv(10):
            pass
        ended.set()

    with background_server(hang) as server, connect(server.address) as client:
        client.send(b"x")
        started = time.monotonic()
        server.close()
        assert time.monotonic() - started < waits.seconds(2)
        assert ended.is_set()
    assert server.errors == []


def test_a_handler_that_hangs_in_sendall() -> None:
    def hang(conn: socket.socket) -> None:
        conn.sendall(bytes(50_000_000))

    with background_server(hang) as server, connect(server.address) as client:
        client.receive(1)
        server.close()
    # The error comes from closing the server, so it is not the handler's.
    assert server.errors == []


def test_a_handler_that_never_looks_at_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.loopback.server.PATIENCE", 0.1)
    release = threading.Event()

    def stubborn(conn: socket.socket) -> None:
        release.wait()

    with background_server(stubborn) as server, connect(server.address):
        time.sleep(0.05)
        server.close()
        assert [str(error) for error in server.errors] == ["stubborn did not return although its connection was closed"]
        release.set()
        for thread in threading.enumerate():
            if thread.name.startswith("background server"):
                thread.join()


def test_errors_of_handlers_are_kept_and_the_server_goes_on() -> None:
    def fail(conn: socket.socket) -> None:
        if conn.recv(1) == b"x":
            raise ZeroDivisionError("as told")
        raise SystemExit(3)

    with background_server(fail) as server:
        for message in (b"x", b"y"):
            with connect(server.address) as client:
                client.send(message)
                assert client.receive_to_end() == b""
    assert [type(error) for error in server.errors] == [ZeroDivisionError, SystemExit]


def test_a_client_that_resets() -> None:
    with background_server(echo) as server:
        with connect(server.address) as client:
            client.send(b"x")
            client.receive_exactly(1)
            client.reset()
        with connect(server.address) as client:
            client.send(b"y")
            assert client.receive_exactly(1) == b"y"
        deadline = time.monotonic() + 10
        while not server.errors and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [type(error) for error in server.errors] == [ConnectionResetError]


def test_what_came_before_the_end_is_still_handled() -> None:
    """A client that sends and leaves at once: its bytes reach the handler although the server closes."""
    for _ in range(20):
        got: list[bytes] = []

        def collect(conn: socket.socket, got: list[bytes] = got) -> None:
            with conn.makefile("rb") as stream:
                got.append(stream.read())

        with background_server(collect) as server:
            with connect(server.address) as client:
                client.send(b"last words")
        assert got == [b"last words"]


def test_a_handler_may_close_its_connection_itself() -> None:
    with background_server(socket.socket.close) as server, connect(server.address) as client:
        assert client.receive_to_end() == b""
    assert server.errors == []


def test_closing_twice_and_from_a_handler() -> None:
    servers: list[BackgroundServer] = []
    closed = threading.Event()

    def close(conn: socket.socket) -> None:
        servers[0].close()
        closed.set()

    with background_server(close) as server:
        servers.append(server)
        with connect(server.address):
            assert closed.wait(30)
        server.close()
    assert server.errors == []


def test_after_the_end_nobody_listens() -> None:
    with background_server(echo) as server:
        pass
    with pytest.raises(ConnectionRefusedError):
        connect(server.address, timeout=10)


def test_a_port_in_use_names_it_and_the_cure() -> None:
    with background_server(echo) as server:
        with pytest.raises(OSError) as caught:
            background_server(echo, port=server.port)
        assert f"127.0.0.1:{server.port}" in str(caught.value)
        assert "in use" in str(caught.value) and "port 0" in str(caught.value)


def test_the_same_port_again_after_the_server_closed_first() -> None:
    def greet(conn: socket.socket) -> None:
        conn.sendall(b"hi")

    with background_server(greet) as server, connect(server.address) as client:
        assert client.receive_to_end() == b"hi"
    with background_server(greet, port=server.port) as again:
        assert again.port == server.port


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"host": "192.0.2.1"}, "no such address"),  # TEST-NET-1, RFC 5737
        ({"port": 70_000}, "port is 70000"),
        ({"family": socket.AF_UNSPEC}, "AF_INET6"),
    ],
)
def test_bad_addresses(arguments: dict[str, object], words: str) -> None:
    with pytest.raises((OSError, ValueError), match=words):
        background_server(echo, **arguments)  # type: ignore[arg-type]
