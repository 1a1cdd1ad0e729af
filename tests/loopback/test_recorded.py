import os
import random
import select
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from autograder.loopback import EarlyEnd, NoAnswer, NotTaken, RecordedSocket, TooMuch, connect, waits
from autograder.wire import Transcript

SHORT = 0.1
"""Seconds: for calls that are meant to run out of time."""


@pytest.fixture
def ends() -> Iterator[tuple[RecordedSocket, socket.socket]]:
    """A recorded socket and the plain one at the other end, over TCP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = connect(listener.getsockname())
        other, _ = listener.accept()
    with client, other:
        other.settimeout(5)
        yield client, other


Ends = tuple[RecordedSocket, socket.socket]


def test_bytes_go_both_ways_and_are_recorded(ends: Ends) -> None:
    client, other = ends
    client.send(b"hello")
    assert other.recv(100) == b"hello"
    other.sendall(b"world")
    assert client.receive_exactly(5) == b"world"
    client.end()
    assert other.recv(100) == b""
    other.sendall(b"more")
    other.close()
    assert client.receive_to_end() == b"more"
    assert client.receive(10) == b""
    client.close()
    client.close()
    assert client.transcript.all_sent == b"hello"
    assert client.transcript.all_received == b"worldmore"
    assert [event.text for event in client.transcript.events if event.kind == "note"] == [
        "check connected",
        "check ended sending (shutdown)",
        "your code ended sending",
        "check closed",
    ]


def test_the_addresses_of_both_ends(ends: Ends) -> None:
    client, other = ends
    assert client.local == other.getpeername()
    assert client.remote == other.getsockname()
    assert client.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_select_takes_it(ends: Ends) -> None:
    client, other = ends
    assert select.select([client], [], [], 0)[0] == []
    other.sendall(b"x")
    assert select.select([client], [], [], 5)[0] == [client]


def test_no_answer_keeps_what_came(ends: Ends) -> None:
    client, other = ends
    other.sendall(b"abc")
    with pytest.raises(NoAnswer, match=r"3 of 10 bytes") as caught:
        client.receive_exactly(10, timeout=SHORT)
    assert (caught.value.partial, caught.value.wanted) == (b"abc", 10)
    assert caught.value.elapsed >= waits.seconds(SHORT)
    assert isinstance(caught.value, TimeoutError)
    assert client.transcript.all_received == b"abc"


def test_no_answer_when_no_end_comes(ends: Ends) -> None:
    client, other = ends
    other.sendall(b"abc")
    with pytest.raises(NoAnswer, match="no end") as caught:
        client.receive_to_end(timeout=SHORT)
    assert (caught.value.partial, caught.value.wanted) == (b"abc", None)


def test_the_deadline_is_for_the_whole_call_not_for_each_piece(ends: Ends) -> None:
    client, other = ends
    stop = threading.Event()

    def trickle() -> None:
        while not stop.wait(0.02):
            other.sendall(b".")

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        started = time.monotonic()
        with pytest.raises(NoAnswer):
            client.receive_exactly(1_000_000, timeout=0.3)
        # A timeout for each piece would go on for hours here.
        assert time.monotonic() - started < waits.seconds(0.3) + 5
    finally:
        stop.set()
        thread.join()


def test_early_end_keeps_what_came(ends: Ends) -> None:
    client, other = ends
    other.sendall(b"abc")
    other.close()
    with pytest.raises(EarlyEnd, match="3 of 4") as caught:
        client.receive_exactly(4)
    assert (caught.value.partial, caught.value.wanted) == (b"abc", 4)
    assert isinstance(caught.value, EOFError)


def test_a_reader_that_does_not_read(ends: Ends) -> None:
    client, _ = ends
    client.timeout = SHORT
    data = bytes(50_000_000)
    with pytest.raises(NotTaken, match="does not read") as caught:
        client.send(data)
    assert 0 < caught.value.taken < caught.value.wanted == len(data)
    # What the transcript says was sent is what the kernel really took.
    assert len(client.transcript.all_sent) == caught.value.taken


def test_a_sender_that_never_stops(ends: Ends) -> None:
    client, other = ends
    other.sendall(bytes(5000))
    with pytest.raises(TooMuch, match="1,000 bytes") as caught:
        client.receive_to_end(limit=1000)
    assert caught.value.partial == bytes(1000)


def test_sending_and_receiving_at_once(ends: Ends) -> None:
    client, other = ends
    message = random.Random(3).randbytes(12_000_000)
    client.timeout = 30

    def echo() -> None:
        left = len(message)
        while left:
            piece = other.recv(65_536)
            other.sendall(piece)
            left -= len(piece)

    other.settimeout(30)
    thread = threading.Thread(target=echo)
    thread.start()
    with client.sending(message):
        assert client.receive_exactly(len(message)) == message
    thread.join()
    assert client.transcript.all_sent == client.transcript.all_received == message


def test_sending_at_once_without_it_gets_stuck(ends: Ends) -> None:
    """The negative control of the test above: the same exchange, one after the other, fills every buffer."""
    client, other = ends
    client.timeout = SHORT

    def echo() -> None:
        try:
            while piece := other.recv(65_536):
                other.sendall(piece)
        except OSError:
            pass

    thread = threading.Thread(target=echo)
    thread.start()
    with pytest.raises(NotTaken):
        client.send(bytes(50_000_000))
    client.reset()
    thread.join()


def test_sending_raises_what_the_sender_met(ends: Ends) -> None:
    client, _ = ends
    client.timeout = SHORT
    with pytest.raises(NotTaken), client.sending(bytes(50_000_000)):
        pass


def test_sending_does_not_outlive_a_failing_body(ends: Ends) -> None:
    client, _ = ends
    client.timeout = 60
    started = time.monotonic()
    with pytest.raises(KeyError), client.sending(bytes(50_000_000)):
        raise KeyError
    assert time.monotonic() - started < 30


def test_paced_bytes_arrive_one_by_one(ends: Ends) -> None:
    client, other = ends
    thread = threading.Thread(target=client.send_paced, args=(b"abcdef",), kwargs={"size": 2, "gap": 0.2})
    thread.start()
    assert [other.recv(100) for _ in range(3)] == [b"ab", b"cd", b"ef"]
    thread.join()


def test_a_reset_from_the_other_side(ends: Ends) -> None:
    client, other = ends
    with RecordedSocket(other, Transcript()) as second:
        second.reset()
        second.reset()
        with pytest.raises(ConnectionResetError):
            client.receive(1)
    assert client.transcript.events[-1].text == "your code reset the connection"
    assert [event.text for event in second.transcript.events] == ["check reset the connection"]


def test_a_closed_socket_says_so(ends: Ends) -> None:
    client, _ = ends
    client.close()
    with pytest.raises(OSError, match="closed already"):
        client.receive(1)
    with pytest.raises(OSError, match="closed already"):
        client.send(b"x")


def test_an_interruption_wakes_a_waiting_call(ends: Ends) -> None:
    client, _ = ends
    client.timeout = 60
    timer = threading.Timer(0.05, client.interrupt)
    timer.start()
    started = time.monotonic()
    with pytest.raises(ConnectionAbortedError):
        client.receive_exactly(1)
    assert time.monotonic() - started < 30
    timer.join()
    with pytest.raises(ConnectionAbortedError):
        client.send(b"x")


def test_a_socketpair_is_fine_too() -> None:
    left, right = socket.socketpair()
    with RecordedSocket(left, Transcript()) as recorded, right:
        recorded.send(b"x")
        assert right.recv(10) == b"x"


@pytest.mark.skipif(os.name == "nt", reason="select takes no more than 512 sockets there")
def test_a_descriptor_above_1023_can_be_waited_on() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1200:
        pytest.skip("this machine allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    spare: list[int] = []
    try:
        while not spare or spare[-1] < 1024:
            spare.append(os.dup(0))
        left, right = socket.socketpair()
        with RecordedSocket(left, Transcript(), timeout=SHORT) as recorded, right:
            with pytest.raises(NoAnswer):
                recorded.receive(1)
    finally:
        for descriptor in spare:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_that_is_none(timeout: float) -> None:
    left, right = socket.socketpair()
    with left, right, pytest.raises(ValueError, match="timeout is"):
        RecordedSocket(left, Transcript(), timeout=timeout)


def test_counts_that_are_none(ends: Ends) -> None:
    client, _ = ends
    with pytest.raises(ValueError, match="n is 0"):
        client.receive(0)
    with pytest.raises(ValueError, match="n is -1"):
        client.receive_exactly(-1)
    assert client.receive_exactly(0) == b""
    with pytest.raises(ValueError, match="size is 0"):
        client.send_paced(b"abc", size=0)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    with pytest.raises(ConnectionRefusedError) as caught:
        connect(address, timeout=10)
    assert f"127.0.0.1:{address[1]}" in str(caught.value)
    assert "start the server first" in str(caught.value)


def test_ipv6_with_the_address_as_the_kernel_gives_it(family: socket.AddressFamily) -> None:
    host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    with socket.create_server((host, 0), family=family) as listener:
        with connect(listener.getsockname()) as client:
            assert client.remote == listener.getsockname()[:2]


def test_a_small_receive_buffer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with connect(listener.getsockname(), receive_buffer=16_384) as client:
            # Linux doubles the number, for its own bookkeeping.
            assert client.sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) in (16_384, 32_768)


def test_waits_are_scaled(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = ends
    monkeypatch.setenv(waits.VARIABLE, "3")
    with pytest.raises(NoAnswer) as caught:
        client.receive(1, timeout=0.1)
    assert caught.value.elapsed >= 0.3
