"""HTTP over a recorded socket: requests made by hand, and zeep's. h11 reads the answers."""

from __future__ import annotations

import select
from types import SimpleNamespace
from typing import NamedTuple
from urllib.parse import urlsplit

import h11
import zeep

from autograder.judge.failures import Failure, Silent
from autograder.judge.learner import Running
from autograder.loopback import RecordedSocket

XML = "text/xml; charset=utf-8"


class Answer(NamedTuple):
    """An HTTP answer; the names of its headers are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


class Conversation:
    """HTTP/1.1 requests on one connection to the learner's server."""

    def __init__(self, server: Running, title: str = "") -> None:
        self.socket: RecordedSocket = server.connect(title=title)
        self._server = server
        self._host = "{}:{}".format(*server.address)
        self._h11 = h11.Connection(h11.CLIENT)

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    @property
    def goes_on(self) -> bool:
        """May another request follow on this connection?"""
        if select.select([self.socket], [], [], 0)[0]:
            return False  # nothing was asked, so this is its end: a server may close an idle connection at any time
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
        return self._h11.our_state is h11.IDLE

    def get(self, target: str) -> Answer:
        """GET a target such as ``/?wsdl``."""
        return self._ask("GET", target, b"", {})

    def post(self, body: bytes, target: str = "/") -> Answer:
        """POST a SOAP message, head and body in two pieces, as HTTP libraries send them."""
        return self._ask("POST", target, body, {"Content-Type": XML, "SOAPAction": '""'})

    def _ask(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> Answer:
        headers = {"Host": self._host, **headers}
        if body:
            headers["Content-Length"] = str(len(body))
        request = h11.Request(method=method, target=target, headers=list(headers.items()))
        self.socket.send(self._h11.send(request) or b"")
        if body:
            self.socket.send(self._h11.send(h11.Data(body)) or b"")
        self._h11.send(h11.EndOfMessage())
        return self._answer()

    def _answer(self) -> Answer:
        answer, pieces, got, piece = None, [], b"", b""
        while True:
            try:
                event = self._h11.next_event()
                if event is h11.NEED_DATA:
                    piece = self.socket.receive(65536)
                    got += piece
                    self._h11.receive_data(piece)  # b"" is the end, and h11 knows whether the answer may end there
                    continue
            except h11.RemoteProtocolError as error:
                if piece:
                    raise AssertionError(f"what came is not HTTP: {error}") from None
                raise self._early_end(got) from None
            match event:
                case h11.Response():
                    answer = event
                case h11.Data(data=data):
                    pieces.append(bytes(data))
                case h11.EndOfMessage() if answer is not None:
                    fields = {name.decode(): value.decode("latin-1") for name, value in answer.headers}
                    return Answer(answer.status_code, fields, b"".join(pieces))
                case h11.ConnectionClosed():
                    raise self._early_end(got)

    def _early_end(self, got: bytes) -> Exception:
        """What to say of a connection that was closed too early: perhaps serve_soap itself has raised."""
        try:
            self._server.ended(0.2)
        except Silent:
            pass
        except Failure as failure:
            return failure
        came = f"{len(got)} bytes of an answer came, which is not all of it" if got else "no answer came"
        return AssertionError(f"{came}, and your server closed the connection")


class _OverRecordedSockets(zeep.Transport):
    """zeep's requests on recorded connections: kept while the server keeps them, and to this server only."""

    def __init__(self, server: Running) -> None:
        super().__init__()
        self._server = server
        self._conversation: Conversation | None = None

    def load(self, url: str) -> bytes:
        """The WSDL."""
        parts = urlsplit(url)
        answer = self._next(url).get(f"{parts.path or '/'}?{parts.query}")
        assert answer.status == 200, f"GET {url} must be answered with 200; the status is {answer.status}"
        return answer.body

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> SimpleNamespace:
        """An operation, at the address that the WSDL names."""
        answer = self._next(address).post(message, urlsplit(address).path or "/")
        return SimpleNamespace(status_code=answer.status, headers=answer.headers, content=answer.body, encoding="utf-8")

    def _next(self, url: str) -> Conversation:
        parts = urlsplit(url)
        host, port = self._server.address
        here = parts.hostname in (host, "localhost") and (parts.port or 80) == port
        assert here, f"your server is at {host}:{port}, and its WSDL sends clients to {url}"
        if self._conversation is None or not self._conversation.goes_on:
            self._conversation = Conversation(self._server, title="zeep")
        return self._conversation


def zeep_client(server: Running) -> zeep.Client:
    """A zeep client that has read the WSDL of the learner's server."""
    url = "http://{}:{}/?wsdl".format(*server.address)
    settings = zeep.Settings(forbid_dtd=True, forbid_external=True)
    try:
        return zeep.Client(url, transport=_OverRecordedSockets(server), settings=settings)
    except zeep.exceptions.Error as error:
        raise AssertionError(f"zeep can't read your WSDL: {error or type(error).__name__}") from None
