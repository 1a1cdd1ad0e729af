# fails: test_leaves_alone | waiting
import socket


def pair(ask):
    try:
        host, port = ask()[:2]
    except OSError:
        return None
    return (host, port) if port else None


def describe(sock):
    if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        sock.setblocking(False)
        try:
            sock.recv(1)
        except OSError:
            pass
        sock.setblocking(True)

    listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    remote = pair(sock.getpeername)
    state = "listening" if listening else "connected" if remote else "unconnected"
    return {
        "family": "IPv6" if sock.family == socket.AF_INET6 else "IPv4",
        "type": "stream" if sock.type == socket.SOCK_STREAM else "datagram",
        "state": state,
        "local": pair(sock.getsockname),
        "remote": remote,
    }
