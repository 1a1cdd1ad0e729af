"""Messages between kernel and judge: whole ones arrive in order, anything else is an error that says so."""

from __future__ import annotations

import io
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.judge.channel import Channel
from autograder.judge.plain import MAX_BYTES, NotPlain, encode

unhurried = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

Pair = tuple[Channel, Channel]

messages = st.lists(
    st.dictionaries(st.text(max_size=5), st.integers() | st.binary(max_size=300) | st.lists(st.text()), max_size=4),
    max_size=6,
)


def over_pipes() -> Pair:
    """Two ends over two pipes, as the kernel and its child have them."""
    (here_reads, there_writes), (there_reads, here_writes) = os.pipe(), os.pipe()
    return (
        Channel(os.fdopen(here_reads, "rb"), os.fdopen(here_writes, "wb")),
        Channel(os.fdopen(there_reads, "rb"), os.fdopen(there_writes, "wb")),
    )


def over_sockets() -> Pair:
    """Two ends over a pair of sockets."""
    ends = socket.socketpair()
    made = tuple(Channel(end.makefile("rb"), end.makefile("wb")) for end in ends)
    for end in ends:
        end.close()  # the files keep the connection open
    return cast(Pair, made)


@pytest.fixture(params=[over_pipes, over_sockets])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    make: Callable[[], Pair] = request.param
    ends = make()
    yield ends
    for end in ends:
        end.close()


def sent(*items: object) -> bytes:
    """The bytes that a channel writes for these messages."""
    written = io.BytesIO()
    channel = Channel(io.BytesIO(), cast(BinaryIO, written))
    for item in items:
        channel.send(item)
    return written.getvalue()


class OneByte(io.RawIOBase):
    """A stream that gives a single byte to each read, as a slow pipe may."""

    def __init__(self, data: bytes) -> None:
        self._rest = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._rest.readinto(memoryview(buffer)[:1])


@unhurried
@given(messages)
def test_messages_arrive_in_order_however_the_bytes_come(items: list[Any]) -> None:
    for reader in (io.BytesIO(sent(*items)), io.BufferedReader(OneByte(sent(*items)))):
        channel = Channel(cast(BinaryIO, reader), io.BytesIO())
        assert [channel.receive() for _ in items] == items
        with pytest.raises(EOFError):
            channel.receive()


def test_the_length_goes_first_as_four_bytes() -> None:
    assert sent([1, "é"]) == struct.pack("!I", len(encode([1, "é"]))) + encode([1, "é"])


@unhurried
@given(st.binary(max_size=100))
def test_any_bytes_are_a_message_or_an_error_that_says_so(data: bytes) -> None:
    channel = Channel(io.BytesIO(data), io.BytesIO())
    for _ in range(len(data) + 1):
        try:
            channel.receive()
        except ValueError:
            continue
        except EOFError:
            return
    raise AssertionError("the end was never seen")


@pytest.mark.parametrize("missing", [1, 3, 5, 8])
def test_an_end_inside_a_message_is_an_end_and_counted(missing: int) -> None:
    whole = sent([b"abc"])
    channel = Channel(io.BytesIO(whole[:-missing]), io.BytesIO())
    with pytest.raises(EOFError, match=r"after \d of \d bytes"):
        channel.receive()


def test_a_length_beyond_the_limit_is_refused_before_anything_is_read() -> None:
    class NoMore(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert size == 4, "nobody may wait for, or make room for, so much"
            return super().read(size)

    channel = Channel(NoMore(struct.pack("!I", MAX_BYTES + 1)), io.BytesIO())
    with pytest.raises(ValueError, match=f"{MAX_BYTES + 1} bytes is more than the {MAX_BYTES} allowed"):
        channel.receive()


def test_both_directions_at_once(pair: Pair) -> None:
    here, there = pair
    # More than the buffers of a pipe or socket hold: whoever sends needs the other one to read.
    block = os.urandom(1_000_000)

    def answer() -> None:
        for _ in range(3):
            there.send([there.receive()])

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    for number in range(3):
        here.send({number: block})
        assert here.receive() == [{number: block}]
    thread.join()


def test_threads_may_send_at_once(pair: Pair) -> None:
    here, there = pair

    def talk(who: int) -> None:
        for _ in range(10):
            here.send([who, bytes(50_000)])

    threads = [threading.Thread(target=talk, args=(who,), daemon=True) for who in range(4)]
    for thread in threads:
        thread.start()
    got = [there.receive() for _ in range(40)]
    for thread in threads:
        thread.join()
    assert sorted(who for who, _ in got) == sorted(list(range(4)) * 10)
    assert all(block == bytes(50_000) for _, block in got), "no message is inside another"


def test_a_message_that_is_not_plain_leaves_the_channel_as_it_was(pair: Pair) -> None:
    here, there = pair
    with pytest.raises(NotPlain):
        here.send([1, object()])
    here.send("next")
    assert there.receive() == "next"


def test_after_a_close_the_other_end_reads_the_rest_and_then_the_end(pair: Pair) -> None:
    here, there = pair
    here.send("last words")
    here.close()
    here.close()
    assert there.receive() == "last words"
    with pytest.raises(EOFError):
        there.receive()
    with pytest.raises(OSError):
        for _ in range(2):  # a socket's buffer takes the first
            there.send("nobody reads this")
