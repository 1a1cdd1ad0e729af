"""A recorder in front of a server: clients connect to it, and it passes everything on and writes it down."""

import contextlib
import math
import selectors
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any

from autograder.loopback import waits
from autograder.loopback.listening import Acceptor, Wake, listen
from autograder.loopback.recorded import PIECE
from autograder.loopback.resetting import reset
from autograder.wire import Transcript

QUIET = 0.05
"""Seconds without a byte after which a connection is cut when the tap is closed."""

PATIENCE = 1.0
"""Seconds after which it is cut in any case."""


class _Half:
    """One direction of a connection: from `source` to `target`, with at most one piece in between."""

    def __init__(
        self, source: socket.socket, target: socket.socket, transcript: Transcript, *, to_server: bool
    ) -> None:
        self.source = source
        self.target = target
        self.waiting = b""
        self.over = False
        self._transcript = transcript
        self._record = transcript.sent if to_server else transcript.received
        self._who = transcript.local if to_server else transcript.remote

    def receive(self) -> None:
        """Take the next piece. The end of the source is the end for the target."""
        try:
            self.waiting = self.source.recv(PIECE)
        except BlockingIOError:
            return
        if self.waiting:
            self._record(self.waiting)
        else:
            self.over = True
            self._transcript.note(f"{self._who} ended sending")
            with contextlib.suppress(OSError):  # the target is gone: reading from it will tell
                self.target.shutdown(socket.SHUT_WR)

    def send(self) -> None:
        """Pass on as much as the target takes."""
        with contextlib.suppress(BlockingIOError):
            self.waiting = self.waiting[self.target.send(self.waiting) :]


class Tap:
    """What `tap` gives. It listens from the start, until `close` or the end of the `with` block.

    address: (host, port) for clients, also as `host` and `port`.
    transcripts: one a connection, in the order in which they came; `sent` is what the client sent.
    """

    def __init__(self, target: tuple[str, int], listener: socket.socket, title: str, local: str, remote: str) -> None:
        self._target = target
        self._title = title
        self._local = local
        self._remote = remote
        self._closing = Wake()
        self._threads: list[threading.Thread] = []
        self.transcripts: list[Transcript] = []
        self.host, self.port = listener.getsockname()[:2]
        self._acceptor = Acceptor(listener, self._start, f"tap {self.port}: accept")

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) to connect to."""
        return self.host, self.port

    def __enter__(self) -> "Tap":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and end all connections. A second time does nothing.

        What is under way is still passed on and recorded: a connection is cut when nothing has crossed it for
        50 ms, and after 1 s in any case (both scaled).
        """
        self._acceptor.stop()
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._closing.close()

    def _start(self, client: socket.socket) -> None:
        transcript = Transcript(self._title, local=self._local, remote=self._remote)
        self.transcripts.append(transcript)
        thread = threading.Thread(
            target=self._connect, args=(client, transcript), name=f"tap {self.port}: relay", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _connect(self, client: socket.socket, transcript: Transcript) -> None:
        transcript.note(f"{self._local} connected")
        with client:
            try:
                server = socket.create_connection(self._target, waits.seconds(PATIENCE))
            except OSError as error:
                # The tap has accepted for the server, so a reset is as near to a refusal as it can come.
                transcript.note(f"no connection to {self._remote}: {error.strerror or error}")
                reset(client)
                return
            with server:
                self._relay(client, server, transcript)

    def _relay(self, client: socket.socket, server: socket.socket, transcript: Transcript) -> None:
        """Pass everything on, both ways, until both sides have ended, one resets, or the tap is closed."""
        for sock in (client, server):
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        halves = (
            _Half(client, server, transcript, to_server=True),
            _Half(server, client, transcript, to_server=False),
        )
        cut_at = math.inf
        with selectors.DefaultSelector() as selector:
            selector.register(self._closing.reader, selectors.EVENT_READ)
            while not all(half.over for half in halves) and time.monotonic() < cut_at:
                _watch(selector, client, halves)
                _watch(selector, server, halves)
                ready = selector.select(None if cut_at == math.inf else waits.seconds(QUIET))
                if not ready:
                    return
                for key, events in ready:
                    if key.fileobj is self._closing.reader:
                        selector.unregister(self._closing.reader)
                        cut_at = time.monotonic() + waits.seconds(PATIENCE)
                        continue
                    if not _passed_on(key.fileobj, events, halves, transcript):
                        reset(client)
                        reset(server)
                        return


def _watch(selector: selectors.BaseSelector, sock: socket.socket, halves: Sequence[_Half]) -> None:
    """Wait for what `sock` is wanted for now: reading once its last piece has left, writing what waits."""
    events = 0
    for half in halves:
        if half.source is sock and not half.waiting and not half.over:
            events |= selectors.EVENT_READ
        if half.target is sock and half.waiting:
            events |= selectors.EVENT_WRITE
    if sock in selector.get_map():
        selector.unregister(sock)
    if events:
        selector.register(sock, events)


def _passed_on(sock: object, events: int, halves: Sequence[_Half], transcript: Transcript) -> bool:
    """Read from and write to `sock` what it is ready for; False, with a note, when its owner has reset it."""
    for half in halves:
        try:
            if half.source is sock and events & selectors.EVENT_READ:
                half.receive()
            if half.target is sock and events & selectors.EVENT_WRITE:
                half.send()
        except OSError:
            owner = transcript.local if sock is halves[0].source else transcript.remote
            transcript.note(f"{owner} reset the connection")
            return False
    return True


def tap(address: tuple[Any, ...], *, title: str = "", local: str = "client", remote: str = "server") -> Tap:
    """Record what clients and the server at `address` say to each other.

    Connect clients to the tap's own `address`. Every byte, the end of a direction and a reset are passed on;
    pieces may be cut up or merged, as any stream may.

        with background_server(echo) as server, tap(server.address) as recorder:
            client = socket.create_connection(recorder.address)
    """
    host, port = address[:2]
    listener = listen(socket.AF_INET6 if ":" in host else socket.AF_INET)
    return Tap((host, port), listener, title, local, remote)
