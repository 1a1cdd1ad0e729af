# fails: test_connected | 'connected'
import socket


def pair(ask):
    try:
        host, port = ask()[:2]
    except OSError:
        return None
    return (host, port) if port else None


def describe(sock):
    remote = pair(sock.getpeername)
    if remote:
        try:
            if sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                remote = None
        except BlockingIOError:
            pass

    listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    state = "listening" if listening else "connected" if remote else "unconnected"
    return {
        "family": "IPv6" if sock.family == socket.AF_INET6 else "IPv4",
        "type": "stream" if sock.type == socket.SOCK_STREAM else "datagram",
        "state": state,
        "local": pair(sock.getsockname),
        "remote": remote,
    }
