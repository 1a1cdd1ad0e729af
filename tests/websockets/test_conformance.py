"""The conformance suite against our solution, against the `websockets` library, and against sloppy servers."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from websockets.asyncio.server import ServerConnection, serve

from autograder.checks.websockets_bytes.conformance import cases, runner
from autograder.checks.websockets_bytes.conformance.case import Await, Case, Outcome, Send, matches
from autograder.checks.websockets_bytes.conformance.frames import Event, Fill, Frame, ServerFrames
from autograder.checks.websockets_bytes.frames import BINARY, PING, TEXT
from autograder.loopback import background_server
from autograder.loopback.listening import listen
from tests import bank
from tests.websockets import sloppy

Address = tuple[str, int]

AT_ONCE = 8
"""Cases side by side where many are expected to wait in vain."""


def play(of_them: Iterable[Case], address: Address, *, at_once: int = 2, patience: float = 2.0) -> list[runner.Result]:
    """Run cases against a server, several at once."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda case: runner.run(case, address, patience=patience), of_them))


def told(results: Iterable[runner.Result]) -> str:
    return "\n" + "\n".join(map(str, results))


# The suite itself.


def test_the_suite_is_large_and_names_are_unique() -> None:
    assert len(cases.CASES) >= 120
    assert len({case.name for case in cases.CASES}) == len(cases.CASES)
    assert {case.section for case in cases.CASES} == set(cases.SECTIONS)
    assert all(case.allowed and case.allowed[0].rank == "pass" and case.source for case in cases.CASES)


def test_the_sizes_that_matter_are_there_whole_and_in_chops() -> None:
    names = {case.name for case in cases.of_section("framing")}
    for kind in ("text", "binary"):
        for size in (0, 125, 126, 127, 128, 65535, 65536, 65537):
            assert f"framing: {kind} of {size} bytes" in names
            assert any(name.startswith(f"framing: {kind} of {size} bytes in chops") for name in names)


def test_every_case_tells_what_it_sends_and_expects() -> None:
    assert all((case.sent or case.head is not None) and case.expected for case in cases.CASES)


@pytest.mark.parametrize(
    ("frame", "octets"),
    [  # RFC 6455 section 5.7
        (Frame(TEXT, b"Hello", key=None), "810548656c6c6f"),
        (Frame(TEXT, b"Hello"), "818537fa213d7f9f4d5158"),
        (Frame(TEXT, b"Hel", fin=False, key=None), "010348656c"),
        (Frame(PING, b"Hello", key=None), "890548656c6c6f"),
    ],
)
def test_frames_are_those_of_the_rfc(frame: Frame, octets: str) -> None:
    assert bytes(frame).hex() == octets


def test_lengths_of_the_rfc() -> None:
    assert bytes(Frame(BINARY, Fill(b"a", 256), key=None))[:4].hex() == "827e0100"
    assert bytes(Frame(BINARY, Fill(b"a", 65536), key=None))[:10].hex() == "827f0000000000010000"


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        ("8182010203040102", "must not mask"),
        ("c1026869", "reserved bit"),
        ("83026869", "opcode 0x3"),
        ("817e00026869", "fewest bytes"),
        ("817f00000000000000026869", "fewest bytes"),
        ("09026869", "never fragmented"),
        ("8101ff", "UTF-8"),
        ("8000", "without a beginning"),
        ("880103", "0 bytes, or 2 and more"),
    ],
)
def test_a_wrong_frame_of_a_server_is_noticed(octets: str, words: str) -> None:
    (event,) = ServerFrames().feed(bytes.fromhex(octets))
    assert event.kind == "broken"
    assert words in event.data.decode()


def test_frames_of_a_server_in_pieces() -> None:
    frames = bytes.fromhex("0101c3 8900 8001a9 820107 880203e8")
    reader = ServerFrames()
    events = [event for byte in frames for event in reader.feed(bytes([byte]))]
    assert events == [
        Event("ping"), Event("text", "é".encode()), Event("binary", b"\x07"), Event("close", b"", 1000),
    ]  # fmt: skip
    assert not reader.unfinished


def test_an_outcome_wants_every_part() -> None:
    outcome = Outcome(messages=(("text", b"a"),), pongs=(b"b",))
    events = [Event("pong", b"b"), Event("text", b"a"), Event("close", b"", 1000), Event("end")]
    assert matches(outcome, events, 101, {}, False)
    assert not matches(outcome, events, 400, {}, False)
    for missing in range(len(events)):
        assert not matches(outcome, events[:missing] + events[missing + 1 :], 101, {}, False)
    assert not matches(outcome, [*events[:1], Event("binary", b"a"), *events[2:]], 101, {}, False)
    assert not matches(outcome, [*events[:3], Event("text", b"a"), events[3]], 101, {}, False)


def test_a_result_tells_what_was_sent_expected_and_got() -> None:
    case = Case("x: a ping", "5.5.2", (Send((Frame(PING, b"?"),)), Await(1)), (Outcome(pongs=(b"?",)),))
    with background_server(partial(sloppy.serve, slips=["sends no pong"])) as server:
        result = runner.run(case, server.address, patience=0.1)
    assert result.verdict == "fail"
    text = str(result)
    assert "sent      ping b'?'" in text
    assert "expected  pong b'?', close 1000" in text
    assert "got       then nothing for 0." in text


# Our solution.


@pytest.fixture(scope="module")
def solution() -> Iterator[Address]:
    """serve_ws_echo of the solutions, in a thread."""
    names: dict[str, Callable[[socket.socket], None]] = {}
    exec(bank.solutions()["serve_ws_echo"], names)
    listener = listen(socket.AF_INET)
    thread = threading.Thread(target=names["serve_ws_echo"], args=(listener,), daemon=True)
    thread.start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5.0)
    assert not thread.is_alive()


@pytest.mark.parametrize("section", cases.SECTIONS)
def test_the_solution_passes_every_case(solution: Address, section: str) -> None:
    results = play(cases.of_section(section), solution)
    assert not [result for result in results if result.verdict != "pass"], told(
        result for result in results if result.verdict != "pass"
    )


# The library, and where it differs.

LONG_FORM = "a length need not be written in the fewest bytes"
LATE = "text is decoded when its message has ended; the RFC names no moment"

DIFFERS = {
    "handshake: version 12": ("fail", "4.4", "the refusal has no Sec-WebSocket-Version"),
    "handshake: version 99": ("fail", "4.4", "the refusal has no Sec-WebSocket-Version"),
    "handshake: no Host": ("fail", "4.2.1", "it does not ask for a Host field"),
    "lengths: 0 written in 2 bytes": ("fail", "5.2", LONG_FORM),
    "lengths: 1 written in 2 bytes": ("fail", "5.2", LONG_FORM),
    "lengths: 125 written in 2 bytes": ("fail", "5.2", LONG_FORM),
    "lengths: 0 written in 8 bytes": ("fail", "5.2", LONG_FORM),
    "lengths: 125 written in 8 bytes": ("fail", "5.2", LONG_FORM),
    "lengths: 126 written in 8 bytes": ("fail", "5.2", LONG_FORM),
    "lengths: 65535 written in 8 bytes": ("fail", "5.2", LONG_FORM),
    "lengths: a ping of 2 bytes, written in 2 more": ("fail", "5.2", LONG_FORM),
    "lengths: a close of 2 bytes, written in 2 more": ("fail", "5.2", LONG_FORM),
    "fail-fast: a surrogate in the first of two fragments": ("lenient", "8.1", LATE),
    "fail-fast: a byte 0xFF in the first of two fragments": ("lenient", "8.1", LATE),
    "fail-fast: a code point above U+10FFFF in the first of two fragments": ("lenient", "8.1", LATE),
    "fail-fast: a code point broken by the second of three fragments": ("lenient", "8.1", LATE),
    "close: in one piece with a message": ("lenient", "5.5.1", "what waits to be echoed is dropped at a Close"),
    "close: in the middle of a message": ("fail", "5.5.1", "it answers 1002, though a control frame may come there"),
}
"""Where the library does not pass: the verdict, the section of the RFC, and how it differs."""


@contextmanager
def library() -> Iterator[Address]:
    """The `websockets` library's echo server, in a thread."""
    started: list[Address] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()

    async def echo(websocket: ServerConnection) -> None:
        async for message in websocket:
            await websocket.send(message)

    async def main() -> None:
        logger = logging.getLogger("tests.websockets.library")
        logger.setLevel(logging.CRITICAL + 1)  # it tells of every case that breaks a rule
        async with serve(echo, "127.0.0.1", 0, max_size=cases.LIMIT, compression=None, logger=logger) as server:
            started.append(next(iter(server.sockets)).getsockname())
            ready.set()
            await stopping.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(10.0)
    yield started[0]
    loop.call_soon_threadsafe(stopping.set)
    thread.join(10.0)
    assert not thread.is_alive()
    loop.close()


@pytest.fixture(scope="module")
def library_address() -> Iterator[Address]:
    with library() as address:
        yield address


@pytest.mark.parametrize("section", cases.SECTIONS)
def test_the_library_differs_where_we_say_so_and_nowhere_else(library_address: Address, section: str) -> None:
    results = play(cases.of_section(section), library_address, at_once=AT_ONCE, patience=1.0)
    found = {result.case.name: result.verdict for result in results if result.verdict != "pass"}
    stated = {name: verdict for name, (verdict, _, _) in DIFFERS.items() if name.startswith(f"{section}:")}
    assert found == stated, told(result for result in results if result.verdict != "pass")


def test_every_difference_names_the_section_of_its_case() -> None:
    by_name = {case.name: case for case in cases.CASES}
    assert all(by_name[name].source == section and how for name, (_, section, how) in DIFFERS.items())


# Sloppy servers.

LIGHT = [case for case in cases.CASES if not case.heavy]


def _failed(results: Iterable[runner.Result]) -> list[runner.Result]:
    return [result for result in results if result.verdict == "fail"]


def failing_sections(slips: Iterable[str]) -> tuple[set[str], list[runner.Result]]:
    """The sections with at least one failed case, and the failed cases."""
    with background_server(partial(sloppy.serve, slips=frozenset(slips))) as server:
        failed = _failed(play(LIGHT, server.address, at_once=AT_ONCE, patience=0.4))
        # A slip shows again, with more patience too; a moment in which a loaded machine did nothing does not.
        failed = _failed(play([result.case for result in failed], server.address, at_once=AT_ONCE, patience=1.0))
    return {result.case.section for result in failed}, failed


def test_a_server_without_a_slip_passes() -> None:
    sections, failed = failing_sections([])
    assert not sections, told(failed)


@pytest.mark.parametrize("slip", sloppy.SLIPS)
def test_each_slip_shows_where_it_must(slip: str) -> None:
    sections, failed = failing_sections([slip])
    assert sections == sloppy.SLIPS[slip], told(failed)


def test_the_sloppy_server_fails_in_these_sections() -> None:
    sections, failed = failing_sections(sloppy.SLOPPY)
    assert sections == {
        "handshake", "lengths", "masking", "reserved", "opcodes", "control", "fragments", "utf8", "fail-fast",
        "close", "limits",
    }, told(failed)  # fmt: skip
    assert len(failed) >= 100
