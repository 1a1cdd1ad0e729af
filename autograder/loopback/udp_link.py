"""A link that loses, duplicates, reorders, delays and corrupts datagrams, alike for the same seed."""

import contextlib
import errno
import functools
import heapq
import itertools
import math
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from autograder.loopback import waits
from autograder.loopback.faults import Counters, Dice, Faults, Statistics, flipped
from autograder.loopback.listening import Wake, bind, loopback_host
from autograder.wire import Transcript, quote

HOLD = 0.05
"""Seconds that a datagram is held back, at most, for the next one to overtake it."""

LARGEST = 65_507
"""Bytes in the largest UDP payload over IPv4: 65,535 - 20 of IPv4 header - 8 of UDP header (RFC 768)."""

BUFFER = 4 * 1024 * 1024
"""Bytes of kernel buffer that we ask for: a burst must not be lost uncounted. The system may grant less."""


class _Flow:
    """The datagrams of one client in one direction."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self.send = send
        self.held: Callable[[], None] | None = None
        self.held_last = False


class _Direction:
    """One way through the link: its dice, its counters, its words in the transcript."""

    def __init__(self, dice: Dice, counters: Counters, record: Callable[[bytes], None], towards: str) -> None:
        self.dice = dice
        self.counters = counters
        self.record = record
        self.towards = towards


class UdpLink:
    """A faulty link between UDP clients and the server at `target`: clients send to its `address` instead.

    Each client gets a socket of its own towards the server, so the server sees as many senders as there are,
    and its answers take the way back through the same faults. The link works from the start, until `close` or
    the end of the `with` block.

    `statistics` are exact once nothing is under way, and after `close`. `transcript` has what was delivered
    and a note for every fault.

    A burst larger than the kernel's buffers (on Linux some 250 small datagrams, or two of 65,507 bytes) may
    lose datagrams before they reach the link, as on the way to any socket: pace it.

    Args:
        target: (host, port) of the server. Only datagrams from this very address are taken back.
        loss: probability, from 0 to 1, that a datagram is dropped. This and the other probabilities hold for
            each datagram, in either direction.
        duplicate: probability that two copies are delivered.
        reorder: probability that a datagram is held back until the next one of the same client and direction
            has passed, or for 50 ms. It counts as reordered if one has. Of two neighbours only the first is
            held back.
        delay: seconds that every datagram takes, each way. Scaled by `waits.seconds`, as the 50 ms are.
        corrupt: probability that one bit is flipped, the same one in both copies of a duplicate.
        seed: each direction draws its own numbers from it, datagram by datagram.
        port: 0 takes a free one.

    Raises:
        ValueError: a number is out of its range; the message names it.
        OSError: the port is in use.
    """

    def __init__(
        self,
        target: tuple[Any, ...],
        *,
        loss: float = 0.0,
        duplicate: float = 0.0,
        reorder: float = 0.0,
        delay: float = 0.0,
        corrupt: float = 0.0,
        seed: int = 0,
        port: int = 0,
    ) -> None:
        faults = Faults(loss, duplicate, reorder, corrupt)
        if not (isinstance(delay, int | float) and 0 <= delay < math.inf):
            raise ValueError(
                f"delay is {delay!r}, but it must be a number of seconds, 0 or more: for 20 ms each way pass delay=0.02"
            )
        self._family, self._target = _resolved(target)
        self._delay = waits.seconds(delay)
        self._hold = waits.seconds(HOLD)
        self.transcript = Transcript("", local="client", remote="server")
        self._statistics = Statistics()
        self._out = _Direction(
            Dice(f"{seed} to target", faults),
            self._statistics.to_target,
            self.transcript.sent,
            "to the server",
        )
        self._back = _Direction(
            Dice(f"{seed} to client", faults),
            self._statistics.to_client,
            self.transcript.received,
            "to the client",
        )
        self._lock = threading.Lock()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._flows: dict[Any, _Flow] = {}
        self._closing = Wake()
        try:
            self._front = self._socket(port)
        except BaseException:
            self._closing.close()
            raise
        self.host, self.port = self._front.getsockname()[:2]
        self._thread = threading.Thread(target=self._run, name=f"udp link {self.port}", daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) to send to."""
        return self.host, self.port

    @property
    def statistics(self) -> Statistics:
        """A copy of the counters as they are now."""
        with self._lock:
            return Statistics(replace(self._statistics.to_target), replace(self._statistics.to_client))

    def __enter__(self) -> "UdpLink":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Deliver at once what is under way, then close everything. A second time does nothing."""
        self._closing.set()
        self._thread.join()
        self._closing.close()

    def _socket(self, port: int = 0) -> socket.socket:
        sock = socket.socket(self._family, socket.SOCK_DGRAM)
        try:
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                _enlarge(sock, option)
            bind(sock, loopback_host(self._family), port)
            sock.setblocking(False)
        except BaseException:
            sock.close()
            raise
        return sock

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._closing.reader, selectors.EVENT_READ)
            selector.register(self._front, selectors.EVENT_READ, self._from_clients)
            try:
                closing = False
                while not closing:
                    ready = selector.select(self._until_next())
                    closing = any(key.data is None for key, _ in ready)
                    # What came goes before what is due: only so can it overtake what is held back.
                    for key, _ in ready:
                        if key.data is not None:
                            key.data(key.fileobj, selector)
                    self._perform(time.monotonic())
                self._perform(math.inf)
            finally:
                for key in list(selector.get_map().values()):
                    if key.data is not None:
                        key.fileobj.close()  # type: ignore[union-attr]  # ours are sockets

    def _until_next(self) -> float | None:
        return max(0.0, self._agenda[0][0] - time.monotonic()) if self._agenda else None

    def _perform(self, now: float) -> None:
        while self._agenda and self._agenda[0][0] <= now:
            heapq.heappop(self._agenda)[2]()

    def _at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._order), action))

    def _from_clients(self, front: socket.socket, selector: selectors.BaseSelector) -> None:
        for data, client in _waiting(front):
            flow = self._flows.get(client)
            if flow is None:
                try:
                    flow = self._flows[client] = self._new_client(client, selector)
                except OSError:  # out of descriptors
                    flow = _Flow(_nowhere)
            self._arrived(data, self._out, flow)

    def _new_client(self, client: Any, selector: selectors.BaseSelector) -> _Flow:
        """A socket of its own towards the server, and the two flows that go through it."""
        upstream = self._socket()
        back = _Flow(lambda data: self._front.sendto(data, client))
        selector.register(upstream, selectors.EVENT_READ, functools.partial(self._from_target, back))
        return _Flow(lambda data: upstream.sendto(data, self._target))

    def _from_target(self, flow: _Flow, upstream: socket.socket, selector: selectors.BaseSelector) -> None:
        for data, sender in _waiting(upstream):
            if sender[:2] == self._target[:2]:
                self._arrived(data, self._back, flow)

    def _arrived(self, data: bytes, way: _Direction, flow: _Flow) -> None:
        """Draw the fate of a datagram that has reached the link, and put it on the agenda."""
        now = time.monotonic()
        fate = way.dice.fate(len(data))
        self._count(way, "received")
        if fate.lost:
            self._count(way, "lost")
            self.transcript.note(f"lost on the way {way.towards}: {quote(data)}")
            return
        if fate.flipped_bit is not None:
            data = flipped(data, fate.flipped_bit)
            self._count(way, "corrupted")
            where = f"bit {7 - fate.flipped_bit % 8} of byte {fate.flipped_bit // 8}"
            self.transcript.note(f"flipped on the way {way.towards}: {where}")
        if fate.duplicated:
            self._count(way, "duplicated")
            self.transcript.note(f"duplicated on the way {way.towards}: {quote(data)}")
        deliver = functools.partial(self._deliver, data, 2 if fate.duplicated else 1, way, flow)
        due = now + self._delay
        if fate.held_back and not flow.held_last:
            flow.held_last = True
            flow.held = deliver
            self._at(now + self._hold, functools.partial(self._release, flow, deliver, due))
            return
        self._at(due, deliver)
        if flow.held is not None:
            self._count(way, "reordered")
            self.transcript.note(f"overtaken on the way {way.towards}: the datagram before {quote(data)}")
            self._at(due, flow.held)
        flow.held = None
        flow.held_last = False

    def _release(self, flow: _Flow, deliver: Callable[[], None], due: float) -> None:
        """Let a datagram go that was held back, unless a later one has overtaken it meanwhile."""
        if flow.held is deliver:
            flow.held = None
            self._at(due, deliver)

    def _deliver(self, data: bytes, copies: int, way: _Direction, flow: _Flow) -> None:
        for _ in range(copies):
            # Under the lock, so that whoever has seen the datagram finds it counted too.
            with self._lock:
                try:
                    flow.send(data)
                except OSError as error:
                    way.counters.lost += 1
                    self.transcript.note(f"lost on the way {way.towards}: {error.strerror or error}")
                else:
                    way.counters.delivered += 1
                    way.record(data)

    def _count(self, way: _Direction, name: str) -> None:
        with self._lock:
            setattr(way.counters, name, getattr(way.counters, name) + 1)


def _waiting(sock: socket.socket) -> Iterator[tuple[bytes, Any]]:
    """The datagrams that have come, at most 1,000: a flood must not keep the link from its other work."""
    for _ in range(1000):
        try:
            yield sock.recvfrom(65_536)
        except BlockingIOError:
            return
        except ConnectionResetError:
            continue  # Windows reports so that an earlier datagram found nobody; a link does not care


def _nowhere(data: bytes) -> None:
    raise OSError(errno.EMFILE, "the link could open no more sockets")


def _enlarge(sock: socket.socket, option: int) -> None:
    """Ask for a large kernel buffer.

    Linux cuts the number down to its limit; macOS refuses, so ask for less.
    """
    size = BUFFER
    while size > LARGEST:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, option, size)
            return
        size //= 2


def _resolved(target: tuple[Any, ...]) -> tuple[int, tuple[Any, ...]]:
    """The family and the full socket address of a numeric (host, port)."""
    try:
        host, port = target[:2]
        if not 1 <= port <= 65_535:
            raise ValueError
        # Numeric only: a name may stand for several addresses, and answers are compared with this one.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    except (OSError, TypeError, ValueError):
        raise ValueError(
            f"target is {target!r}, but it must be the (host, port) of a server, with an address "
            "such as 127.0.0.1 or ::1 and a port from 1 to 65535"
        ) from None
    family, _, _, _, address = found[0]
    return family, address
