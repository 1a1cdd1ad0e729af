"""The addresses as text through getnameinfo, with contextlib.suppress for what is not there."""

import contextlib
import socket


def describe(sock: socket.socket) -> dict[str, object]:
    found: dict[str, tuple[str, int]] = {}
    for side, ask in ("local", sock.getsockname), ("remote", sock.getpeername):
        with contextlib.suppress(OSError):
            numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
            host, port = socket.getnameinfo(ask(), numeric)
            if int(port):
                found[side] = (host, int(port))
    if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        state = "listening"
    else:
        state = "connected" if "remote" in found else "unconnected"
    return {
        "family": "IPv6" if sock.family is socket.AF_INET6 else "IPv4",
        "type": "stream" if sock.type is socket.SOCK_STREAM else "datagram",
        "state": state,
        "local": found.get("local"),
        "remote": found.get("remote"),
    }
