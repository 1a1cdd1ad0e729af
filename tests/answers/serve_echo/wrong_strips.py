# fails: test_conversation | byte
import socket


def serve_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        with conn:
            try:
                while data := conn.recv(4096):
                    conn.sendall(data.strip())
            except ConnectionError:
                pass
