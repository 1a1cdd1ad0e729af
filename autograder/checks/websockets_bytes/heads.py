"""Request heads of WebSocket clients, and the answers to them, read by h11."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from random import Random

import h11

from autograder.checks.fixtures import Peer
from autograder.judge.learner import Learner
from autograder.judge.recipes import Connected
from autograder.loopback import ReceiveToEnd, ScriptedPeer, waits
from autograder.loopback.steps import Step
from autograder.wire import quote

Fields = list[tuple[str, str]]
"""Header fields in the order of their lines."""


def new_key(rng: Random, size: int = 16) -> str:
    """A value for Sec-WebSocket-Key: the base64 form of so many bytes."""
    return base64.b64encode(rng.randbytes(size)).decode("ascii")


def request_line(rng: Random) -> str:
    """A request line for a resource that nobody can know beforehand."""
    return f"GET /{rng.randbytes(4).hex()} HTTP/1.1"


def fields(key: str) -> Fields:
    """The header fields of a correct request."""
    return [
        ("Host", "example.com"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", key),
    ]


def changed(all_fields: Fields, name: str, *values: str) -> Fields:
    """The fields with other values for one name: none leaves it out, two write two lines."""
    at = [field for field, _ in all_fields].index(name)
    return [*all_fields[:at], *((name, value) for value in values), *all_fields[at + 1 :]]


def head(line: str, all_fields: Fields, *, colon: str = ": ") -> bytes:
    """The bytes of a request head."""
    lines = [line, *(f"{name}{colon}{value}" for name, value in all_fields), "", ""]
    return "\r\n".join(lines).encode("ascii")


@dataclass(frozen=True)
class Answer:
    """The head of a response."""

    status: int
    fields: Fields
    behind: bytes
    """What was sent behind the head."""

    def values(self, name: str) -> list[str]:
        """The values of all fields of a name, in any case of letters."""
        return [value for field, value in self.fields if field == name.lower()]

    def tokens(self, name: str) -> list[str]:
        """The small tokens of a list, over all its lines."""
        return [token.strip().lower() for token in ",".join(self.values(name)).split(",")]


def shake(
    learner: Learner, peer: Peer, *steps: Step, one_byte: bool = False, seconds: float = 2.0, wait: float = 0.3
) -> tuple[object, bytes]:
    """Call ``handshake`` with a client that plays some steps.

    Args:
        steps: what the client does before it only receives.
        one_byte: each ``recv`` of the learner's socket gives one byte.
        seconds: the deadline of the call, before scaling.
        wait: how long an answer may take to the client after the call, before scaling.

    Returns:
        What the call returned, and what the client got.
    """
    client = peer(*steps, ReceiveToEnd())
    returned = learner(Connected(client.address, one_byte=one_byte), seconds=seconds)
    return returned, received(client, wait)


def received(client: ScriptedPeer, wait: float = 0.3) -> bytes:
    """What a client got, once a whole head has arrived, or after so many seconds (before scaling)."""
    until = time.monotonic() + waits.seconds(wait)
    while b"\r\n\r\n" not in client.received and time.monotonic() < until:
        time.sleep(0.002)
    return client.received


def read(got: bytes) -> Answer:
    """Read the answer that a client got.

    Raises:
        AssertionError: it is not the head of an HTTP response.
    """
    assert got, "an answer must be sent, got not a single byte"
    end = got.find(b"\r\n\r\n")
    assert end >= 0, f"the answer's head must end in an empty line, CR LF CR LF, got {quote(got, limit=200)}"
    lines = got[:end].replace(b"\r\n", b"")
    assert b"\n" not in lines and b"\r" not in lines, f"each line must end in CR LF, got {quote(got, limit=200)}"
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "a"), ("Upgrade", "b"), ("Connection", "b")]))
    client.send(h11.EndOfMessage())
    client.receive_data(got[: end + 4])
    try:
        event = client.next_event()
    except h11.RemoteProtocolError as error:
        shown = quote(got[: end + 4], limit=200)
        raise AssertionError(f"the answer must be the head of an HTTP response ({error}), got {shown}") from None
    assert isinstance(event, h11.InformationalResponse | h11.Response), f"a response must come, got {event!r}"
    found = [(name.decode("ascii"), value.decode("latin-1")) for name, value in event.headers]
    return Answer(event.status_code, found, got[end + 4 :])
