"""Say what a socket is: family, type, state, and the addresses of both ends."""

from __future__ import annotations

import socket
from random import Random
from typing import Any

from autograder.checks.fixtures import Peer
from autograder.checks.tcp_sockets.probes import need_ipv6
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.judge.recipes import Connected, Datagram, Listener, Unconnected
from autograder.loopback import End, Hold, ReceiveExactly, Send


@exercise
def describe(sock: socket.socket) -> dict[str, object]: ...


@requirement(
    points=1,
    source="man 2 socket; docs.python.org: socket.family, socket.type",
    hint="sock.family and sock.type hold what the socket was made with.",
)
def test_family_and_type(learner: Learner) -> None:
    """family is 'IPv4' or 'IPv6', type is 'stream' or 'datagram'."""
    tcp = learner(Unconnected(socket.AF_INET, socket.SOCK_STREAM))
    _agree(tcp, "a new TCP socket", family="IPv4", type="stream")
    udp = learner(Unconnected(socket.AF_INET, socket.SOCK_DGRAM))
    _agree(udp, "a new UDP socket", family="IPv4", type="datagram")
    need_ipv6()
    six = learner(Unconnected(socket.AF_INET6, socket.SOCK_STREAM))
    _agree(six, "a new TCP socket for IPv6", family="IPv6", type="stream")


@requirement(
    points=1,
    source="man 7 socket: SO_ACCEPTCONN; man 2 getpeername: ENOTCONN",
    hint="sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) is not 0 for a socket that listens.",
)
def test_listening(learner: Learner) -> None:
    """The state of a listening socket is 'listening'."""
    _agree(learner(Listener()), "a listening socket", state="listening")


@requirement(
    points=1,
    source="man 2 getpeername; RFC 9293 section 3.3.2",
    hint="A socket is connected when it has an address at the other end: sock.getpeername() returns it.",
)
def test_connected(learner: Learner, peer: Peer) -> None:
    """The state of a connected socket is 'connected', also when the server has already ended its side."""
    silent = peer(Hold(10.0))
    _agree(learner(Connected(silent.address)), "a connected socket", state="connected")
    finished = peer(End(), Hold(10.0))
    sock = learner.make(Connected(finished.address))
    sock.call("recv", 1)  # returns b'' as soon as the server's end is here
    _agree(learner(sock), "a socket whose server has ended its side (CLOSE-WAIT)", state="connected")


@requirement(
    points=1,
    source="man 2 getpeername: ENOTCONN",
    hint="sock.getpeername() raises OSError for a socket without an other end. Catch that, and only that.",
)
def test_unconnected(learner: Learner) -> None:
    """The state of a socket that neither listens nor is connected is 'unconnected'."""
    _agree(learner(Unconnected()), "a new socket", state="unconnected")
    bound = learner.make(Unconnected())
    bound.call("bind", ("127.0.0.1", 0))
    _agree(learner(bound), "a TCP socket that is bound and does not listen", state="unconnected")
    _agree(learner(Datagram()), "a bound UDP socket", state="unconnected")


@requirement(
    points=1,
    source="man 2 getsockname; man 2 getpeername; docs.python.org: socket families",
    hint="IPv6 addresses have four parts in Python: take the first two. A port of 0 means: not bound yet.",
)
def test_addresses(learner: Learner, peer: Peer) -> None:
    """local and remote are pairs (host, port), or None where there is no address yet."""
    _agree(learner(Unconnected()), "a new socket", local=None, remote=None)
    server = peer(Hold(10.0))
    sock = learner.make(Connected(server.address))
    _agree(learner(sock), "a connected socket", local=sock.address, remote=server.address)
    need_ipv6()
    server = peer(Hold(10.0), family=socket.AF_INET6)
    sock = learner.make(Connected(server.address))
    _agree(learner(sock), "a connected socket for IPv6", local=sock.address, remote=server.address)


@requirement(
    points=1,
    source="docs.python.org: socket objects",
    hint="Ask only questions that change nothing: no recv, no settimeout, no close.",
)
def test_leaves_alone(learner: Learner, peer: Peer, rng: Random) -> None:
    """Afterwards the socket is as it was: bytes still to be read, timeout unchanged, open."""
    greeting = rng.randbytes(8).hex().encode("ascii")
    server = peer(Send(greeting), ReceiveExactly(1), Hold(10.0))
    sock = learner.make(Connected(server.address, timeout=7.5))
    first = sock.call("recv", 1)  # so that the rest is certainly here
    learner(sock)
    assert sock.call("fileno") != -1, "the socket must stay open; it was closed"
    timeout = sock.call("gettimeout")
    sock.call("settimeout", 0.5)
    try:
        left = sock.call("recv", 100)
    except TimeoutError:
        left = b""
    assert first + left == greeting, (
        f"{len(greeting) - 1} bytes were waiting to be read and must go on waiting; {len(left)} are left"
    )
    assert timeout == 7.5, f"the timeout of the socket was 7.5 s and must stay so; it is now {timeout!r}"


def _agree(got: object, what: str, **expected: Any) -> None:
    """Compare the given keys of a description, one sentence for the first that differs."""
    assert isinstance(got, dict), f"describe must return a dictionary; for {what} it returned {got!r}"
    for key, right in expected.items():
        assert key in got, f"for {what} the key {key!r} must be there; the keys are {sorted(map(str, got))}"
        value = got[key]
        if isinstance(right, tuple):
            pair = tuple(value) if isinstance(value, (list, tuple)) else value
            assert pair == right, f"for {what} {key} must be the pair (host, port) {right!r}; it is {value!r}"
        else:
            assert value == right, f"for {what} {key} must be {right!r}; it is {value!r}"
