"""Make a socket that listens on the address asked for, and can do so again after a restart."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from autograder.checks.fixtures import Likely
from autograder.checks.tcp_sockets.probes import left_open, need_ipv6, refuses
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.loopback import connect


@exercise
def make_listener(host: str, port: int) -> socket.socket: ...


@requirement(
    points=1,
    source="RFC 9293 section 3.9.1.1; man 2 listen",
    hint="bind, listen, and return the socket: accept is the business of whoever uses it.",
)
def test_listens(learner: Learner) -> None:
    """Port 0 gives a listening TCP socket on a port that the system chose, and a client can connect to it."""
    listener = learner.keep("127.0.0.1", 0)
    host, port = listener.address
    assert port != 0, "the listener must be bound to a port that the system chose; it is not bound, its port is 0"
    kind = listener.call("getsockopt", socket.SOL_SOCKET, socket.SO_TYPE)
    assert kind == socket.SOCK_STREAM, "the listener must be a TCP socket (SOCK_STREAM); it is a datagram socket"
    assert not refuses(host, port), "a client must be able to connect; the connection was refused: nobody listens there"


@requirement(
    points=1,
    source="man 2 bind",
    hint="bind takes the pair (host, port) as it was given.",
    needs="test_listens",
)
def test_port_asked_for(learner: Learner) -> None:
    """A port number other than 0 is the port that is used."""
    first = learner.keep("127.0.0.1", 0)
    host, port = first.address
    first.close()  # no client was there, so the port is free at once
    second = learner.keep(host, port)
    got = second.address[1]
    assert got == port, f"make_listener({host!r}, {port}) must listen on port {port}; it listens on port {got}"


@requirement(
    points=1,
    source="RFC 9293 section 3.9.1.1",
    hint="An empty host, and 0.0.0.0, mean every address of the machine.",
    needs="test_listens",
)
def test_only_this_address(learner: Learner) -> None:
    """It listens on the address asked for, and on no other."""
    host, port = learner.keep("127.0.0.1", 0).address
    assert host == "127.0.0.1", (
        f"make_listener('127.0.0.1', 0) must be reachable from this machine only; it is bound to {host!r}"
        + (", every address of the machine, for the whole network to reach" if host in ("0.0.0.0", "::") else "")
    )


@requirement(
    points=1,
    source="RFC 3493 section 3",
    hint="The family of the socket must fit the host: socket.getaddrinfo(host, port) says which.",
)
def test_ipv6(learner: Learner) -> None:
    """The host may be an IPv6 address."""
    need_ipv6()
    host, port = learner.keep("::1", 0).address
    assert host == "::1", f"make_listener('::1', 0) must listen on '::1'; it is bound to {host!r}"
    assert not refuses(host, port), "a client must be able to connect to ::1; the connection was refused"


@requirement(
    points=1,
    source="RFC 9293 section 3.6.1; man 7 socket",
    hint="listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1), in the right place.",
    needs="test_port_asked_for",
)
def test_restart(learner: Learner, likely: Likely) -> None:
    """A server that closed a connection first can start again on the same port at once."""
    first = learner.keep("127.0.0.1", 0)
    host, port = first.address
    with connect((host, port), title="the client of the first run") as client:
        conversation = first.accept()
        conversation.close()  # the side that closes first keeps the connection in TIME-WAIT
        client.receive_to_end()
    first.close()
    try:
        learner.keep(host, port)
    finally:
        likely(
            refuses(host, port),
            f"nobody listens on port {port} any more; only the finished conversation of the first run still "
            "rests there (TIME-WAIT, a minute on Linux). SO_REUSEADDR, set before bind, allows that",
        )


@requirement(
    points=1,
    source="man 2 bind: EADDRINUSE",
    hint="Let the OSError of bind go to the caller. SO_REUSEADDR is not SO_REUSEPORT.",
    needs="test_port_asked_for",
)
def test_port_in_use(learner: Learner) -> None:
    """A port on which somebody listens already is refused with OSError."""
    first = learner.keep("127.0.0.1", 0)
    learner.must_raise(OSError, *first.address)


@requirement(
    points=1,
    source="man 2 listen: backlog",
    hint="listen() without a number takes a queue that is long enough for most servers.",
    needs="test_listens",
)
def test_queue(learner: Learner) -> None:
    """Sixteen clients can connect before the first is accepted."""
    address = learner.keep("127.0.0.1", 0).address
    with ExitStack() as clients:
        for number in range(1, 17):
            try:
                clients.enter_context(connect(address, timeout=1.0))
            except OSError as error:
                raise AssertionError(
                    f"16 clients must find a place in the queue; client {number} got "
                    + ("no answer within a second" if isinstance(error, TimeoutError) else "a refusal")
                ) from None


@requirement(
    points=1,
    source="man 2 close; docs.python.org: socket.close",
    hint="try ... except: close and raise again.",
    needs="test_port_in_use",
)
def test_failure_closes(learner: Learner) -> None:
    """When bind fails, the socket that was already made is closed."""
    # Held sockets stay open when their variable dies, as they may on any Python: only close() closes them.
    learner.instrument(hold_sockets=True)
    first = learner.keep("127.0.0.1", 0)
    before = learner.open_sockets()
    for _ in range(3):
        learner.must_raise(OSError, *first.address)
    left = left_open(learner, before)
    assert left == 0, f"a call that fails must leave no socket behind; of 3 failed calls {left} sockets stayed open"
