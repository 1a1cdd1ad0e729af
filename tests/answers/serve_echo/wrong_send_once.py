# fails: test_sends_everything | send
import socket


def serve_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        with conn:
            try:
                while data := conn.recv(65536):
                    conn.send(data)
            except ConnectionError:
                pass
