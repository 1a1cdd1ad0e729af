"""What the checks of several exercises here need: refusals, answers read by h11, a peer that waits for a head."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from random import Random

import h11

from autograder.loopback import EarlyEnd, RecordedSocket, Step
from autograder.loopback.steps import PATIENCE


def word(rng: Random, length: int = 12) -> str:
    """Small letters and digits that no program can know beforehand, a letter first."""
    return "x" + rng.randbytes(length).hex()[: length - 1]


def a(value: object) -> str:
    """A value and its type: "the str 'abc'", "None"."""
    if value is None:
        return "None"
    text = repr(value)
    return f"the {type(value).__name__} {text if len(text) <= 80 else f'{text[:77]}...'}"


@dataclass(frozen=True)
class Answer:
    """One response as h11 reads it: field names in small letters, those of 1xx left out."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def field(self, name: str) -> str | None:
        """The value of a field, joined where it is repeated; None where it is not there."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None


def read_responses(data: bytes, methods: list[str], *, ended: bool = False) -> tuple[list[Answer], bytes]:
    """Read as many whole responses as there are, one for each method.

    Args:
        data: what has come so far.
        methods: of the requests that are answered, in their order: an answer to HEAD has no body.
        ended: nothing more will come, which is the end of a body that nobody counted.

    Returns:
        The responses, and the bytes behind them.

    Raises:
        AssertionError: h11 can't read one; the sentence says why.
    """
    answers: list[Answer] = []
    for method in methods:
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
        client.send(h11.EndOfMessage())
        answer, rest = _read_one(client, data, ended)
        if answer is None:
            break
        answers.append(answer)
        data = rest
    return answers, data


def _read_one(client: h11.Connection, data: bytes, ended: bool) -> tuple[Answer | None, bytes]:
    status, headers, body = 0, [], bytearray()
    try:
        if data:
            client.receive_data(data)
        if ended:
            client.receive_data(b"")
        while True:
            event = client.next_event()
            match event:
                case h11.Response():
                    status = event.status_code
                    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers]
                case h11.Data():
                    body += event.data
                case h11.EndOfMessage():
                    return Answer(status, headers, bytes(body)), client.trailing_data[0]
                case h11.InformationalResponse():
                    pass
                case _:  # more is needed, or the connection has ended
                    return None, data
    except h11.RemoteProtocolError as error:
        assert not ended, f"the connection ended in the middle of a response: {error}"
        raise AssertionError(f"a client can't read this response: {error}. It is {_beginning(data)}") from None


def _beginning(data: bytes) -> str:
    return f"{data[:100]!r}{' ...' if len(data) > 100 else ''}"


class Client:
    """A recorded client that keeps what came and was not read yet."""

    def __init__(self, sock: RecordedSocket) -> None:
        self.sock, self.waiting = sock, b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.sock.close()

    def answers(self, *methods: str) -> list[Answer]:
        """The next responses, one for each method.

        Raises:
            EarlyEnd, NoAnswer, ConnectionError: they did not all come.
            AssertionError: one can't be read.
        """
        left = list(methods)
        got: list[Answer] = []
        while True:
            found, self.waiting = read_responses(self.waiting, left)
            got += found
            left = left[len(found) :]
            if not left:
                return got
            piece = self.sock.receive(65536)
            if not piece:
                found, self.waiting = read_responses(self.waiting, left, ended=True) if self.waiting else ([], b"")
                if len(found) == len(left):
                    return got + found
                raise EarlyEnd(self.waiting, len(self.waiting) + 1)
            self.waiting += piece

    def answer(self, method: str = "GET") -> Answer:
        """The next response."""
        return self.answers(method)[0]

    def ask(self, request: bytes) -> Answer:
        """Send one request and read its response; the method is the request's first word."""
        self.sock.send(request)
        return self.answer(request.partition(b" ")[0].decode("ascii"))


def get(target: str, *fields: str, method: str = "GET", version: str = "HTTP/1.1", host: str = "127.0.0.1") -> bytes:
    """A request as bytes: its line, Host, and more fields."""
    lines = [f"{method} {target} {version}", f"Host: {host}", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1")


@dataclass(frozen=True)
class ReceiveHead(Step):
    """Receive until the empty line that ends a head."""

    @property
    def sentence(self) -> str:
        return "receives a request's head, up to the empty line"

    def play(self, conn: RecordedSocket, stopping: threading.Event) -> None:
        got = b""
        while b"\r\n\r\n" not in got:
            piece = conn.receive(65536, timeout=PATIENCE)
            if not piece:
                raise EarlyEnd(got, len(got) + 1)
            got += piece


def requests_in(data: bytes) -> list[tuple[str, str, list[str]]]:
    """Every head in what a peer received: method, target, and the values of Host."""
    heads = []
    for head in data.split(b"\r\n\r\n")[:-1]:
        line, *fields = head.decode("latin-1").split("\r\n")
        parts = line.split(" ")
        hosts = [match[1] for field in fields if (match := re.fullmatch(r"(?i)host:[ \t]*(.*?)[ \t]*", field))]
        heads.append((parts[0], parts[1] if len(parts) > 1 else "", hosts))
    return heads
