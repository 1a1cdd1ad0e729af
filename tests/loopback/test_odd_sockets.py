import contextlib
import os
import socket
import subprocess
import sys
from array import array
from collections.abc import Iterator

import pytest

from autograder.loopback import OneByteSocket, ShortSendSocket, one_byte, short_send


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    left, right = socket.socketpair()
    left.settimeout(5)
    right.settimeout(5)
    with left, right:
        yield left, right


Pair = tuple[socket.socket, socket.socket]


def test_every_receiving_call_returns_one_byte(pair: Pair) -> None:
    left, right = pair
    with one_byte(right) as sock:
        left.sendall(b"abcdefgh")
        assert sock.recv(100) == b"a"
        assert sock.recvfrom(100)[0] == b"b"
        buffer = bytearray(4)
        assert sock.recv_into(buffer) == 1 and buffer == b"c\0\0\0"
        assert sock.recv_into(buffer, 3) == 1 and buffer == b"d\0\0\0"
        assert sock.recvfrom_into(buffer)[0] == 1 and buffer == b"e\0\0\0"
        assert sock.recv(0) == b""
        assert sock.recv_into(bytearray()) == 0
        left.close()
        assert [sock.recv(10) for _ in range(4)] == [b"f", b"g", b"h", b""]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no recvmsg")
def test_recvmsg_returns_one_byte(pair: Pair) -> None:
    left, right = pair
    with one_byte(right) as sock:
        left.sendall(b"abc")
        assert sock.recvmsg(100)[0] == b"a"
        first, second = bytearray(0), bytearray(5)
        assert sock.recvmsg_into([first, second])[0] == 1
        assert second == b"b\0\0\0\0"


def test_a_negative_size_fails_as_usual(pair: Pair) -> None:
    with one_byte(pair[1]) as sock, pytest.raises(ValueError):
        sock.recv(-1)


def test_peeking_shows_one_byte_more_each_time(pair: Pair) -> None:
    left, right = pair
    with one_byte(right) as sock:
        left.sendall(b"abcdef")
        assert [sock.recv(4, socket.MSG_PEEK) for _ in range(5)] == [b"a", b"ab", b"abc", b"abcd", b"abcd"]
        # These four have arrived for certain, so a program may count on getting them together.
        assert sock.recv(3) == b"abc"
        assert sock.recv(100) == b"d"
        assert sock.recv(100) == b"e"
        assert sock.recv(100, socket.MSG_PEEK) == b"f"


@pytest.mark.skipif(not hasattr(socket, "MSG_WAITALL"), reason="no MSG_WAITALL here")
def test_waiting_for_all_gets_all(pair: Pair) -> None:
    left, right = pair
    with one_byte(right) as sock:
        sock.settimeout(None)
        left.sendall(b"abcdef")
        assert sock.recv(6, socket.MSG_WAITALL) == b"abcdef"


def test_makefile_reads_byte_by_byte_and_gets_everything(pair: Pair) -> None:
    left, right = pair
    with one_byte(right) as sock:
        left.sendall("first\nzwölf\nrest".encode())
        left.shutdown(socket.SHUT_WR)
        with sock.makefile("r", encoding="utf-8") as text:
            assert text.readline() == "first\n"
            assert text.read() == "zwölf\nrest"


def test_a_raw_file_returns_one_byte(pair: Pair) -> None:
    left, right = pair
    with one_byte(right) as sock:
        left.sendall(b"abc")
        with sock.makefile("rb", buffering=0) as raw:
            assert raw.read(10) == b"a"


def test_sending_is_as_usual_on_a_one_byte_socket(pair: Pair) -> None:
    left, right = pair
    with one_byte(right) as sock:
        assert sock.send(b"abc") == 3
        sock.sendall(b"def")
        assert left.recv(100) == b"abcdef"


def test_send_takes_at_most_its_limit(pair: Pair) -> None:
    left, right = pair
    with short_send(left) as sock:
        assert sock.send(bytes(5000)) == 1000
        assert sock.send(b"abc") == 3
        assert sock.send(b"") == 0
        assert sock.send(array("I", [0] * 500)) == 1000
        assert len(right.recv(10_000)) == 2003


def test_a_limit_of_ones_own(pair: Pair) -> None:
    left, right = pair
    with short_send(left, limit=3) as sock:
        assert sock.send(b"abcdef") == 3
        assert right.recv(10) == b"abc"
    assert ShortSendSocket.limit == 1000


def test_sendall_is_as_usual(pair: Pair) -> None:
    left, right = pair
    with short_send(left, limit=3) as sock:
        sock.sendall(b"abcdefgh")
        assert right.recv(100) == b"abcdefgh"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no sendmsg")
def test_sendmsg_is_short_too(pair: Pair) -> None:
    left, right = pair
    with short_send(left, limit=4) as sock:
        assert sock.sendmsg([b"ab", b"cde", b"f"]) == 4
        assert right.recv(100) == b"abcd"


def test_makefile_writes_everything_or_says_how_much(pair: Pair) -> None:
    left, right = pair
    with short_send(left, limit=3) as sock:
        with sock.makefile("wb") as buffered:
            buffered.write(b"abcdefgh")
        assert right.recv(100) == b"abcdefgh"
        with sock.makefile("wb", buffering=0) as raw:
            assert raw.write(b"abcdefgh") == 3
        assert right.recv(100) == b"abc"


def test_str_is_refused_as_usual(pair: Pair) -> None:
    with short_send(pair[0]) as sock, pytest.raises(TypeError, match="bytes-like"):
        sock.send("text")  # type: ignore[arg-type]


def test_conversion_keeps_timeout_and_detaches(pair: Pair) -> None:
    left, right = pair
    right.settimeout(1.5)
    with one_byte(right) as sock:
        assert sock.gettimeout() == 1.5
        assert right.fileno() == -1
        assert one_byte(sock) is sock
    left.setblocking(False)
    with short_send(left) as short:
        assert short.gettimeout() == 0


def test_datagrams_stay_whole() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as plain, socket.socket(type=socket.SOCK_DGRAM) as other:
        plain.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        plain.connect(other.getsockname())
        other.connect(plain.getsockname())
        with short_send(plain, limit=2) as sender, one_byte(other) as receiver:
            receiver.settimeout(5)
            assert sender.send(b"whole") == 5
            assert receiver.recv(100) == b"whole"
            assert sender.send(b"again") == 5
            assert receiver.recvfrom(100)[0] == b"again"


@pytest.mark.parametrize("convert", [one_byte, lambda sock: short_send(sock, 7)], ids=["one", "short"])
def test_accept_gives_the_same_kind(convert: object) -> None:
    with convert(socket.create_server(("127.0.0.1", 0))) as listener:  # type: ignore[operator]
        with socket.create_connection(listener.getsockname()):
            conn, _ = listener.accept()
            with conn:
                assert type(conn) is type(listener)
                assert getattr(conn, "limit", 7) == 7


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing(pair: Pair, limit: int) -> None:
    with pytest.raises(ValueError, match=f"limit is {limit}"):
        short_send(pair[0], limit=limit)


SWAPPED = """
import asyncio, socket
from autograder.loopback import OneByteSocket, ShortSendSocket, short_send
socket.socket = {kind}

with socket.create_server(("127.0.0.1", 0)) as listener:
    with socket.create_connection(listener.getsockname()) as client:
        conn, _ = listener.accept()
        with conn:
            kinds = {{type(listener), type(client), type(conn), type(conn.dup())}}
            assert kinds == {{{kind}}}, kinds
            a, b = socket.socketpair()
            assert type(a) is type(b) is {kind}
            print(client.send(bytes(5000)), len(conn.recv(5000)))

async def ask():
    async def answer(reader, writer):
        writer.write(await reader.readexactly(3000))
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(bytes(3000))
        got = await reader.read()
        writer.close()
        return len(got)

print(asyncio.run(ask()))
"""


@pytest.mark.parametrize(
    ("kind", "printed"), [("OneByteSocket", ["5000 1", "3000"]), ("ShortSendSocket", ["1000 1000", "3000"])]
)
def test_swapped_in_for_every_socket_of_a_process(kind: str, printed: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", SWAPPED.format(kind=kind)], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.splitlines() == printed


def test_they_are_sockets() -> None:
    with contextlib.ExitStack() as stack:
        for kind in (OneByteSocket, ShortSendSocket):
            assert isinstance(stack.enter_context(kind()), socket.socket)
