import socket
import time
from collections.abc import Iterator

import pytest

from autograder.loopback import waits
from autograder.loopback.datagram_peer import Question, Reply, datagram_peer


@pytest.fixture
def client() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(waits.seconds(5))
        yield sock


def test_it_answers_whoever_asks(client: socket.socket) -> None:
    with datagram_peer(lambda number, data: [Reply(b"%d " % number + data)]) as peer:
        for number, question in enumerate((b"a", b"", bytes(9000))):
            client.sendto(question, peer.address)
            assert client.recvfrom(65_536) == (b"%d " % number + question, peer.address)
    assert peer.questions[0] == Question(b"a", client.getsockname(), None)
    assert [event.kind for event in peer.transcript.events] == ["received", "sent"] * 3
    assert peer.error is None


def test_ipv6(family: socket.AddressFamily) -> None:
    with (
        datagram_peer(lambda number, data: [Reply(data)], family=family) as peer,
        socket.socket(family, socket.SOCK_DGRAM) as client,
    ):
        client.settimeout(waits.seconds(5))
        client.sendto(b"hello", peer.address)
        assert client.recv(100) == b"hello"


def test_replies_come_when_they_are_due(client: socket.socket) -> None:
    with datagram_peer(lambda number, data: [Reply(b"late", 0.1), Reply(b"soon"), Reply(b"between", 0.05)]) as peer:
        started = time.monotonic()
        client.sendto(b"", peer.address)
        assert [client.recv(100) for _ in range(3)] == [b"soon", b"between", b"late"]
        assert time.monotonic() - started >= waits.seconds(0.1)
    assert peer.delays[1] >= waits.seconds(0.05)
    assert peer.delays[2] >= waits.seconds(0.1)


def test_a_stranger_may_answer(client: socket.socket) -> None:
    with datagram_peer(lambda number, data: [Reply(data, source=1)], strangers=1) as peer:
        client.sendto(b"?", peer.address)
        data, sender = client.recvfrom(100)
    assert data == b"?"
    assert sender == peer.sources[1] != peer.address == peer.sources[0]


def test_a_client_that_is_gone(client: socket.socket) -> None:
    with datagram_peer(lambda number, data: [Reply(data), Reply(data, 0.01)]) as peer:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.sendto(b"bye", peer.address)
        client.sendto(b"still there?", peer.address)
        assert client.recv(100) == b"still there?"


def test_closing_does_not_wait_for_replies(client: socket.socket) -> None:
    peer = datagram_peer(lambda number, data: [Reply(b"at once"), Reply(b"never", 3600)])
    client.sendto(b"?", peer.address)
    assert client.recv(100) == b"at once"
    started = time.monotonic()
    peer.close()
    peer.close()
    assert time.monotonic() - started < 60
    assert peer.transcript.all_sent == b"at once"


def test_a_failing_answer_is_kept(client: socket.socket) -> None:
    peer = datagram_peer(lambda number, data: [Reply(b"%d" % (1 // number))])
    client.sendto(b"?", peer.address)
    peer._thread.join(waits.seconds(5))
    peer.close()
    assert isinstance(peer.error, ZeroDivisionError)
