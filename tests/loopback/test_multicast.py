"""Where this machine carries no multicast on its loopback interface, what needs it is skipped with the reason."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.loopback import waits
from autograder.loopback.datagram_peer import Reply
from autograder.loopback.multicast import MulticastAnswerer, NoMulticast, question_socket, why_not

GROUP = "239.255.8.8"


@pytest.fixture
def client() -> Iterator[socket.socket]:
    if reason := why_not(GROUP):
        pytest.skip(reason)
    with question_socket() as sock:
        sock.settimeout(waits.seconds(5))
        yield sock


def test_services_answer_from_their_own_addresses(client: socket.socket) -> None:
    replies = [Reply(b"printer"), Reply(b"disk", source=1), Reply(b"printer")]
    with MulticastAnswerer(GROUP, lambda number, data: replies, services=2) as group:
        assert group.address == (GROUP, group.port)
        client.sendto(b"who?", group.address)
        got = [client.recvfrom(100) for _ in replies]
    assert got == [(b"printer", group.sources[0]), (b"disk", group.sources[1]), (b"printer", group.sources[0])]
    assert group.sources[0] != group.sources[1]
    assert {host for host, _ in group.sources} == {"127.0.0.1"}
    assert group.transcript.all_received == b"who?"


@pytest.mark.parametrize("life", [0, 1, 32])
def test_the_time_to_live_is_known(client: socket.socket, life: int) -> None:
    client.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, life)
    with MulticastAnswerer(GROUP, lambda number, data: [Reply(data)]) as group:
        client.sendto(b"who?", group.address)
        client.recv(100)
    assert group.questions[0].ttl in (life, None)


def test_another_group_is_not_heard(client: socket.socket) -> None:
    """On the same port: the socket is bound to its group."""
    with MulticastAnswerer(GROUP, lambda number, data: [Reply(data)]) as group:
        client.sendto(b"not for you", ("239.255.8.9", group.port))
        client.sendto(b"for you", group.address)
        assert client.recv(100) == b"for you"
    assert [question.data for question in group.questions] == [b"for you"]


def test_nothing_leaves_the_loopback_interface(client: socket.socket) -> None:
    with MulticastAnswerer(GROUP, lambda number, data: [Reply(data)]) as group:
        client.sendto(b"who?", group.address)
        client.recv(100)
    assert group.questions[0].sender[0] == "127.0.0.1"


@pytest.mark.parametrize("group", ["127.0.0.1", "240.0.0.1", "ff02::1", "printers.local", "", None])
def test_a_group_that_is_none(group: Any) -> None:
    with pytest.raises(ValueError, match="group is .* 224.0.0.0 to 239.255.255.255"):
        MulticastAnswerer(group, lambda number, data: [])


def test_no_services() -> None:
    with pytest.raises(ValueError, match="services is 0.*pass 1 or more"):
        MulticastAnswerer(GROUP, lambda number, data: [], services=0)


def test_a_port_in_use(client: socket.socket) -> None:
    with MulticastAnswerer(GROUP, lambda number, data: []) as group:
        with pytest.raises(OSError, match=f"port {group.port} is in use"):
            MulticastAnswerer(GROUP, lambda number, data: [], port=group.port)


def test_a_machine_that_lets_nobody_join(monkeypatch: pytest.MonkeyPatch) -> None:
    class Socket(socket.socket):
        def setsockopt(self, level: int, option: int, *value: Any) -> None:
            if option == socket.IP_ADD_MEMBERSHIP:
                raise OSError(19, "No such device")
            super().setsockopt(level, option, *value)

    monkeypatch.setattr(socket, "socket", Socket)
    with pytest.raises(NoMulticast, match=f"can't join the group {GROUP} on 127.0.0.1: No such device"):
        MulticastAnswerer(GROUP, lambda number, data: [])
    assert "can't join" in why_not(GROUP)


def test_a_machine_that_drops_multicast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.loopback.multicast.waits.seconds", lambda x: 0.01)

    class Socket(socket.socket):
        def sendto(self, *arguments: Any) -> int:
            return 0

    monkeypatch.setattr(socket, "socket", Socket)
    assert "does not arrive" in why_not(GROUP)
