"""The timelines explorer: its states are those of RFC 9293, and those of a running kernel."""

from __future__ import annotations

import re
import socket
import struct
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from autograder.loopback.waits import seconds
from explorers.timelines import timelines
from explorers.timelines_model import SOCKETS, TRANSITIONS, Scenario, Segment, Step
from explorers.timelines_stories import SCENARIOS

# RFC 9293, section 3.3.2: "the states are".
STATES = {
    *("LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"),
    *("CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT", "CLOSED"),
}
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)


def test_the_states_are_those_of_the_rfc_and_all_are_shown() -> None:
    assert {state for (state, _), _ in TRANSITIONS.items()} | set(TRANSITIONS.values()) == STATES
    shown = {state for scenario in SCENARIOS.values() for now in scenario.states() for state in now.values()}
    assert shown == STATES


def test_every_transition_is_taken_by_some_scenario() -> None:
    taken = {event for scenario in SCENARIOS.values() for step in scenario.steps for _, event in step.events}
    assert taken - {"socket()"} == {event for _, event in TRANSITIONS}


def test_an_impossible_event_is_an_error() -> None:
    step = Step("client", "", "", events=(("sock", "2 MSL pass"),))
    story = Scenario("odd", "Odd", "", (step,), {"sock": "CLOSED"})
    with pytest.raises(ValueError, match="odd, step 1: sock is CLOSED, which knows no '2 MSL pass'"):
        story.states()


@every_scenario
def test_a_fin_or_syn_is_drawn_where_the_state_machine_sends_one(scenario: Scenario) -> None:
    """The arrows agree with the events: opening sends SYN, closing FIN, refusing and aborting RST."""
    for step in scenario.steps:
        for name, event in step.events:
            wanted = {"active open": "SYN", "close": "FIN, ACK", "abort": "RST, ACK"}.get(event)
            if wanted:
                assert Segment(SOCKETS[name], wanted) in step.segments
        sent = {segment.sender for segment in step.segments}
        for name, event in step.events:
            if event.startswith("receive") and len(step.segments) == 1:
                assert sent == {"client", "server"} - {SOCKETS[name]}


def test_the_examples_of_rfc_9293_figures_6_12_and_13() -> None:
    """Three-way handshake, normal close, simultaneous close, as (side A, side B)."""
    normal = [(now.get("sock"), now.get("conn")) for now in SCENARIOS["normal"].states()]
    assert [pair for pair in dict.fromkeys(normal) if pair[1]] == [
        ("SYN-SENT", "SYN-RECEIVED"),
        ("ESTABLISHED", "SYN-RECEIVED"),
        ("ESTABLISHED", "ESTABLISHED"),
        ("FIN-WAIT-1", "CLOSE-WAIT"),
        ("FIN-WAIT-2", "CLOSE-WAIT"),
        ("TIME-WAIT", "LAST-ACK"),
        ("TIME-WAIT", "CLOSED"),
        ("CLOSED", "CLOSED"),
    ]
    both = [(now["sock"], now["conn"]) for now in SCENARIOS["both-close"].states()]
    assert [pair[0] for pair in both] == ["ESTABLISHED", "FIN-WAIT-1", "CLOSING", "TIME-WAIT", "CLOSED"]
    assert all(left == right for left, right in both)


# --- what a reader gets -------------------------------------------------------------------------------------


@every_scenario
def test_picture_and_words_stand_without_a_kernel(scenario: Scenario) -> None:
    figure = timelines(scenario.key)
    data, _ = figure._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    picture = ET.fromstring(data["image/svg+xml"])
    space = "{http://www.w3.org/2000/svg}"
    assert picture.get("role") == "img"
    assert picture.find(f"{space}title") is not None
    assert (picture.findtext(f"{space}desc") or "").startswith(scenario.title)
    rows = [row.get("data-row") for row in picture.iter(f"{space}g")]
    assert rows == [str(number) for number in range(1, len(scenario.steps) + 1)]
    for step in scenario.steps:
        assert step.call in data["text/plain"]
        assert all(text in data["text/plain"] for text in (step.client, step.server))
    assert data == timelines(scenario.key)._repr_mimebundle_()[0] | {
        "application/vnd.jupyter.widget-view+json": data["application/vnd.jupyter.widget-view+json"]
    }


def test_the_front_end_asks_the_network_for_nothing() -> None:
    text = timelines()._esm + timelines()._css
    assert not re.search(r"https?:|import |@import|url\(", text)


def test_a_wrong_scenario_or_step_is_said() -> None:
    with pytest.raises(ValueError, match="there is no scenario 'polite'; there are normal, half-close"):
        timelines("polite")
    with pytest.raises(ValueError, match=r"step 99 is not in 0\.\.4, the steps of 'refused'"):
        timelines("refused", 99)


# --- the same steps on real sockets -------------------------------------------------------------------------

# include/net/tcp_states.h; /proc/net/tcp and TCP_INFO use these numbers.
LINUX = dict(
    enumerate(
        (
            *("ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"),
            *("CLOSED", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING"),
        ),
        start=1,
    )
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads TCP states from /proc/net/tcp and TCP_INFO")


def kernel_state(local: int, remote: int) -> str:
    """The state of the connection between two ports as /proc/net/tcp has it; CLOSED if it has none."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table.readlines()[1:]:
            _, here, there, state = line.split()[:4]
            if (int(here.split(":")[1], 16), int(there.split(":")[1], 16)) == (local, remote):
                return LINUX[int(state, 16)]
    return "CLOSED"


def socket_state(sock: socket.socket) -> str:
    """The state that TCP_INFO tells: the first byte of struct tcp_info."""
    return LINUX[struct.unpack_from("B", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104))[0]]


def comes_true(condition: Callable[[], bool], limit: float = 2.0) -> bool:
    """Whether something becomes true in time."""
    end = time.monotonic() + seconds(limit)
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


class Stage:
    """A client and a server thread that make the calls of a scenario, as written in it."""

    def __init__(self, scenario: Scenario) -> None:
        self.names: dict[str, Any] = {"socket": socket, "SHUT_WR": socket.SHUT_WR}
        self.ports: dict[str, tuple[int, int]] = {}
        self.threads = {side: ThreadPoolExecutor(1) for side in ("client", "server")}
        self.pending: dict[str, Future[Any]] = {}
        if scenario.start:
            for step in SCENARIOS["normal"].steps[:3]:
                self.call("server", step.call).result()
            self.names["sock"] = socket.create_connection(self.names["listener"].getsockname())
            self.names["conn"], _ = self.names["listener"].accept()
            self.learn_ports()
        if "listener" not in scenario.start and scenario.key == "refused":
            with socket.socket() as nobody:
                nobody.bind(("127.0.0.1", 0))
                self.names["address"] = nobody.getsockname()

    def call(self, side: str, text: str) -> Future[Any]:
        """Run one line of Python in the side's thread; its value, for an expression."""

        def run() -> Any:
            if " = " in text:
                exec(text, self.names)
                return None
            return eval(text, self.names)

        self.pending[side] = self.threads[side].submit(run)
        return self.pending[side]

    def learn_ports(self) -> None:
        """Remember who is who while the sockets can still be asked."""
        listener = self.names.get("listener")
        if listener is not None and listener.fileno() != -1 and (port := listener.getsockname()[1]):
            self.ports["listener"] = (port, 0)
            self.names["address"] = listener.getsockname()
            sock = self.names.get("sock")
            if sock is not None and sock.fileno() != -1 and (own := sock.getsockname()[1]):
                self.ports["sock"], self.ports["conn"] = (own, port), (port, own)

    def states(self) -> dict[str, str]:
        """What the kernel says of the three sockets."""
        self.learn_ports()
        return {name: kernel_state(*self.ports[name]) if name in self.ports else "CLOSED" for name in SOCKETS}

    def shows(self, wanted: dict[str, str]) -> bool:
        """Whether the kernel has come to these states."""
        return self.states() == wanted


@contextmanager
def on_stage(scenario: Scenario) -> Iterator[Stage]:
    stage = Stage(scenario)
    try:
        yield stage
    finally:
        for name in SOCKETS:
            if isinstance(one := stage.names.get(name), socket.socket) and one.fileno() != -1:
                try:
                    one.shutdown(socket.SHUT_RDWR)  # wakes a thread that still waits in it
                except OSError:
                    pass
                one.close()
        for thread in stage.threads.values():
            thread.shutdown()


def agrees(future: Future[Any], told: str) -> bool:
    """Whether a call did what the scenario tells: blocks, returns something, raises something."""
    if told == "blocks":
        return not future.done()
    if told.endswith("Error"):
        return type(future.exception(seconds(2))).__name__ == told
    value = future.result(seconds(2))
    _, _, wanted = told.partition("returns")
    return wanted.strip() in ("", "conn") or repr(value) == wanted.strip()


@linux
@pytest.mark.parametrize("key", ["normal", "half-close", "refused", "reset"])
def test_the_kernel_goes_through_the_same_states(key: str) -> None:
    """Every call is made for real; whenever the kernels are at rest, their states are the explorer's."""
    scenario = SCENARIOS[key]
    states = scenario.states()
    compared = 0
    with on_stage(scenario) as stage:
        for number, step in enumerate(scenario.steps, 1):
            if any(event == "2 MSL pass" for _, event in step.events):
                continue  # a minute on Linux
            # accept() in the picture returns when the handshake is complete, which is the step after
            if step.call:
                assert step.who in SOCKETS.values()
                stage.call(step.who, step.call)
            next_step = scenario.steps[number] if number < len(scenario.steps) else None
            if next_step and next_step.who == "kernels" and not any("MSL" in e for _, e in next_step.events):
                continue  # this state passes at once: the kernels are still at it
            if step.call and (told := getattr(step, step.who)) and told != "blocks":
                assert agrees(stage.pending[step.who], told), (number, step.call, told)
            for side in ("client", "server"):
                told = getattr(step, side)
                if side != step.who and told:
                    assert agrees(stage.pending[side], told), (number, side, told)
            if step.call and getattr(step, step.who) == "blocks":
                time.sleep(0.03)
                assert agrees(stage.pending[step.who], "blocks"), (number, step.call)
            wanted = {name: states[number].get(name, "CLOSED") for name in SOCKETS}
            assert comes_true(partial(stage.shows, wanted)), (number, wanted, stage.states())
            compared += 1
    assert compared >= 3


@linux
def test_the_states_that_pass_at_once_can_be_held_and_are_the_same() -> None:
    """FIN-WAIT-1, CLOSING and LAST-ACK, held by full buffers; SYN-SENT, held by a full queue."""

    def fill(sock: socket.socket) -> None:
        sock.setblocking(False)
        try:
            while True:
                sock.send(bytes(65536))
        except BlockingIOError:
            pass

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        sock = socket.create_connection(listener.getsockname())
        conn, _ = listener.accept()
        with sock, conn:
            fill(sock)
            sock.shutdown(socket.SHUT_WR)  # the FIN waits behind bytes that conn does not read
            assert socket_state(sock) == "FIN-WAIT-1" == TRANSITIONS["ESTABLISHED", "close"]
            conn.shutdown(socket.SHUT_WR)
            assert TRANSITIONS["FIN-WAIT-1", "receive FIN"] == "CLOSING"
            assert comes_true(lambda: socket_state(sock) == "CLOSING")

        sock = socket.create_connection(listener.getsockname())
        conn, _ = listener.accept()
        ports = sock.getsockname()[1], listener.getsockname()[1]
        with sock, conn:
            sock.shutdown(socket.SHUT_WR)
            assert TRANSITIONS["ESTABLISHED", "receive FIN"] == "CLOSE-WAIT"
            assert comes_true(lambda: socket_state(conn) == "CLOSE-WAIT")
            fill(conn)
            conn.close()
            assert kernel_state(ports[1], ports[0]) == TRANSITIONS["CLOSE-WAIT", "close"] == "LAST-ACK"

    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        knocking = [socket.socket() for _ in range(6)]
        for sock in knocking:
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        assert socket_state(knocking[-1]) == TRANSITIONS["CLOSED", "active open"] == "SYN-SENT"
        for sock in knocking:
            sock.close()
