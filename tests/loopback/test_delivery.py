"""Negative controls: a program that takes one recv for one message fails here every time, a right one passes."""

import socket
from collections.abc import Callable

import pytest

from autograder.loopback import (
    ReceiveExactly,
    Send,
    SendPaced,
    background_server,
    connect,
    one_byte,
    reset,
    scripted_peer,
    send_coalesced,
    short_send,
)

MESSAGE = b"eleven byte"

Reader = Callable[[socket.socket], bytes]


def naive(sock: socket.socket) -> bytes:
    return sock.recv(len(MESSAGE))


def looping(sock: socket.socket) -> bytes:
    got = b""
    while len(got) < len(MESSAGE):
        piece = sock.recv(len(MESSAGE) - len(got))
        if not piece:
            break
        got += piece
    return got


def by_makefile(sock: socket.socket) -> bytes:
    with sock.makefile("rb") as stream:
        return stream.read(len(MESSAGE))


def plain(read: Reader) -> bytes:
    with scripted_peer([Send(MESSAGE)]) as peer, socket.create_connection(peer.address) as sock:
        return read(sock)


def paced(read: Reader) -> bytes:
    with scripted_peer([SendPaced(MESSAGE)]) as peer, socket.create_connection(peer.address) as sock:
        return read(sock)


def one_byte_a_recv(read: Reader) -> bytes:
    with scripted_peer([Send(MESSAGE)]) as peer, one_byte(socket.create_connection(peer.address)) as sock:
        return read(sock)


@pytest.mark.parametrize("deliver", [plain, paced, one_byte_a_recv])
@pytest.mark.parametrize("read", [looping, by_makefile])
def test_a_right_reader_passes(read: Reader, deliver: Callable[[Reader], bytes]) -> None:
    assert deliver(read) == MESSAGE


def test_plain_loopback_hides_the_mistake() -> None:
    assert plain(naive) == MESSAGE


@pytest.mark.parametrize("deliver", [paced, one_byte_a_recv])
def test_a_naive_reader_fails(deliver: Callable[[Reader], bytes]) -> None:
    got = deliver(naive)
    assert got != MESSAGE and MESSAGE.startswith(got)


def test_short_send_exposes_a_send_that_should_be_sendall() -> None:
    def arrived(send: Callable[[socket.socket, bytes], object]) -> int:
        with scripted_peer([ReceiveExactly(5000)]) as peer:
            with short_send(socket.create_connection(peer.address)) as sock:
                send(sock, bytes(5000))
            peer.wait()
            return len(peer.received)

    assert arrived(socket.socket.sendall) == 5000
    assert arrived(lambda sock, data: sock.send(data)) == 1000


def test_coalesced_messages_come_in_one_recv() -> None:
    for recorded in (False, True):
        got: list[bytes] = []

        def receive(conn: socket.socket, got: list[bytes] = got) -> None:
            got.append(conn.recv(100))

        with background_server(receive) as server, connect(server.address) as client:
            send_coalesced(client if recorded else _blocking(client.sock), b"one,", b"two,", b"three")
            assert client.receive_to_end() == b""
        assert got == [b"one,two,three"]


def _blocking(sock: socket.socket) -> socket.socket:
    assert sock.gettimeout() == 0  # A recorded socket's own waits are made outside; a few bytes always fit.
    return sock


def test_a_reset_on_a_plain_socket() -> None:
    with background_server(reset) as server:
        # The reset may come before connect has returned.
        with pytest.raises(ConnectionResetError), connect(server.address) as client:
            client.receive(1)
    left, right = socket.socketpair()
    reset(left)
    reset(left)
    assert left.fileno() == -1
    right.close()
