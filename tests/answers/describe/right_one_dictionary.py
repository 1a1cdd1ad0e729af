"""Two small helpers and one dictionary."""

import socket


def address(call) -> tuple[str, int] | None:
    try:
        host, port = call()[:2]
    except OSError:
        return None
    return (host, port) if port else None


def describe(sock: socket.socket) -> dict[str, object]:
    listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) != 0
    remote = address(sock.getpeername)
    return {
        "family": "IPv6" if sock.family == socket.AF_INET6 else "IPv4",
        "type": "datagram" if sock.type == socket.SOCK_DGRAM else "stream",
        "state": "listening" if listening else "connected" if remote else "unconnected",
        "local": address(sock.getsockname),
        "remote": remote,
    }
