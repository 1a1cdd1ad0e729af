# fails: test_conversation | UnicodeDecodeError
import socket


def serve_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        with conn:
            try:
                while text := conn.recv(4096).decode("utf-8"):
                    conn.sendall(text.encode("utf-8"))
            except ConnectionError:
                pass
