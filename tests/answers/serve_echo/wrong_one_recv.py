# fails: test_conversation | closed
import socket


def serve_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        with conn:
            try:
                conn.sendall(conn.recv(65536))
            except ConnectionError:
                pass
