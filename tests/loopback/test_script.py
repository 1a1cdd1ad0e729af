import socket
import threading
import time

import pytest

from autograder.loopback import (
    Close,
    End,
    Hold,
    Pause,
    ReceiveExactly,
    ReceiveSlowly,
    ReceiveToEnd,
    Reset,
    ScriptStopped,
    Send,
    SendPaced,
    Step,
    connect,
    scripted_peer,
    waits,
)


def test_a_conversation(family: socket.AddressFamily) -> None:
    script = [ReceiveExactly(5), Send(b"world"), ReceiveToEnd(), Send(b"bye"), End()]
    with scripted_peer(script, family=family, title="greeting") as peer:
        with connect(peer.address) as client:
            client.send(b"hello")
            assert client.receive_exactly(5) == b"world"
            client.send(b"!")
            client.end()
            assert client.receive_to_end() == b"bye"
        assert peer.wait()
    assert peer.error is None
    assert peer.received == b"hello!"
    assert peer.transcript.all_sent == b"worldbye"
    assert peer.transcript.title == "greeting"
    assert [event.text for event in peer.transcript.events if event.kind == "note"] == [
        "your code connected",
        "your code ended sending",
        "check ended sending (shutdown)",
        "check closed",
    ]


def test_paced_bytes() -> None:
    with scripted_peer([SendPaced(b"abcd", size=2, gap=0.2)]) as peer, connect(peer.address) as client:
        assert [client.receive(100) for _ in range(2)] == [b"ab", b"cd"]
        assert client.receive(100) == b""


def test_a_reset() -> None:
    with scripted_peer([ReceiveExactly(1), Reset()]) as peer, connect(peer.address) as client:
        client.send(b"x")
        with pytest.raises(ConnectionResetError):
            client.receive(1)
    assert peer.error is None


def test_a_close_with_bytes_unread_resets_and_the_end_of_a_script_does_not() -> None:
    for last, kind in [([Close()], ConnectionResetError), ([], None)]:
        script: list[Step] = [ReceiveExactly(1), Pause(0.1), Send(b"answer"), *last]
        with scripted_peer(script) as peer, connect(peer.address) as client:
            client.send(b"x")
            client.send(b"unread")
            if kind is None:
                assert client.receive_to_end() == b"answer"
                # What was not part of the script is read all the same, and recorded.
                client.close()
                deadline = time.monotonic() + 10
                while peer.received != b"xunread" and time.monotonic() < deadline:
                    time.sleep(0.01)
                assert peer.received == b"xunread"
            else:
                with pytest.raises(kind):
                    client.receive_to_end()


def test_a_slow_reader_is_felt_by_the_sender() -> None:
    """With a timeout a large send is cut short; a reader at full speed takes it all."""
    sent = {}
    for step in (ReceiveSlowly(size=1000, gap=0.05), ReceiveToEnd()):
        with scripted_peer([step], receive_buffer=16_384) as peer:
            with socket.create_connection(peer.address) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
                client.settimeout(waits.seconds(1))
                try:
                    client.sendall(bytes(4_000_000))
                    sent[type(step)] = True
                except TimeoutError:
                    sent[type(step)] = False
    assert sent == {ReceiveSlowly: False, ReceiveToEnd: True}


def test_a_slow_reader_with_a_total() -> None:
    with scripted_peer([ReceiveSlowly(total=10, size=4, gap=0.001), Send(b"enough")]) as peer:
        with connect(peer.address) as client:
            client.send(b"0123456789")
            assert client.receive_to_end() == b"enough"
    with scripted_peer([ReceiveSlowly(size=4, gap=0.001), Send(b"end")]) as peer:
        with connect(peer.address) as client:
            client.send(b"0123456789")
            client.end()
            assert client.receive_to_end() == b"end"
            assert peer.received == b"0123456789"


def test_several_connections_each_with_its_own_record() -> None:
    with scripted_peer([ReceiveExactly(1), Send(b"ok")], connections=3) as peer:
        clients = [connect(peer.address) for _ in range(3)]
        for number, client in reversed(list(enumerate(clients))):
            client.send(bytes([number]))
            assert client.receive_to_end() == b"ok"
            client.close()
        assert peer.wait()
        with pytest.raises(ConnectionRefusedError):
            connect(peer.address, timeout=10)
    assert [transcript.all_received for transcript in peer.transcripts] == [b"\0", b"\1", b"\2"]
    assert peer.error is None


@pytest.mark.parametrize(
    "step",
    [ReceiveToEnd(), ReceiveExactly(10), ReceiveSlowly(), Hold(3600), Pause(3600), Send(bytes(50_000_000))],
    ids=lambda step: type(step).__name__,
)
def test_leaving_ends_any_step_at_once(step: Step) -> None:
    with scripted_peer([step, Send(b"never")]) as peer, connect(peer.address):
        assert not peer.wait(0.05)
        started = time.monotonic()
        peer.close()
        assert time.monotonic() - started < waits.seconds(2)
        assert isinstance(peer.error, ScriptStopped)
        assert "step 1 of 2" in str(peer.error)
        assert step.sentence in str(peer.error)
        assert b"never" not in peer.transcript.all_sent


def test_holding_the_connection_open_as_the_last_step_is_no_error() -> None:
    with scripted_peer([Send(b"x"), Hold(3600)]) as peer, connect(peer.address) as client:
        assert client.receive_exactly(1) == b"x"
        assert not peer.wait(0.05)
    assert peer.error is None


def test_a_client_that_never_closes() -> None:
    with scripted_peer([Send(b"x")]) as peer, connect(peer.address):
        # The script is over although the connection is not.
        assert peer.wait()
    assert peer.error is None


def test_nobody_connects() -> None:
    with scripted_peer([Send(b"x")], connections=2) as peer:
        assert not peer.wait(0.05)
    assert str(peer.error) == "0 of 2 connections had come when the peer was closed"
    assert peer.received == b""
    assert peer.transcript.events == ()


def test_a_client_that_leaves_too_early() -> None:
    with scripted_peer([ReceiveExactly(10)]) as peer:
        with connect(peer.address) as client:
            client.send(b"abc")
        assert peer.wait()
    assert isinstance(peer.error, EOFError)
    assert "3 of 10" in str(peer.error)


def test_a_client_that_resets() -> None:
    with scripted_peer([ReceiveToEnd()]) as peer:
        with connect(peer.address) as client:
            client.send(b"abc")
            client.reset()
        assert peer.wait()
    assert isinstance(peer.error, ConnectionResetError)


def test_sentences() -> None:
    assert [
        step.sentence
        for step in (
            Send(b"hello"),
            SendPaced(b"a"),
            SendPaced(b"ab", size=2, gap=1.5),
            ReceiveExactly(1),
            ReceiveToEnd(),
            ReceiveSlowly(),
            ReceiveSlowly(total=2000, size=10, gap=2),
            Pause(0.25),
            Hold(60),
            End(),
            Reset(),
            Close(),
        )
    ] == [
        "sends 5 bytes b'hello'",
        "sends 1 byte in pieces of 1, 2 ms apart, b'a'",
        "sends 2 bytes in pieces of 2, 1.5 s apart, b'ab'",
        "reads exactly 1 byte",
        "reads until the other side ends",
        "reads at most 65,536 bytes every 10 ms, until the other side ends",
        "reads at most 10 bytes every 2 s, until it has 2,000 bytes",
        "waits 250 ms",
        "keeps the connection open, silent, for 60 s",
        "ends its direction (shutdown)",
        "resets the connection",
        "closes the connection",
    ]


def test_a_step_of_ones_own() -> None:
    class Twice:
        sentence = "sends one byte twice"

        def play(self, conn: object, stopping: threading.Event) -> None:
            for _ in range(2):
                conn.send(b"x")  # type: ignore[attr-defined]

    with scripted_peer([Twice()]) as peer, connect(peer.address) as client:
        assert client.receive_to_end() == b"xx"


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="connections is 0"):
        scripted_peer([], connections=0)
    with scripted_peer([]) as peer, pytest.raises(OSError, match=f"port {peer.port} is in use"):
        scripted_peer([], port=peer.port)
