import random
import socket
import time

import pytest

from autograder.loopback import (
    End,
    Hold,
    ReceiveExactly,
    ReceiveToEnd,
    Reset,
    Send,
    background_server,
    connect,
    echo,
    scripted_peer,
    tap,
    waits,
)


def test_it_passes_on_and_records(family: socket.AddressFamily) -> None:
    with background_server(echo, family=family) as server, tap(server.address, title="echo") as recorder:
        assert recorder.host == server.host and recorder.port != server.port
        with connect(recorder.address) as client:
            client.send(b"hello")
            assert client.receive_exactly(5) == b"hello"
            client.end()
            assert client.receive_to_end() == b""
    (transcript,) = recorder.transcripts
    assert str(transcript).splitlines() == [
        "echo",
        "-- client connected",
        "client -> server  5 bytes  b'hello'",
        "client <- server  5 bytes  b'hello'",
        "-- client ended sending",
        "-- server ended sending",
    ]


def test_megabytes_both_ways_at_once() -> None:
    message = random.Random(5).randbytes(8_000_000)
    with background_server(echo) as server, tap(server.address) as recorder:
        with connect(recorder.address, timeout=30) as client:
            with client.sending(message):
                assert client.receive_exactly(len(message)) == message
    assert recorder.transcripts[0].all_sent == recorder.transcripts[0].all_received == message


def test_half_close_goes_through_and_the_answer_comes_back() -> None:
    with scripted_peer([ReceiveToEnd(), Send(b"answer")]) as peer, tap(peer.address) as recorder:
        with connect(recorder.address) as client:
            client.send(b"question")
            client.end()
            assert client.receive_to_end() == b"answer"
    assert peer.received == b"question"
    assert peer.error is None


def test_half_close_from_the_server() -> None:
    with scripted_peer([Send(b"hi"), End(), ReceiveExactly(4)]) as peer, tap(peer.address) as recorder:
        with connect(recorder.address) as client:
            assert client.receive_to_end() == b"hi"
            client.send(b"more")
            assert peer.wait()
    assert peer.error is None
    assert recorder.transcripts[0].all_sent == b"more"


def test_a_reset_by_the_server() -> None:
    with scripted_peer([ReceiveExactly(1), Reset()]) as peer, tap(peer.address) as recorder:
        with connect(recorder.address) as client:
            client.send(b"x")
            with pytest.raises(ConnectionResetError):
                client.receive(1)
    assert recorder.transcripts[0].events[-1].text == "server reset the connection"


def test_a_reset_by_the_client() -> None:
    with scripted_peer([Send(b"x"), ReceiveToEnd()]) as peer, tap(peer.address) as recorder:
        with connect(recorder.address) as client:
            client.receive_exactly(1)
            client.reset()
        assert peer.wait()
    assert isinstance(peer.error, ConnectionResetError)
    assert recorder.transcripts[0].events[-1].text == "client reset the connection"


def test_several_connections_in_their_order() -> None:
    with background_server(echo) as server, tap(server.address) as recorder:
        clients = [connect(recorder.address) for _ in range(5)]
        for number, client in reversed(list(enumerate(clients))):
            client.send(bytes([number]))
            assert client.receive_exactly(1) == bytes([number])
        for client in clients:
            client.close()
    assert [transcript.all_sent for transcript in recorder.transcripts] == [bytes([n]) for n in range(5)]


def test_last_words_are_recorded_although_the_tap_closes_at_once() -> None:
    for _ in range(20):
        with background_server(echo) as server, tap(server.address) as recorder:
            with connect(recorder.address) as client:
                client.send(b"last words")
        assert recorder.transcripts[0].all_sent == b"last words"


def test_closing_while_both_sides_are_silent_or_one_does_not_read() -> None:
    with scripted_peer([Hold(3600)]) as peer, tap(peer.address) as recorder:
        with connect(recorder.address, timeout=0.3) as client:
            with pytest.raises(TimeoutError):
                client.send(bytes(50_000_000))
            started = time.monotonic()
            recorder.close()
            recorder.close()
            assert time.monotonic() - started < waits.seconds(3)


def test_a_server_that_refuses() -> None:
    with background_server(echo) as server:
        address = server.address
    with tap(address) as recorder:
        with pytest.raises(ConnectionResetError), connect(recorder.address) as client:
            client.receive(1)
    assert "no connection to server" in recorder.transcripts[0].events[-1].text


def test_other_names() -> None:
    with background_server(echo) as server:
        with tap(server.address, local="browser", remote="shop") as recorder:
            connect(recorder.address).close()
    assert str(recorder.transcripts[0]).startswith("-- browser connected")
