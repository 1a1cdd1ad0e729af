# fails: test_port_in_use | OSError
import socket


def make_listener(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)

    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    while True:
        try:
            listener.bind((host, port))
            break
        except OSError:
            port += 1
    listener.listen()
    return listener
