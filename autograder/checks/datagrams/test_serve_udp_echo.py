"""Echo every datagram to its sender: the empty one, the largest one, and those of many senders."""

from __future__ import annotations

import socket
import sys
from contextlib import ExitStack, suppress
from random import Random

from autograder.checks.datagrams.probes import LARGEST, Client, roomy_socket, still_serving
from autograder.checks.fixtures import Likely
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.judge.recipes import Datagram
from autograder.loopback import NoAnswer

NAME = "serve_udp_echo"

IP_RECVERR = 11
"""Linux reports ICMP errors to an unconnected UDP socket with this option only (man 7 ip); Windows always does."""


@exercise
def serve_udp_echo(sock: socket.socket) -> None: ...


@requirement(
    points=1,
    source="RFC 862; RFC 768",
    hint="recvfrom gives a datagram and its sender's address; sendto takes the same two.",
)
def test_one_datagram(learner: Learner, rng: Random) -> None:
    """What a client sends comes back to it, byte for byte, from the server's own address."""
    server = learner.start(Datagram())
    message = _bytes(rng, 40)
    with Client(learner, server.address) as client:
        client.send(message)
        assert client.receive(len(message)) == message


@requirement(
    points=1,
    source="RFC 768; man 7 udp",
    hint="One recvfrom is one datagram. One sendto makes one.",
    needs="test_one_datagram",
)
def test_datagrams_stay_apart(learner: Learner, rng: Random, likely: Likely) -> None:
    """Three datagrams that wait together come back as three, neither joined nor cut."""
    sock = learner.make(Datagram())
    messages = [_bytes(rng, size) for size in (5, 900, 3)]
    with Client(learner, sock.address) as client:
        for message in messages:
            client.send(message)
        server = learner.start(sock)  # they wait already
        got: list[bytes] = []
        with still_serving(server, likely, NAME):
            for message in messages:
                got.append(client.receive(len(message)))
                likely(
                    got[0] == b"".join(messages),
                    "the three came back as one: a datagram socket is no stream, send each on its own",
                )
                assert got[-1] in messages, (
                    "datagrams of 5, 900 and 3 bytes were sent; "
                    f"they must come back as they were, and one of {len(got[-1]):,} bytes came"
                )
    assert sorted(got) == sorted(messages), "each of three datagrams must come back once; one came twice"


@requirement(
    points=1,
    source="RFC 768: Length, at least 8",
    hint="b'' from recvfrom is a datagram without payload, and nothing else: UDP has no end.",
    needs="test_one_datagram",
)
def test_empty_datagram(learner: Learner, rng: Random, likely: Likely) -> None:
    """An empty datagram comes back as an empty datagram, and the server goes on."""
    server = learner.start(Datagram())
    message = _bytes(rng, 20)
    with Client(learner, server.address) as client, still_serving(server, likely, NAME):
        client.send(b"")
        try:
            got = client.receive()
        except NoAnswer:
            client.send(message)
            likely(_answers(client), "the next datagram is answered: the empty one was passed over")
            raise
        assert got == b""
        client.send(message)
        assert client.receive(len(message)) == message


@requirement(
    points=1,
    source="RFC 768; RFC 791 section 3.1: Total Length",
    hint="What does not fit into recvfrom's buffer is cut off and gone. How large can a datagram be?",
    needs="test_one_datagram",
)
def test_largest_datagram(learner: Learner, rng: Random, likely: Likely) -> None:
    """The largest datagram, 65,507 bytes, comes back whole."""
    sock = roomy_socket(learner)
    server = learner.start(sock)
    message = _bytes(rng, LARGEST)
    with Client(learner, sock.address) as client, still_serving(server, likely, NAME):
        client.send(message)
        got = client.receive(len(message))
        likely(
            len(got) < LARGEST and message.startswith(got),
            f"the first {len(got):,} bytes came back: recvfrom({len(got)}) cuts off what is longer",
        )
        assert got == message


@requirement(
    points=1,
    source="RFC 768; docs.python.org: socket.recvfrom",
    hint="The address that recvfrom returns with a datagram is where that datagram's answer goes.",
    needs="test_one_datagram",
)
def test_many_senders(learner: Learner, rng: Random, likely: Likely) -> None:
    """Five clients at once get their own datagrams back, twice, in whatever order they ask."""
    server = learner.start(Datagram())
    with ExitStack() as stack, still_serving(server, likely, NAME):
        clients = [stack.enter_context(Client(learner, server.address)) for _ in range(5)]
        first = _bytes(rng, 30)
        clients[0].send(first)
        assert clients[0].receive(30) == first
        for ordered in (clients, clients[::-1]):
            messages = {client: _bytes(rng, 30) for client in clients}
            for client in ordered:
                client.send(messages[client])
            for client in reversed(ordered):
                try:
                    got = client.receive(30)
                except NoAnswer:
                    for number, other in enumerate(clients, 1):
                        likely(messages[client] in other.more(0.01), f"its datagram was sent to client {number}")
                    raise
                assert got == messages[client]


@requirement(
    points=1,
    source="RFC 1122 section 4.1.3.3; man 7 ip: IP_RECVERR",
    hint="recvfrom, and sendto as well, may raise ConnectionError for an answer that found nobody. Go on after it.",
    needs="test_one_datagram",
)
def test_vanished_client(learner: Learner, rng: Random, likely: Likely) -> None:
    """Clients that have gone before their answer came cost the next client nothing."""
    sock = learner.make(Datagram())
    if sys.platform == "linux":
        sock.call("setsockopt", socket.IPPROTO_IP, IP_RECVERR, 1)
    for _ in range(3):
        with Client(learner, sock.address) as gone:
            gone.send(_bytes(rng, 10))
    learner.transcripts.clear()
    message = _bytes(rng, 20)
    with Client(learner, sock.address) as witness, Client(learner, sock.address) as client:
        witness.transcript.note("three clients have sent a datagram each and gone")
        witness.send(message)
        server = learner.start(sock)
        with suppress(NoAnswer):
            witness.receive(seconds=0.4)  # the three have had their turn
        # The error may take the place of an answer: UDP promises none, so the client asks again.
        with still_serving(server, likely, NAME):
            for last in (False, False, True):
                client.send(message)
                try:
                    got = client.receive(len(message), seconds=0.4)
                    break
                except NoAnswer:
                    if last or not server.still_running:
                        raise
        assert got == message


def _answers(client: Client) -> bool:
    try:
        client.receive(seconds=0.2)
    except NoAnswer:
        return False
    return True


def _bytes(rng: Random, length: int) -> bytes:
    """Bytes that are no text: they begin with 0xff and end in a space."""
    return b"\xff" + rng.randbytes(length - 2) + b" "
