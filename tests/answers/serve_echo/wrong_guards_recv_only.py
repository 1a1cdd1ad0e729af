# fails: test_vanishing_client | ConnectionResetError
import socket


def serve_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        with conn:
            while True:
                try:
                    data = conn.recv(65536)
                except ConnectionError:
                    break
                if not data:
                    break
                conn.sendall(data)
