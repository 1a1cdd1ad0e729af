"""Arguments that are made inside the learner's process, because a socket can't travel there.

A check writes ``learner(Connected(peer.address), 5)``; the judge sends the recipe, and the learner's process makes
the socket just before the call. Ports come from the system: a listener is bound to port 0 there and then, and its
address is reported back, so no port is ever one that "was free a moment ago".
"""

from __future__ import annotations

import socket
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from autograder.loopback.odd_sockets import one_byte, short_send


@dataclass(frozen=True)
class Recipe:
    """How to make one socket. `make` runs in the learner's process only."""

    _kinds: ClassVar[dict[str, type[Recipe]]] = {}
    word: ClassVar[str] = "sock"
    """What a report writes for it among the arguments of a call."""

    def __init_subclass__(cls) -> None:
        Recipe._kinds[cls.__name__] = cls

    def to_plain(self) -> dict[str, Any]:
        """The recipe as plain data."""
        return {"recipe": type(self).__name__, **asdict(self)}

    @staticmethod
    def from_plain(plain: dict[str, Any]) -> Recipe:
        """What `to_plain` described."""
        fields = dict(plain)
        return Recipe._kinds[fields.pop("recipe")](**fields)

    def make(self) -> socket.socket:
        """Make the socket."""
        raise NotImplementedError


@dataclass(frozen=True)
class Listener(Recipe):
    """A TCP socket bound to port 0 of `host` and listening."""

    host: str = "127.0.0.1"
    word: ClassVar[str] = "listener"

    def make(self) -> socket.socket:
        listener = socket.socket(_family(self.host), socket.SOCK_STREAM)
        listener.bind((self.host, 0))
        listener.listen(128)
        return listener


@dataclass(frozen=True)
class Connected(Recipe):
    """A TCP socket connected to `address` (host, port).

    Args:
        one_byte: every ``recv`` on it returns one byte at most.
        send_limit: every ``send`` on it takes at most so many bytes; not together with `one_byte`.
        timeout: its timeout in seconds; None blocks.
    """

    address: tuple[str, int]
    one_byte: bool = False
    send_limit: int | None = None
    timeout: float | None = None

    def __post_init__(self) -> None:
        if self.one_byte and self.send_limit is not None:
            raise ValueError("a socket is odd in one way: one_byte or send_limit, not both")

    def make(self) -> socket.socket:
        host, port = self.address
        sock = socket.socket(_family(host), socket.SOCK_STREAM)
        sock.connect((host, port))
        if self.one_byte:
            sock = one_byte(sock)
        if self.send_limit is not None:
            sock = short_send(sock, limit=self.send_limit)
        sock.settimeout(self.timeout)
        return sock


@dataclass(frozen=True)
class Unconnected(Recipe):
    """A new socket, neither bound nor connected; `family` and `type` are the numbers of the socket module."""

    family: int = socket.AF_INET
    type: int = socket.SOCK_STREAM

    def make(self) -> socket.socket:
        return socket.socket(self.family, self.type)


@dataclass(frozen=True)
class Datagram(Recipe):
    """A UDP socket bound to port 0 of `host`."""

    host: str = "127.0.0.1"

    def make(self) -> socket.socket:
        sock = socket.socket(_family(self.host), socket.SOCK_DGRAM)
        sock.bind((self.host, 0))
        return sock


def _family(host: str) -> int:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
