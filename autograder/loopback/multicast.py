"""Services that answer a question sent to a multicast group, on the loopback interface only."""

import contextlib
import ipaddress
import os
import socket
import sys

from autograder.loopback import waits
from autograder.loopback.datagram_peer import Answer, DatagramPeer, Reply
from autograder.loopback.listening import bind

INTERFACE = "127.0.0.1"
"""The address of the interface on which the group is joined (RFC 1112 section 7.1): nothing comes from outside."""


class NoMulticast(OSError):
    """This machine does not carry multicast on its loopback interface. The message says which step failed."""


class MulticastAnswerer(DatagramPeer):
    """A member of a multicast group on 127.0.0.1, answering for one or several services.

    `address` is (group, port) to send to; `sources` has the (host, port) of each service, in the order of the
    numbers that a `Reply` gives as its source. `questions` tell the time to live of what came, except on Windows.

    Args:
        group: an IPv4 multicast address, 224.0.0.0 to 239.255.255.255 (RFC 1112 section 4).
        answer: what to reply to each question.
        services: how many sockets there are to reply from, each with a port of its own.
        port: 0 takes a free one.

    Raises:
        ValueError: the group is no such address, or there is no service; the message names it.
        NoMulticast: the group could not be joined on 127.0.0.1.
        OSError: the port is in use.
    """

    def __init__(self, group: str, answer: Answer, *, services: int = 1, port: int = 0) -> None:
        _check_group(group)
        if services < 1:
            raise ValueError(f"services is {services!r}, but somebody must be there to answer: pass 1 or more")
        with contextlib.ExitStack() as opened:
            receiver = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            # Bound to the group, the socket gets nothing but the group's datagrams. Windows can't do that.
            bind(receiver, INTERFACE if os.name == "nt" else group, port)
            _join(receiver, group)
            _ask_for_ttl(receiver)
            sources = []
            for _ in range(services):
                sources.append(opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
                bind(sources[-1], INTERFACE, 0)
            opened.pop_all()
        super().__init__(receiver, sources, answer)
        self.host = group


def why_not(group: str = "239.255.0.1") -> str:
    """Why multicast does not work on this machine's loopback interface; an empty string where it does.

    One datagram is sent to a group that nobody else is in, and must come back.
    """
    try:
        with MulticastAnswerer(group, lambda _, data: [Reply(data)]) as echo, question_socket() as sock:
            sock.settimeout(waits.seconds(1.0))
            sock.sendto(b"anybody?", echo.address)
            sock.recv(100)
    except TimeoutError:
        return "a multicast datagram sent on 127.0.0.1 does not arrive there on this machine"
    except OSError as error:
        return f"multicast on 127.0.0.1 does not work on this machine: {error.strerror or error}"
    return ""


def question_socket() -> socket.socket:
    """A UDP socket whose multicast datagrams leave through 127.0.0.1 and cross no router (TTL 1)."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(INTERFACE))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def _check_group(group: str) -> None:
    try:
        right = ipaddress.IPv4Address(group).is_multicast
    except ValueError:
        right = False
    if not right:
        raise ValueError(
            f"group is {group!r}, but it must be an IPv4 multicast address, 224.0.0.0 to 239.255.255.255: "
            "take one that begins with 239.255, they are for local use (RFC 2365 section 6.1)"
        )


def _join(sock: socket.socket, group: str) -> None:
    membership = socket.inet_aton(group) + socket.inet_aton(INTERFACE)  # struct ip_mreq: group, interface
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError as error:
        reason = f"can't join the group {group} on {INTERFACE}: {error.strerror or error}"
        raise NoMulticast(error.errno, reason) from None


def _ask_for_ttl(sock: socket.socket) -> None:
    # Python 3.11 has no name for IP_RECVTTL; these are the numbers in the systems' headers.
    number = {"linux": 12, "darwin": 24}.get(sys.platform)
    if number is not None:
        sock.setsockopt(socket.IPPROTO_IP, number, 1)
