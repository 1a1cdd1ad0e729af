"""The other side of a UDP conversation: it answers each datagram as a function says, at once or later."""

import contextlib
import heapq
import itertools
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Self

from autograder.loopback import waits
from autograder.loopback.listening import Wake, bind, loopback_host
from autograder.wire import Transcript

LARGEST = 65_536
"""Bytes asked of the kernel in one recv: no UDP payload is larger."""


class Question(NamedTuple):
    """A datagram that came.

    data: its payload.
    sender: (host, port) that it came from.
    ttl: the time to live in its IPv4 header (RFC 791 section 3.1), where the peer asked the kernel for it; else None.
    """

    data: bytes
    sender: tuple[str, int]
    ttl: int | None


class Reply(NamedTuple):
    """A datagram to send back.

    data: its payload.
    delay: seconds after the question, scaled by `waits.seconds`.
    source: which of the peer's sockets sends it; 0 is the first.
    """

    data: bytes
    delay: float = 0.0
    source: int = 0


Answer = Callable[[int, bytes], Iterable[Reply]]
"""From the number of a question, counted from 0, and its payload to the replies, which may be none."""


class DatagramPeer:
    """Answers datagrams from a thread, until `close` or the end of the `with` block.

    The peer owns its sockets and closes them. Replies that are not due when it is closed are not sent.

    questions: what came, in order.
    delays: for every reply that was sent, in that order, the seconds that it really took.
    transcript: both directions; local is the peer.
    error: what the answering function raised, which ends the peer's work; None while nothing did.

    Args:
        receiver: a bound UDP socket that the questions come to.
        sources: the sockets that replies are sent from; the receiver may be one of them.
        answer: what to reply to each question; called in the peer's thread.
    """

    def __init__(self, receiver: socket.socket, sources: Sequence[socket.socket], answer: Answer) -> None:
        self._receiver = receiver
        self._sources = list(sources)
        self._answer = answer
        self._agenda: list[tuple[float, int, float, bytes, int, tuple[Any, ...]]] = []
        self._order = itertools.count()
        self.questions: list[Question] = []
        self.delays: list[float] = []
        self.transcript = Transcript("", local="check", remote="your code")
        self.error: BaseException | None = None
        self.host, self.port = receiver.getsockname()[:2]
        self.sources: list[tuple[str, int]] = [source.getsockname()[:2] for source in sources]
        for sock in {receiver, *sources}:
            sock.setblocking(False)
        self._closing = Wake()
        self._thread = threading.Thread(target=self._run, name=f"datagram peer {self.port}", daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) to send to."""
        return self.host, self.port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop and close the sockets. A second time does nothing."""
        self._closing.set()
        self._thread.join()
        self._closing.close()
        for sock in {self._receiver, *self._sources}:
            sock.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._closing.reader, selectors.EVENT_READ)
            selector.register(self._receiver, selectors.EVENT_READ)
            try:
                while True:
                    next_one = self._agenda[0][0] - time.monotonic() if self._agenda else None
                    ready = selector.select(None if next_one is None else max(0.0, next_one))
                    if any(key.fileobj is self._closing.reader for key, _ in ready):
                        return
                    self._take()
                    self._send_due()
            except BaseException as error:
                self.error = error

    def _take(self) -> None:
        """Take every datagram that waits, and put the replies on the agenda."""
        while True:
            try:
                data, sender, ttl = _receive(self._receiver)
            except BlockingIOError:
                return
            except ConnectionError:
                continue  # an earlier reply found nobody: Windows tells it here
            came = time.monotonic()
            number = len(self.questions)
            self.questions.append(Question(data, sender[:2], ttl))
            self.transcript.received(data)
            for reply in self._answer(number, data):
                due = came + waits.seconds(reply.delay)
                heapq.heappush(self._agenda, (due, next(self._order), came, reply.data, reply.source, sender))

    def _send_due(self) -> None:
        while self._agenda and self._agenda[0][0] <= time.monotonic():
            _, _, came, data, source, sender = heapq.heappop(self._agenda)
            with contextlib.suppress(OSError):  # whoever asked is gone
                self.delays.append(time.monotonic() - came)
                self._sources[source].sendto(data, sender)
                self.transcript.sent(data)


def datagram_peer(answer: Answer, *, family: int = socket.AF_INET, strangers: int = 0) -> DatagramPeer:
    """A peer on a free loopback port.

    Args:
        answer: what to reply to each question.
        family: AF_INET or AF_INET6.
        strangers: so many more sockets, each on a port of its own, that a `Reply` may name as its source: 1, 2, …
    """
    with contextlib.ExitStack() as opened:
        made = []
        for _ in range(1 + strangers):
            made.append(opened.enter_context(socket.socket(family, socket.SOCK_DGRAM)))
            bind(made[-1], loopback_host(family), 0)
        opened.pop_all()
    return DatagramPeer(made[0], made, answer)


def _receive(sock: socket.socket) -> tuple[bytes, Any, int | None]:
    """One datagram, its sender, and its time to live where the kernel was asked for it."""
    if not hasattr(sock, "recvmsg"):  # Windows
        data, sender = sock.recvfrom(LARGEST)
        return data, sender, None
    data, ancillary, _, sender = sock.recvmsg(LARGEST, 64)
    for level, _, value in ancillary:
        if level == socket.IPPROTO_IP:
            # Linux gives an int, the BSDs and macOS one byte.
            return data, sender, struct.unpack("=i", value)[0] if len(value) == 4 else value[0]
    return data, sender, None
