# fails: test_listening | state
import socket


def pair(ask):
    try:
        host, port = ask()[:2]
    except OSError:
        return None
    return (host, port) if port else None


def describe(sock):
    listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    remote = pair(sock.getpeername)
    return {
        "family": "IPv6" if sock.family == socket.AF_INET6 else "IPv4",
        "type": "stream" if sock.type == socket.SOCK_STREAM else "datagram",
        "local": pair(sock.getsockname),
        "remote": remote,
    }
