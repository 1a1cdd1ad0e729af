"""The other side of a connection, played from a script."""

import contextlib
import socket
import threading
import time
from collections.abc import Sequence

from autograder.loopback import waits
from autograder.loopback.failures import NoAnswer
from autograder.loopback.listening import Acceptor, listen
from autograder.loopback.recorded import RecordedSocket
from autograder.loopback.steps import PATIENCE, ReceiveSlowly, Step
from autograder.wire import Transcript

SMALL_BUFFER = 16_384
"""Bytes of the receive buffer where a script reads slowly: the kernel would take megabytes at once."""


class ScriptStopped(Exception):
    """The peer was closed before its script was over; the message says which step it had reached."""


class ScriptedPeer:
    """What `scripted_peer` gives. It listens from the start, until `close` or the end of the `with` block.

    address: (host, port) to connect to, also as `host` and `port`.
    transcripts: one a connection, made before the connections come; `transcript` is the first of them.
    error: None, or what stopped a script: the first exception of a step, or ScriptStopped.
    """

    def __init__(self, steps: Sequence[Step], listener: socket.socket, transcripts: Sequence[Transcript]) -> None:
        self.steps = tuple(steps)
        self.transcripts = tuple(transcripts)
        self.error: BaseException | None = None
        self.host, self.port = listener.getsockname()[:2]
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._over = [threading.Event() for _ in transcripts]
        self._conns: list[RecordedSocket] = []
        self._threads: list[threading.Thread] = []
        self._acceptor = Acceptor(listener, self._start, f"scripted peer {self.port}: accept", len(self.transcripts))

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) to connect to."""
        return self.host, self.port

    @property
    def transcript(self) -> Transcript:
        """The record of the first connection."""
        return self.transcripts[0]

    @property
    def received(self) -> bytes:
        """All bytes that came on the first connection so far."""
        return self.transcript.all_received

    def __enter__(self) -> "ScriptedPeer":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def wait(self, seconds: float = 2.0) -> bool:
        """Wait, at most `seconds` (scaled), until the script is over on all connections; whether it is."""
        deadline = time.monotonic() + waits.seconds(seconds)
        return all(over.wait(max(0, deadline - time.monotonic())) for over in self._over)

    def close(self) -> None:
        """Stop listening, end the scripts where they are, close all. A second time does nothing."""
        self._stopping.set()
        self._acceptor.stop()
        for conn in self._conns:
            conn.interrupt()
        for thread in self._threads:
            thread.join()
        if self.error is None and len(self._conns) < len(self.transcripts):
            self.error = ScriptStopped(
                f"{len(self._conns)} of {len(self.transcripts)} connections had come when the peer was closed"
            )

    def _start(self, sock: socket.socket) -> None:
        number = len(self._conns)
        transcript = self.transcripts[number]
        transcript.note(f"{transcript.remote} connected")
        conn = RecordedSocket(sock, transcript)
        thread = threading.Thread(
            target=self._play,
            args=(conn, self._over[number]),
            name=f"scripted peer {self.port}: script",
            daemon=True,
        )
        self._conns.append(conn)
        self._threads.append(thread)
        thread.start()

    def _play(self, conn: RecordedSocket, over: threading.Event) -> None:
        with conn:
            if self._steps_played(conn, over):
                _end_politely(conn)

    def _steps_played(self, conn: RecordedSocket, over: threading.Event) -> bool:
        """Play all steps; False when something stopped the script."""
        try:
            for number, step in enumerate(self.steps, 1):
                try:
                    step.play(conn, self._stopping)
                except Exception as error:
                    self._failed(error, number, step)
                    return False
                if self._stopping.is_set() and number < len(self.steps):
                    self._failed(None, number, step)
                    return False
            return True
        finally:
            over.set()

    def _failed(self, error: Exception | None, number: int, step: Step) -> None:
        if self._stopping.is_set():
            error = ScriptStopped(
                f"the peer was closed in step {number} of {len(self.steps)} of its script: it {step.sentence}"
            )
        with self._lock:
            if self.error is None:
                self.error = error


def _end_politely(conn: RecordedSocket) -> None:
    """End our direction and read on until the other side ends too.

    Closing at once, with bytes unread, would reset a connection on which the last answer is still under way.
    """
    with contextlib.suppress(OSError):  # closed or reset by the script, or by the other side
        conn.end()
        while True:
            with contextlib.suppress(NoAnswer):
                if not conn.receive(65_536, timeout=PATIENCE):
                    return


def scripted_peer(
    steps: Sequence[Step],
    *,
    family: int = socket.AF_INET,
    connections: int = 1,
    port: int = 0,
    receive_buffer: int | None = None,
    title: str = "",
    local: str = "check",
    remote: str = "your code",
) -> ScriptedPeer:
    """Listen on loopback and play `steps`, in order, on each of `connections` accepted connections.

    After the last step our direction is ended and what still comes is read, until the other side ends. When
    all connections have come the listener is closed: one more is refused.

    Args:
        steps: Send, SendPaced, ReceiveExactly, ReceiveToEnd, ReceiveSlowly, Pause, Hold, End, Reset, Close.
        family: socket.AF_INET or socket.AF_INET6.
        port: 0 takes a free one.
        receive_buffer: bytes of SO_RCVBUF. None: the system's choice; 16 KiB if the script reads slowly.
        title, local, remote: for the transcripts.

    Raises:
        OSError: the port is in use.
        ValueError: no connections are asked for.

        with scripted_peer([ReceiveExactly(5), Send(b"world")]) as peer:
            answer = fetch(*peer.address, b"hello")
    """
    if connections < 1:
        raise ValueError(f"connections is {connections!r}, but a script needs at least 1")
    if receive_buffer is None and any(isinstance(step, ReceiveSlowly) for step in steps):
        receive_buffer = SMALL_BUFFER
    listener = listen(family, None, port, receive_buffer=receive_buffer)
    transcripts = [Transcript(title, local=local, remote=remote) for _ in range(connections)]
    return ScriptedPeer(steps, listener, transcripts)
