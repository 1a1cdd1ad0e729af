"""What several checks here need: a UDP client that records, and a word about servers that have returned."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.checks.fixtures import Likely
from autograder.judge.failures import Failure
from autograder.judge.learner import Handle, Learner, Running
from autograder.judge.recipes import Datagram
from autograder.loopback import NoAnswer, waits
from autograder.wire import Transcript

LARGEST = 65_507
"""Bytes of the largest UDP payload over IPv4: 65,535 - 20 of IPv4 header - 8 of UDP header (RFC 768, RFC 791)."""

ROOM = 4 * LARGEST
"""Bytes of socket buffer with which any system sends the largest datagram; macOS begins with 9,216."""


class Client:
    """A UDP client of the learner's server. What crosses is part of the report."""

    def __init__(self, learner: Learner, server: tuple[str, int]) -> None:
        self._server = server
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
        self._sock.bind(("127.0.0.1", 0))
        self.transcript = Transcript(f"client {len(learner.transcripts) + 1}", local="check", remote="your code")
        learner.transcripts.append(self.transcript)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it: whatever is sent to it from now on finds nobody."""
        self._sock.close()

    def send(self, data: bytes) -> None:
        """Send one datagram."""
        self._sock.sendto(data, self._server)
        self.transcript.sent(data)

    def receive(self, wanted: int | None = None, seconds: float = 1.0) -> bytes:
        """Receive one datagram from the server.

        Args:
            wanted: the size that is expected, for the message.
            seconds: the deadline, before scaling.

        Raises:
            NoAnswer: nothing came.
            AssertionError: it came from another address than the server's.
        """
        started = time.monotonic()
        self._sock.settimeout(waits.seconds(seconds))
        try:
            data, sender = self._sock.recvfrom(65_536)
        except TimeoutError:
            raise NoAnswer(b"", wanted, time.monotonic() - started) from None
        self.transcript.received(data)
        assert sender == self._server, (
            f"the answer must come from the address that was asked, {_address(self._server)}; "
            f"it came from {_address(sender)}"
        )
        return data

    def more(self, seconds: float = 0.05) -> list[bytes]:
        """Everything that still comes within so many seconds of silence."""
        got = []
        try:
            while True:
                got.append(self.receive(seconds=seconds))
        except NoAnswer:
            return got


def roomy_socket(learner: Learner) -> Handle:
    """A bound UDP socket in the learner's process, with buffers for the largest datagram."""
    sock = learner.make(Datagram())
    sock.call("setsockopt", socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
    sock.call("setsockopt", socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
    return sock


@contextmanager
def still_serving(server: Running, likely: Likely, name: str) -> Iterator[None]:
    """Around a conversation: say so when the server has returned meanwhile."""
    try:
        yield
    except NoAnswer:
        try:
            server.ended(0.1)
        except Failure:
            pass  # it goes on, or it raised, and then that exception is the message
        else:
            likely(True, f"{name} has returned, so nobody reads the socket any more")
        raise


def _address(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"
