# fails: test_family_and_type | 'IPv4'
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
    state = "listening" if listening else "connected" if remote else "unconnected"
    return {
        "family": sock.family,
        "type": sock.type,
        "state": state,
        "local": pair(sock.getsockname),
        "remote": remote,
    }
