"""Transcripts: what is recorded is all there, and what is printed is short and says what it leaves out."""

import threading
from collections.abc import Callable

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.wire import Event, Transcript


def ticking(step: float = 0.001) -> Callable[[], float]:
    """A clock that goes on by `step` seconds each time it is read."""
    now = 1000.0

    def clock() -> float:
        nonlocal now
        now += step
        return now

    return clock


def test_golden_conversation() -> None:
    transcript = Transcript("One client", clock=ticking())
    transcript.note("check connects")
    transcript.sent(b"hello world")
    for value in b"hello world":
        transcript.received(bytes([value]))
    transcript.note("check ends its direction")
    transcript.received(b"\x00" * 1000)
    assert (
        "\n" + transcript.text() + "\n"
        == r"""
One client
    1.0 ms  -- check connects
    2.0 ms  check -> your code     11 bytes  b'hello world'
    3.0 ms  check <- your code     11 bytes  b'hello world'  (11 pieces over 10.0 ms)
   14.0 ms  -- check ends its direction
   15.0 ms  check <- your code  1,000 bytes  b'\x00\x00' ... 996 bytes ... b'\x00\x00'
"""
    )
    assert (
        "\n" + transcript.text(times=False, width=72) + "\n"
        == r"""
One client
-- check connects
check -> your code     11 bytes  b'hello world'
check <- your code     11 bytes  b'hello world'  (11 pieces)
-- check ends its direction
check <- your code  1,000 bytes  b'\x00\x00' ... 997 bytes ... b'\x00'
"""
    )
    assert str(transcript) == transcript.text(times=False)


def test_names_of_both_ends() -> None:
    transcript = Transcript(local="client", remote="server")
    transcript.received(b"hi")
    assert transcript.text(times=False) == "client <- server  2 bytes  b'hi'"


def test_nothing() -> None:
    assert Transcript().text() == "(nothing crossed)"
    assert "(nothing crossed)" in Transcript().html()


def lines_of(*pieces: bytes) -> int:
    transcript = Transcript()
    for piece in pieces:
        transcript.received(piece)
    return len(transcript.text().split("\n"))


def test_which_pieces_become_one_line() -> None:
    assert lines_of(*[b"a"] * 40) == 1
    assert lines_of(b"a", b"b", b"c") == 3, "three messages are shown as three"
    assert lines_of(*[bytes(16384)] * 9, bytes(17)) == 1, "a large transfer, its last piece small"
    assert lines_of(*[bytes(100)] * 6) == 6, "neither tiny nor bulk: perhaps messages"
    assert lines_of(*[b"a"] * 4, bytes(5000), *[b"a"] * 4) == 3
    assert lines_of(*[b""] * 5) == 5, "empty datagrams are each an event of their own"


def test_a_note_and_the_other_direction_end_a_run() -> None:
    transcript = Transcript()
    for _ in range(5):
        transcript.received(b"a")
    transcript.note("a pause")
    for _ in range(5):
        transcript.received(b"b")
    for _ in range(5):
        transcript.sent(b"c")
    assert transcript.text(times=False) == (
        "check <- your code  5 bytes  b'aaaaa'  (5 pieces)\n"
        "-- a pause\n"
        "check <- your code  5 bytes  b'bbbbb'  (5 pieces)\n"
        "check -> your code  5 bytes  b'ccccc'  (5 pieces)"
    )


def test_the_middle_is_left_out_and_counted() -> None:
    transcript = Transcript("Many")
    for number in range(20):
        transcript.sent(b"question %02d" % number)
        transcript.received(b"answer %02d" % number)
    assert transcript.text(limit_lines=4, times=False) == (
        "Many\n"
        "check -> your code  11 bytes  b'question 00'\n"
        "... 37 lines left out, 198 bytes sent, 171 bytes received ...\n"
        "check -> your code  11 bytes  b'question 19'\n"
        "check <- your code   9 bytes  b'answer 19'"
    )
    assert len(transcript.text(limit_lines=None).split("\n")) == 41
    assert transcript.text(limit_lines=1, times=False).startswith(
        "Many\n... 40 lines left out, 220 bytes sent"
    )
    with pytest.raises(ValueError, match="limit_lines=0: must be 1 or more"):
        transcript.text(limit_lines=0)


def test_a_note_stays_on_its_line() -> None:
    transcript = Transcript("a\nb")
    transcript.note("one\ntwo \x1b[31mred")
    assert transcript.text(times=False) == "a\\nb\n-- one\\ntwo \\x1b[31mred"


def test_times_count_from_the_start() -> None:
    transcript = Transcript(clock=ticking(0.5))
    transcript.sent(b"a")
    transcript.received(bytearray(b"b"))
    transcript.note("the end")
    assert transcript.events == (
        Event(0.5, "sent", b"a", ""),
        Event(1.0, "received", b"b", ""),
        Event(1.5, "note", b"", "the end"),
    )


def test_text_in_place_of_bytes_is_refused() -> None:
    with pytest.raises(TypeError, match="encode the text first"):
        Transcript().sent("abc")  # type: ignore[arg-type]


actions = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["sent", "received"]), st.binary(max_size=12)),
        st.tuples(st.just("note"), st.text(st.characters(codec="utf-8"), max_size=12)),
    ),
    max_size=40,
)


@given(actions, st.integers(1, 15), st.booleans())
def test_everything_recorded_is_kept_and_everything_printed_is_bounded(
    done: list[tuple[str, bytes | str]], limit: int, times: bool
) -> None:
    transcript = Transcript("title", clock=ticking())
    for name, argument in done:
        getattr(transcript, name)(argument)
    assert transcript.all_sent == b"".join(e.data for e in transcript.events if e.kind == "sent")
    assert transcript.all_received == b"".join(e.data for e in transcript.events if e.kind == "received")
    assert [(event.kind, event.text or event.data) for event in transcript.events] == [
        (name, argument or b"") for name, argument in done
    ]
    lines = transcript.text(limit_lines=limit, times=times).split("\n")
    assert 2 <= len(lines) <= limit + 1
    assert all(len(line) <= 100 for line in lines if "--" not in line)
    assert transcript.html(limit_lines=limit).count("<tr>") == 1 + len(lines) - 1


@given(actions)
def test_plain_and_back(done: list[tuple[str, bytes | str]]) -> None:
    transcript = Transcript("títle", local="client", remote="server", clock=ticking())
    for name, argument in done:
        getattr(transcript, name)(argument)
    # Through msgpack, as it travels.
    again = Transcript.from_plain(msgpack.unpackb(msgpack.packb(transcript.to_plain())))
    assert again.events == transcript.events
    assert (again.title, again.local, again.remote) == ("títle", "client", "server")
    assert again.text() == transcript.text() and again.html() == transcript.html()


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        (["title"], "must be [title, local, remote, [event, ...]]"),
        ("abcd", "must be [title, local, remote, [event, ...]]"),
        (["t", "l", "r", [[0.1, "sent", b"a", ""], [0.2, "lost", b"", ""]]], "event 1 of a plain transcript"),
        (["t", "l", "r", [[0.1, "sent", "not bytes", ""]]], "event 0 of a plain transcript"),
    ],
    ids=["too short", "text", "unknown kind", "text for bytes"],
)
def test_what_is_not_a_plain_transcript_is_refused(plain: list[object], words: str) -> None:
    with pytest.raises(ValueError) as caught:
        Transcript.from_plain(plain)
    assert words in str(caught.value)


def test_many_threads_lose_nothing() -> None:
    transcript = Transcript()
    threads, each = 8, 500
    start = threading.Barrier(threads + 1)

    def write(number: int) -> None:
        start.wait()
        for turn in range(each):
            transcript.sent(b"%d:%04d;" % (number, turn))

    running = [threading.Thread(target=write, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    start.wait()
    while any(thread.is_alive() for thread in running):
        transcript.text()  # Reading while others write must not fail either.
    for thread in running:
        thread.join()
    events = transcript.events
    assert len(events) == threads * each
    assert [event.time for event in events] == sorted(event.time for event in events)
    for number in range(threads):
        own = [event.data for event in events if event.data.startswith(b"%d:" % number)]
        assert own == [b"%d:%04d;" % (number, turn) for turn in range(each)]


def test_events_are_a_snapshot() -> None:
    transcript = Transcript()
    before = transcript.events
    transcript.sent(b"a")
    assert before == () and len(transcript.events) == 1
