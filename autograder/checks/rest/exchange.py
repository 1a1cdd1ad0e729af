"""One request to the learner's service over a real connection, read by h11, and what its answer must be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

import h11

from autograder.judge.learner import Running
from autograder.loopback import RecordedSocket

PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Answer:
    """A response, and the request that it answers as the report tells it.

    headers: by name in small letters; a repeated field's values are joined by a comma.
    """

    request: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> str:
        """The status as a learner reads it; of an error, what its body begins with as well."""
        said = self.body[:90].decode("utf-8", "replace") if self.status >= 400 else ""
        return phrase(self.status) + (f", saying {said}{'…' if len(self.body) > 90 else ''}" if said else "")

    @property
    def kind(self) -> str:
        """The media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def must_be(self, *statuses: int) -> Answer:
        """Fail unless the status is one of these; then the answer itself, for what comes next."""
        wanted = " or ".join(phrase(status) for status in statuses)
        assert self.status in statuses, f"{self.request} must be answered with {wanted}, got {self.told}"
        return self

    def json(self) -> Any:
        """What the body says; fails where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise AssertionError(
                f"the body of the answer to {self.request} must be JSON, got {self.body[:60]!r}"
            ) from None

    def item(self) -> dict[str, Any]:
        """The item in the body; fails where there is none with an id."""
        item = self.json()
        assert isinstance(item, dict) and type(item.get("id")) is int, (
            f"the answer to {self.request} must be an item with a whole number as id, got {item!r:.100}"
        )
        return item

    def header(self, name: str) -> str:
        """A header field; fails where it is missing."""
        value = self.headers.get(name.lower())
        assert value is not None, (
            f"the answer {phrase(self.status)} to {self.request} must have the header {name}, it has none"
        )
        return value


def phrase(status: int) -> str:
    """A status code as it stands in a status line, e.g. ``404 Not Found``."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def ask(
    server: Running,
    method: str,
    target: str,
    json_body: Any = None,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request on a connection of its own and read the answer.

    Args:
        server: what `learner.serve` gave.
        json_body: sent as application/json, unless it is None.
        body: sent as application/json as it is, instead.

    Raises:
        AssertionError: the answer is not HTTP.
        OSError, EOFError: the conversation broke, as `RecordedSocket` has it.
    """
    data = body if body is not None else b"" if json_body is None else json.dumps(json_body).encode()
    fields = [("Host", "127.0.0.1"), ("Connection", "close"), *(headers or {}).items()]
    if data:
        fields.append(("Content-Type", "application/json"))
    if data or method in ("POST", "PUT", "PATCH"):
        fields.append(("Content-Length", str(len(data))))
    machine = h11.Connection(h11.CLIENT)
    wire = machine.send(h11.Request(method=method, target=target, headers=fields)) or b""
    wire += (machine.send(h11.Data(data=data)) or b"") if data else b""
    wire += machine.send(h11.EndOfMessage()) or b""
    try:
        with server.connect(title=f"{method} {target}") as client:
            client.send(wire)
            events = _events(machine, client)
    except h11.RemoteProtocolError as error:
        raise AssertionError(f"the answer to {method} {target} is no HTTP: {error}") from None
    head = next(event for event in events if isinstance(event, h11.Response))
    found: dict[str, str] = {}
    for raw_name, raw_value in head.headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    whole = b"".join(bytes(event.data) for event in events if isinstance(event, h11.Data))
    return Answer(f"{method} {target}", head.status_code, found, whole)


def _events(machine: h11.Connection, client: RecordedSocket) -> Sequence[Any]:
    events: list[Any] = []
    while True:
        event = machine.next_event()
        if event is h11.NEED_DATA:
            machine.receive_data(client.receive(65_536))
            continue
        if isinstance(event, h11.InformationalResponse):
            continue
        events.append(event)
        if isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            return events


def path_of(location: str, target: str) -> str:
    """Path and query that a Location field leads to, which may be relative to the target asked for (RFC 9110 10.2.2).

    Fails where it leads to another host.
    """
    there = urlsplit(urljoin(f"http://127.0.0.1{target}", location))
    assert there.hostname == "127.0.0.1", f"Location must lead to the item on this server, got {location}"
    return there.path + (f"?{there.query}" if there.query else "")


def need_problem(answer: Answer) -> None:
    """Fail unless the answer's body is problem details with a title and the status of the answer (RFC 9457)."""
    assert answer.kind == PROBLEM, (
        f"the answer {phrase(answer.status)} to {answer.request} must have Content-Type: {PROBLEM}, got "
        f"{answer.headers.get('content-type', 'no such header')}"
    )
    problem = answer.json()
    assert isinstance(problem, dict), f"problem details are a JSON object, got {problem!r:.100}"
    title, status = problem.get("title"), problem.get("status")
    assert isinstance(title, str) and title, f"problem details must have a title for people to read, got {problem}"
    assert status == answer.status, f"status in the problem details must be {answer.status}, got {status!r}"
