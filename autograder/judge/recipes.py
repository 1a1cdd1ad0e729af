"""Arguments that are made inside the learner's process, because a socket or a folder of its own can't travel there.

A check writes ``learner(Connected(peer.address), 5)``; the judge sends the recipe, and the learner's process makes
the socket just before the call. Ports come from the system: a listener is bound to port 0 there and then, and its
address is reported back, so no port is ever one that "was free a moment ago".
"""

from __future__ import annotations

import os
import socket
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from autograder.loopback.odd_sockets import OneByteSocket, ShortSendSocket, one_byte, short_send


@dataclass(frozen=True)
class Recipe:
    """How to make one argument. `make` runs in the learner's process only."""

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

    def make(self) -> Any:
        """Make the argument."""
        raise NotImplementedError


@dataclass(frozen=True)
class Listener(Recipe):
    """A TCP socket bound to port 0 of `host` and listening.

    Args:
        one_byte: every ``recv`` on a connection that it accepts returns one byte at most.
        send_limit: every ``send`` on such a connection takes at most so many bytes; not together with `one_byte`.
    """

    host: str = "127.0.0.1"
    one_byte: bool = False
    send_limit: int | None = None
    word: ClassVar[str] = "listener"

    def __post_init__(self) -> None:
        _odd_in_one_way(self.one_byte, self.send_limit)

    def make(self) -> socket.socket:
        kind = OneByteSocket if self.one_byte else ShortSendSocket if self.send_limit is not None else socket.socket
        listener = kind(_family(self.host), socket.SOCK_STREAM)
        if isinstance(listener, ShortSendSocket) and self.send_limit is not None:
            listener.limit = self.send_limit
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
        _odd_in_one_way(self.one_byte, self.send_limit)

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


@dataclass(frozen=True)
class Folder(Recipe):
    """A fresh folder with files in it, as a `pathlib.Path`; removed when the requirement is over.

    Args:
        files: contents by path within the folder; folders on the way are made.
        links: symbolic links by path within the folder; what each points to is written as given.
        beside: files that lie next to the folder, and so outside of it.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    beside: dict[str, bytes] = field(default_factory=dict)
    word: ClassVar[str] = "root"

    def make(self) -> Path:
        above = Path(tempfile.mkdtemp())
        root = above / "root"
        root.mkdir()
        for folder, contents in ((root, self.files), (above, self.beside)):
            for name, data in contents.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        for name, target in self.links.items():
            os.symlink(target, root / name)
        return root


def _odd_in_one_way(one_byte: bool, send_limit: int | None) -> None:
    if one_byte and send_limit is not None:
        raise ValueError("a socket is odd in one way: one_byte or send_limit, not both")


def _family(host: str) -> int:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
