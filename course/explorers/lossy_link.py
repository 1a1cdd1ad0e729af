"""The lossy link: numbered datagrams really go over a bad link and back, and the picture shows which arrived.

    from explorers.lossy_link import lossy_link

    lossy_link()                                      # some of everything
    lossy_link(loss=0.5, duplicate=0, reorder=0)      # half of them lost, each way

A client sends datagrams 1, 2, 3, … through an `autograder.loopback.UdpLink` to a server, which takes what comes
and then sends everything back. Each change of a number sends anew. The same numbers give the same picture.
"""

from __future__ import annotations

import html
import math
import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import traitlets

from autograder.loopback import Counters, UdpLink, waits

from .figure import Figure

HERE = Path(__file__)
MOST = 16
"""Datagrams that the picture has room for."""
LONGEST = 0.2
"""Seconds of delay, each way, that a person at a slider likes to wait."""
PATIENCE = 3.0
"""Seconds that one way of a run may take, over the delay, before something is wrong with this machine."""


@dataclass(frozen=True)
class Setting:
    """What is sent, and over what link; the probabilities hold for each datagram, each way."""

    count: int = 12
    loss: float = 0.15
    duplicate: float = 0.15
    reorder: float = 0.25
    delay: float = 0.0
    seed: int = 2

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST:
            raise ValueError(f"count={self.count}: the picture shows 1 to {MOST} datagrams")
        if not 0 <= self.delay <= LONGEST:
            raise ValueError(f"delay={self.delay}: here it is 0 to {LONGEST} seconds, each way")

    def told(self) -> str:
        """The numbers in words."""
        return (
            f"{self.count} datagrams; each way {self.loss:.0%} lost, {self.duplicate:.0%} duplicated, "
            f"{self.reorder:.0%} held back, delay {self.delay * 1000:.0f} ms, seed {self.seed}"
        )


@dataclass(frozen=True)
class Run:
    """What became of the datagrams.

    at_server: their numbers in the order in which they came to the server.
    at_client: (number, place in `at_server`) of each that came back, in that order; a place counts from 0.
    out, back: the link's own counters.
    first, last: seconds from the first sending to the first and last arrival at the server; 0 if none arrived.
    """

    setting: Setting
    at_server: tuple[int, ...]
    at_client: tuple[tuple[int, int], ...]
    out: Counters
    back: Counters
    first: float
    last: float


def run(setting: Setting) -> Run:
    """Send the datagrams and collect what arrives.

    The server answers only when the way out is quiet. So the two ways don't mix, and the outcome hangs on the
    seed alone.

    Raises:
        ValueError: a probability is none; the message names it.
        TimeoutError: this machine did not deliver in time.
    """
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        server.bind(("127.0.0.1", 0))
        client.bind(("127.0.0.1", 0))
        for sock in (server, client):
            sock.settimeout(waits.seconds(PATIENCE))
        with UdpLink(
            server.getsockname(),
            loss=setting.loss,
            duplicate=setting.duplicate,
            reorder=setting.reorder,
            delay=setting.delay,
            seed=setting.seed,
        ) as link:
            start = time.monotonic()
            for number in range(1, setting.count + 1):
                client.sendto(b"%d" % number, link.address)
            came = _collect(server, link, "to_target", setting.count, setting.delay)
            # The answer is the number and its place in the order of arrival: only so are copies told apart.
            for place, (data, sender, _) in enumerate(came):
                server.sendto(b"%s %d" % (data, place), sender)
            answers = _collect(client, link, "to_client", len(came), setting.delay)
            statistics = link.statistics
    pairs = [tuple(map(int, data.split())) for data, _, _ in answers]
    return Run(
        setting,
        tuple(int(data) for data, _, _ in came),
        tuple((number, place) for number, place in pairs),
        statistics.to_target,
        statistics.to_client,
        came[0][2] - start if came else 0.0,
        came[-1][2] - start if came else 0.0,
    )


def _collect(sock: socket.socket, link: UdpLink, way: str, sent: int, delay: float) -> list[tuple[bytes, Any, float]]:
    """(data, sender, moment) of everything that one way of the link delivers, when it is quiet again."""
    end = time.monotonic() + waits.seconds(PATIENCE + delay)
    came: list[tuple[bytes, Any, float]] = []
    while True:
        counters: Counters = getattr(link.statistics, way)
        while len(came) < counters.delivered:
            data, sender = sock.recvfrom(100)
            came.append((data, sender, time.monotonic()))
        if counters.received == sent and sent + counters.duplicated == counters.delivered + counters.lost:
            return came
        if time.monotonic() > end:
            raise TimeoutError(f"the link has seen {counters.received} of {sent} datagrams: move a slider to try again")
        time.sleep(0.001)


def overtaken(numbers: Sequence[int]) -> list[bool]:
    """For each arrival, whether a later number was there before it."""
    return [number < max(numbers[:index], default=0) for index, number in enumerate(numbers)]


def second_copies(numbers: Sequence[int]) -> list[bool]:
    """For each arrival, whether the same number was there before it."""
    return [number in numbers[:index] for index, number in enumerate(numbers)]


def verdicts(done: Run) -> list[str]:
    """What the client knows in the end about each datagram that it sent."""
    numbers = [number for number, _ in done.at_client]
    late = {number for number, is_late in zip(numbers, overtaken(numbers), strict=True) if is_late}
    found = []
    for number in range(1, done.setting.count + 1):
        copies = numbers.count(number)
        times = "never" if not copies else "" if copies == 1 else "twice" if copies == 2 else f"{copies} times"
        parts = [part for part in (times, "late" if number in late else "") if part]
        found.append(", ".join(parts) or "once")
    return found


def words(done: Run) -> str:
    """The figure in plain text."""
    told = verdicts(done)
    numbers = [number for number, _ in done.at_client]
    lines = [
        done.setting.told(),
        f"sent by the client:   {_listed(range(1, done.setting.count + 1))}",
        f"came to the server:   {_listed(done.at_server)}",
        f"came back to client:  {_listed(numbers)}",
        f"the way out:  {_counted(done.out)}",
        f"the way back: {_counted(done.back)}",
    ]
    for verdict in sorted(set(told)):
        which = [number for number, each in enumerate(told, 1) if each == verdict]
        lines.append(f"answer came {verdict}: {_listed(which)}")
    return "\n".join(lines)


def _listed(numbers: Iterable[int]) -> str:
    return " ".join(map(str, numbers)) or "none"


def _counted(counters: Counters) -> str:
    return (
        f"{counters.received} sent, {counters.lost} lost, {counters.duplicated} duplicated, "
        f"{counters.reordered} overtaken, {counters.delivered} delivered"
    )


INK, MUTED = "var(--jp-content-font-color1, #1f2328)", "var(--jp-content-font-color2, #59636e)"
PAPER, LINE = "var(--jp-layout-color1, #ffffff)", "var(--jp-border-color1, #afb8c1)"
GONE, COPY, LATE = "#cf222e", "#9a6700", "#0969da"
WIDTH, TOP, ROW, BOX = 940, 58, 26, 34
CLIENT, SERVER, AGAIN = 130, 455, 780
"""Left edges of the three columns of boxes."""


def picture(done: Run) -> str:
    """Three columns: what the client sent, what came to the server, what came back; a line for each datagram."""
    numbers = [number for number, _ in done.at_client]
    rows = max(done.setting.count, len(done.at_server), len(numbers))
    height = TOP + rows * ROW + 62
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'style="max-width:{WIDTH}px;width:100%;font-family:var(--jp-content-font-family, sans-serif);font-size:12px">',
        f"<title>{html.escape(done.setting.told())}</title><desc>{html.escape(words(done))}</desc>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" style="fill:{PAPER}"/>',
    ]
    heads = ("the client sends", "the server gets", "the client gets back")
    for x, head in zip((CLIENT, SERVER, AGAIN), heads, strict=True):
        parts.append(_text(x + BOX / 2, 24, head, INK, 13, "middle"))
        parts.append(_text(x + BOX / 2, 42, "in this order, from the top", MUTED, 10, "middle"))
    sent = list(range(1, done.setting.count + 1))
    parts += _way(CLIENT, SERVER, [(number, number - 1) for number in done.at_server], sent)
    parts += _way(SERVER, AGAIN, list(done.at_client), done.at_server)
    for row, (number, verdict) in enumerate(zip(sent, verdicts(done), strict=True)):
        parts.append(_box(CLIENT, row, number))
        mark = "✗" if verdict == "never" else "✓"
        colour = {"never": GONE, "once": INK, "late": LATE}.get(verdict, COPY)
        parts.append(_text(CLIENT - 10, _y(row) + 4, f"{mark} {verdict}", colour, 12, "end"))
    parts += _arrivals(SERVER, done.at_server) + _arrivals(AGAIN, numbers)
    parts.append(_text(CLIENT, height - 32, f"out:  {_counted(done.out)}", MUTED, 12))
    parts.append(_text(CLIENT, height - 14, f"back: {_counted(done.back)}", MUTED, 12))
    return "".join([*parts, "</svg>"])


def _way(left: int, right: int, arrived: Sequence[tuple[int, int]], sent: Sequence[int]) -> list[str]:
    """A line from each row on the left to where it arrived on the right; one that ends in a cross if nowhere."""
    parts = []
    start, end = left + BOX + 2, right - 2
    late = overtaken([number for number, _ in arrived])
    places = [place for _, place in arrived]
    for row, (_, place) in enumerate(arrived):
        colour = LATE if late[row] else COPY if place in places[:row] else LINE
        parts.append(
            f'<line x1="{start}" y1="{_y(place)}" x2="{end}" y2="{_y(row)}" style="stroke:{colour};stroke-width:1.6"/>'
        )
    for row in range(len(sent)):
        if row not in places:
            x = start + 95
            parts.append(
                f'<line x1="{start}" y1="{_y(row)}" x2="{x}" y2="{_y(row)}" '
                f'style="stroke:{GONE};stroke-width:1.6;stroke-dasharray:4 3"/>'
                + _text(x + 3, _y(row) + 4, "✗ lost", GONE, 12)
            )
    return parts


def _arrivals(x: int, numbers: Sequence[int]) -> list[str]:
    parts = []
    told = zip(numbers, overtaken(numbers), second_copies(numbers), strict=True)
    for row, (number, late, copy) in enumerate(told):
        parts.append(_box(x, row, number))
        said = ", ".join(part for part in ("again" if copy else "", "late" if late else "") if part)
        if said:
            # On the right of the box in the last column; in the middle one the lines leave there, a little below.
            parts.append(_text(x + BOX + 8, _y(row) + (4 if x == AGAIN else -3), said, COPY if copy else LATE, 11))
    return parts


def _box(x: int, row: int, number: int) -> str:
    y = _y(row) - 10
    return f'<rect x="{x}" y="{y:g}" width="{BOX}" height="20" rx="3" style="fill:{PAPER};stroke:{INK}"/>' + _text(
        x + BOX / 2, y + 14.5, str(number), INK, 12, "middle"
    )


def _y(row: int) -> float:
    """The middle of a row."""
    return TOP + row * ROW + ROW / 2


def _text(x: float, y: float, text: str, colour: str, size: float, anchor: str = "start") -> str:
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
    return f'<text {place} xml:space="preserve" style="fill:{colour};font-size:{size:g}px">{html.escape(text)}</text>'


class LossyLink(Figure):
    """The explorer; all its numbers may be read and set from Python. `done` is the last run."""

    _esm = HERE.with_suffix(".js").read_text(encoding="utf-8")
    _css = HERE.with_suffix(".css").read_text(encoding="utf-8")
    loss = traitlets.Float().tag(sync=True)
    duplicate = traitlets.Float().tag(sync=True)
    reorder = traitlets.Float().tag(sync=True)
    delay = traitlets.Float().tag(sync=True)
    seed = traitlets.Int().tag(sync=True)
    svg = traitlets.Unicode().tag(sync=True)
    measured = traitlets.Unicode().tag(sync=True)
    """What a clock said; only in the live view, as it never comes out the same."""
    problem = traitlets.Unicode().tag(sync=True)
    """Why the picture is still the old one; "" while all is well."""

    def __init__(self, setting: Setting) -> None:
        self._count = setting.count
        self.done = run(setting)
        super().__init__(
            loss=setting.loss,
            duplicate=setting.duplicate,
            reorder=setting.reorder,
            delay=setting.delay,
            seed=setting.seed,
        )
        self._draw()
        self.observe(self._again, ["loss", "duplicate", "reorder", "delay", "seed"])

    def _again(self, _: object = None) -> None:
        numbers = (self.loss, self.duplicate, self.reorder, self.delay, self.seed)
        try:
            self.done = run(Setting(self._count, *numbers))
        except (ValueError, OSError) as error:
            self.problem = str(error)
            return
        self._draw()

    def _draw(self) -> None:
        self.problem = ""
        self.svg = self.picture()
        self.measured = (
            f"Measured: the first came to the server after {_milliseconds(self.done.first)}, "
            f"the last after {_milliseconds(self.done.last)}."
            if self.done.at_server
            else "Nothing came to the server."
        )

    def words(self) -> str:
        """The last run."""
        return words(self.done)

    def picture(self) -> str:
        """The last run."""
        return picture(self.done)


def _milliseconds(seconds: float) -> str:
    return f"{math.ceil(seconds * 10_000) / 10:g} ms"


def lossy_link(
    count: int = Setting.count,
    loss: float = Setting.loss,
    duplicate: float = Setting.duplicate,
    reorder: float = Setting.reorder,
    delay: float = Setting.delay,
    seed: int = Setting.seed,
) -> LossyLink:
    """Show the explorer.

    Args:
        count: how many datagrams the client sends, 1 to 16.
        loss: probability, 0 to 1, that a datagram is dropped; this and the others hold for each way.
        duplicate: probability that two copies are delivered.
        reorder: probability that a datagram is held back until the next one has passed.
        delay: seconds that every datagram takes, 0 to 0.2.
        seed: another seed is another day on the same link.

    Returns:
        A widget; as the last line of a cell it shows itself.

    Raises:
        ValueError: a number is out of its range; the message names it.
    """
    return LossyLink(Setting(count, loss, duplicate, reorder, delay, seed))
