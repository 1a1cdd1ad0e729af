import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from autograder.loopback import Counters, Statistics, UdpLink, waits
from autograder.loopback.datagram_peer import Reply, datagram_peer


def datagram_socket(family: int = socket.AF_INET) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
    sock.settimeout(waits.seconds(5))
    return sock


@pytest.fixture
def client() -> Iterator[socket.socket]:
    with datagram_socket() as sock:
        yield sock


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with datagram_socket() as sock:
        yield sock


def everything(sock: socket.socket) -> list[bytes]:
    """The datagrams that have come."""
    sock.setblocking(False)
    got = []
    with contextlib.suppress(BlockingIOError):
        while True:
            got.append(sock.recv(65_536))
    return got


def through(link: UdpLink, client: socket.socket, server: socket.socket, messages: list[bytes]) -> list[bytes]:
    """Send messages through a link, close it, and collect what arrived."""
    with link:
        for message in messages:
            client.sendto(message, link.address)
    return everything(server)


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def test_a_good_link_changes_nothing(family: socket.AddressFamily) -> None:
    with datagram_socket(family) as client, datagram_socket(family) as server:
        with UdpLink(server.getsockname()) as link:
            assert link.address == (link.host, link.port)
            for message in (b"hello", b"", bytes(1400)):
                client.sendto(message, link.address)
                data, sender = server.recvfrom(65_536)
                assert data == message
                server.sendto(b"answer to " + data, sender)
                answer, source = client.recvfrom(65_536)
                assert answer == b"answer to " + message
                assert source[:2] == link.address
        counters = Counters(received=3, delivered=3)
        assert link.statistics == Statistics(to_target=counters, to_client=counters)
        assert link.transcript.all_sent == b"hello" + bytes(1400)


def test_the_largest_datagram(client: socket.socket, server: socket.socket) -> None:
    message = bytes(range(256)) * 255 + bytes(227)
    assert len(message) == 65_507
    for sock in (client, server):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 200_000)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 200_000)
    with UdpLink(server.getsockname()) as link:
        client.sendto(message, link.address)
        data, sender = server.recvfrom(65_536)
        assert data == message
        server.sendto(data, sender)
        assert client.recv(65_536) == message


def test_loss(client: socket.socket, server: socket.socket) -> None:
    link = UdpLink(server.getsockname(), loss=0.3, seed=1)
    got = through(link, client, server, numbered(100))
    counters = link.statistics.to_target
    assert counters == Counters(received=100, delivered=len(got), lost=100 - len(got))
    assert got == sorted(set(got), key=int)
    assert 15 < counters.lost < 45
    assert sum(event.text.startswith("lost on the way to the server") for event in link.transcript.events) == (
        counters.lost
    )


def test_all_is_lost_or_nothing(client: socket.socket, server: socket.socket) -> None:
    assert through(UdpLink(server.getsockname(), loss=1), client, server, numbered(50)) == []
    assert through(UdpLink(server.getsockname(), loss=0), client, server, numbered(50)) == numbered(50)


def test_duplication(client: socket.socket, server: socket.socket) -> None:
    link = UdpLink(server.getsockname(), duplicate=1)
    assert through(link, client, server, numbered(3)) == [b"0", b"0", b"1", b"1", b"2", b"2"]
    assert link.statistics.to_target == Counters(received=3, delivered=6, duplicated=3)


def test_reordering_swaps_neighbours(client: socket.socket, server: socket.socket) -> None:
    link = UdpLink(server.getsockname(), reorder=1)
    assert through(link, client, server, numbered(6)) == [b"1", b"0", b"3", b"2", b"5", b"4"]
    assert link.statistics.to_target == Counters(received=6, delivered=6, reordered=3)


def test_some_reordering_loses_nothing(client: socket.socket, server: socket.socket) -> None:
    link = UdpLink(server.getsockname(), reorder=0.3, seed=4)
    got = through(link, client, server, numbered(100))
    assert sorted(got, key=int) == numbered(100)
    overtaken = sum(int(got[place]) < max(map(int, got[:place])) for place in range(1, 100))
    assert link.statistics.to_target.reordered == overtaken > 10


def test_a_datagram_that_nothing_overtakes_comes_late_and_is_not_counted(
    client: socket.socket, server: socket.socket
) -> None:
    with UdpLink(server.getsockname(), reorder=1) as link:
        started = time.monotonic()
        client.sendto(b"alone", link.address)
        assert server.recv(100) == b"alone"
        assert time.monotonic() - started >= waits.seconds(0.05)
        assert link.statistics.to_target == Counters(received=1, delivered=1)


def test_a_held_datagram_comes_on_leaving(client: socket.socket, server: socket.socket) -> None:
    link = UdpLink(server.getsockname(), reorder=1)
    assert through(link, client, server, [b"alone"]) == [b"alone"]
    assert link.statistics.to_target == Counters(received=1, delivered=1)


def test_corruption_flips_one_bit(client: socket.socket, server: socket.socket) -> None:
    link = UdpLink(server.getsockname(), corrupt=1, seed=2)
    sent = [bytes(100)] * 50
    got = through(link, client, server, sent)
    flipped = [int.from_bytes(data) for data in got]
    assert len(flipped) == 50
    assert all(len(data) == 100 for data in got)
    assert all(number.bit_count() == 1 for number in flipped)
    assert len(set(flipped)) > 30
    assert link.statistics.to_target == Counters(received=50, delivered=50, corrupted=50)


def test_both_copies_of_a_duplicate_are_corrupted_alike(client: socket.socket, server: socket.socket) -> None:
    got = through(UdpLink(server.getsockname(), corrupt=1, duplicate=1), client, server, [bytes(20)])
    assert len(got) == 2 and got[0] == got[1] != bytes(20)


def test_delay_is_there_both_ways_and_keeps_the_order(client: socket.socket, server: socket.socket) -> None:
    with UdpLink(server.getsockname(), delay=0.1) as link:
        started = time.monotonic()
        for message in numbered(10):
            client.sendto(message, link.address)
        assert [server.recv(100) for _ in range(9)] == numbered(9)
        data, sender = server.recvfrom(100)
        assert data == b"9"
        assert waits.seconds(0.1) <= time.monotonic() - started
        server.sendto(b"back", sender)
        assert client.recv(100) == b"back"
        assert waits.seconds(0.2) <= time.monotonic() - started


def test_leaving_does_not_wait_for_a_delay(client: socket.socket, server: socket.socket) -> None:
    started = time.monotonic()
    link = UdpLink(server.getsockname(), delay=3600, reorder=0.5)
    assert sorted(through(link, client, server, numbered(20)), key=int) == numbered(20)
    assert time.monotonic() - started < 60


FAULTS = {"loss": 0.1, "duplicate": 0.1, "reorder": 0.2, "corrupt": 0.1}


def test_the_same_seed_does_the_same_to_the_same_datagrams(client: socket.socket, server: socket.socket) -> None:
    messages = [b"datagram %d" % number for number in range(100)]
    runs = []
    for seed in (11, 11, 12):
        link = UdpLink(server.getsockname(), seed=seed, **FAULTS)  # type: ignore[arg-type]
        runs.append((through(link, client, server, messages), link.statistics))
        server.settimeout(5)
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    counters = runs[0][1].to_target
    assert counters.received + counters.duplicated == counters.delivered + counters.lost
    assert counters.delivered == len(runs[0][0])
    assert min(counters.lost, counters.duplicated, counters.reordered, counters.corrupted) > 0


def test_the_two_directions_draw_apart(client: socket.socket, server: socket.socket) -> None:
    """Answers that come in between do not change the fate of the questions."""

    def fates(answers: bool) -> list[bytes]:
        got: list[bytes] = []
        with UdpLink(server.getsockname(), loss=0.5, seed=3) as link:
            for count, message in enumerate(numbered(60), 1):
                client.sendto(message, link.address)
                while (now := link.statistics.to_target).delivered + now.lost < count:
                    time.sleep(0.0005)
                if now.delivered > len(got):
                    data, sender = server.recvfrom(100)
                    got.append(data)
                    if answers:
                        server.sendto(b"answer", sender)
        return got

    assert fates(answers=False) == fates(answers=True)


def test_several_clients_at_once_each_get_their_own_answers(server: socket.socket) -> None:
    """Four clients, each with 50 questions and a window of one, and a server that answers whoever asks."""
    done = threading.Event()
    senders = set()

    def answer() -> None:
        server.settimeout(0.05)
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                data, sender = server.recvfrom(100)
                senders.add(sender)
                server.sendto(data.upper(), sender)

    wrong: list[bytes] = []

    def ask(name: bytes) -> None:
        with datagram_socket() as sock:
            for number in range(50):
                sock.sendto(b"%s %d" % (name, number), link.address)
                if (got := sock.recv(100)) != b"%s %d" % (name.upper(), number):
                    wrong.append(got)

    serving = threading.Thread(target=answer)
    serving.start()
    with UdpLink(server.getsockname()) as link:
        threads = [threading.Thread(target=ask, args=(name,)) for name in (b"ann", b"bob", b"cy", b"dee")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    done.set()
    serving.join()
    assert wrong == []
    assert len(senders) == 4
    counters = Counters(received=200, delivered=200)
    assert link.statistics == Statistics(counters, counters)


def test_answers_from_another_port_are_not_taken_back(client: socket.socket, server: socket.socket) -> None:
    with UdpLink(server.getsockname()) as link, datagram_socket() as stranger:
        client.sendto(b"question", link.address)
        _, sender = server.recvfrom(100)
        stranger.sendto(b"spoofed", sender)
        server.sendto(b"answer", sender)
        assert client.recv(100) == b"answer"
    assert link.statistics.to_client == Counters(received=1, delivered=1)


def test_a_target_where_nobody_is(client: socket.socket) -> None:
    """Silence, as from any host behind a link; and the link goes on."""
    with datagram_socket() as gone:
        address = gone.getsockname()
    with UdpLink(address) as link:
        for _ in range(5):
            client.sendto(b"anybody?", link.address)
            time.sleep(0.01)
    assert link.statistics == Statistics(to_target=Counters(received=5, delivered=5))


def test_a_client_that_is_gone(client: socket.socket, server: socket.socket) -> None:
    with UdpLink(server.getsockname()) as link:
        with datagram_socket() as brief:
            brief.sendto(b"bye", link.address)
        _, sender = server.recvfrom(100)
        server.sendto(b"too late", sender)
        client.sendto(b"still there?", link.address)
        assert server.recv(100) == b"still there?"


def test_closing_twice(server: socket.socket) -> None:
    link = UdpLink(server.getsockname())
    link.close()
    link.close()


def test_a_port_in_use(server: socket.socket) -> None:
    port = server.getsockname()[1]
    with pytest.raises(OSError, match=f"port {port} is in use"):
        UdpLink(server.getsockname(), port=port)


def test_a_port_of_ones_own(server: socket.socket) -> None:
    with datagram_socket() as probe:
        port = probe.getsockname()[1]
    with UdpLink(server.getsockname(), port=port) as link:
        assert link.address == ("127.0.0.1", port)


@pytest.mark.parametrize("value", [2, -1, float("nan")])
def test_a_loss_of_2(value: float) -> None:
    with pytest.raises(ValueError, match=f"loss is {value}"):
        UdpLink(("127.0.0.1", 9), loss=value)


@pytest.mark.parametrize("value", [-1, float("inf"), float("nan")])
def test_a_delay_that_is_none(value: float) -> None:
    with pytest.raises(ValueError, match="delay is"):
        UdpLink(("127.0.0.1", 9), delay=value)


@pytest.mark.parametrize(
    "target", [("localhost", 9), ("127.0.0.1", 0), ("127.0.0.1", 65_536), ("127.0.0.1",), (), ("::1", "http")]
)
def test_a_target_that_is_none(target: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="target is"):
        UdpLink(target)


@pytest.mark.parametrize("seed", range(12))
def test_the_books_balance_in_both_directions(seed: int, client: socket.socket) -> None:
    """What the two ends sent and got is what the link says that it received and delivered."""
    with datagram_peer(lambda number, data: [Reply(data)]) as server:
        with UdpLink(server.address, seed=seed, loss=0.2, duplicate=0.2, reorder=0.2, corrupt=0.2) as link:
            for message in numbered(60):
                client.sendto(message, link.address)
            # Longer than anything is held back, there and back again.
            until = time.monotonic() + waits.seconds(0.3)
            while time.monotonic() < until or link.statistics.to_client.received < len(server.delays):
                time.sleep(0.005)
        out, back = link.statistics.to_target, link.statistics.to_client
        assert (out.received, out.delivered) == (60, len(server.questions))
    assert (back.received, back.delivered) == (len(server.delays), len(everything(client)))
    for counters in (out, back):
        # A datagram that is lost counts for no other fault.
        assert counters.received + counters.duplicated == counters.delivered + counters.lost
        assert min(counters.lost, counters.duplicated, counters.corrupted) > 0
        assert counters.received - counters.lost >= max(counters.duplicated, counters.reordered, counters.corrupted)


def test_faults_are_counted_as_they_happen(client: socket.socket, server: socket.socket) -> None:
    """Whoever has a datagram finds it in the statistics already."""
    with UdpLink(server.getsockname(), duplicate=1) as link:
        for count, message in enumerate(numbered(5), 1):
            client.sendto(message, link.address)
            assert [server.recv(100), server.recv(100)] == [message, message]
            assert link.statistics.to_target == Counters(received=count, delivered=2 * count, duplicated=count)


def test_statistics_are_a_copy(client: socket.socket, server: socket.socket) -> None:
    with UdpLink(server.getsockname()) as link:
        before = link.statistics
        client.sendto(b"hello", link.address)
        server.recv(100)
        assert before == Statistics() != link.statistics
        before.to_client.lost = 5
        assert link.statistics.to_client.lost == 0


@pytest.mark.parametrize("fault", ["loss", "duplicate", "reorder", "corrupt"])
@pytest.mark.parametrize("value", [2, -0.1, float("nan"), "0.5", None])
def test_a_probability_that_is_none_says_how_it_is_done(fault: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{fault} is {value!r}, .* from 0 .* to 1 .*: .* pass {fault}=0.02"):
        UdpLink(("127.0.0.1", 9), **{fault: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("target", ["127.0.0.1:7007", ("printer", 9), ("127.0.0.1", "9"), 7007, None])
def test_a_target_that_is_no_address_says_how_one_looks(target: object) -> None:
    words = re.escape(f"target is {target!r}, but it must be the (host, port) of a server")
    with pytest.raises(ValueError, match=f"{words}.* such as 127.0.0.1 or ::1 and a port"):
        UdpLink(target)  # type: ignore[arg-type]


def test_the_cure_for_a_port_in_use(server: socket.socket) -> None:
    with pytest.raises(OSError, match="close what holds it, or ask for port 0 and get a free one"):
        UdpLink(("127.0.0.1", 9), port=server.getsockname()[1])


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none(port: int) -> None:
    with pytest.raises(ValueError, match=f"port is {port}"):
        UdpLink(("127.0.0.1", 9), port=port)


@pytest.mark.parametrize("delay", [-1, "soon", None])
def test_a_delay_that_is_no_number_of_seconds(delay: object) -> None:
    with pytest.raises(ValueError, match=f"delay is {delay!r}, but it must be a number of seconds, 0 or more"):
        UdpLink(("127.0.0.1", 9), delay=delay)  # type: ignore[arg-type]
