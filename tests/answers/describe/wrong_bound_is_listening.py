# fails: test_unconnected | 'unconnected'
import socket


def pair(ask):
    try:
        host, port = ask()[:2]
    except OSError:
        return None
    return (host, port) if port else None


def describe(sock):
    listening = pair(sock.getsockname) and not pair(sock.getpeername)
    remote = pair(sock.getpeername)
    state = "listening" if listening else "connected" if remote else "unconnected"
    return {
        "family": "IPv6" if sock.family == socket.AF_INET6 else "IPv4",
        "type": "stream" if sock.type == socket.SOCK_STREAM else "datagram",
        "state": state,
        "local": pair(sock.getsockname),
        "remote": remote,
    }
