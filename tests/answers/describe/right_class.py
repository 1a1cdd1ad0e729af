"""A dataclass that is turned into a plain dictionary at the end."""

import socket
from dataclasses import asdict, dataclass

FAMILIES = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
TYPES = {socket.SOCK_STREAM: "stream", socket.SOCK_DGRAM: "datagram"}


@dataclass
class Description:
    family: str
    type: str
    state: str = "unconnected"
    local: tuple[str, int] | None = None
    remote: tuple[str, int] | None = None


def describe(sock: socket.socket) -> dict[str, object]:
    result = Description(FAMILIES[sock.family], TYPES[sock.type])
    try:
        host, port, *_ = sock.getsockname()
    except OSError:
        port = 0
    if port != 0:
        result.local = host, port
    try:
        host, port, *_ = sock.getpeername()
    except OSError:
        if sock.type == socket.SOCK_STREAM and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            result.state = "listening"
    else:
        result.state = "connected"
        result.remote = host, port
    return asdict(result)
