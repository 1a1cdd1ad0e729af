# fails: test_half_close | b''
import socket


def serve_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        with conn:
            try:
                while True:
                    data = conn.recv(4096)
                    conn.sendall(data)
            except ConnectionError:
                pass
