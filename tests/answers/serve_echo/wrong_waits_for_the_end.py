# fails: test_conversation | 0 of 1 byte came
import socket


def serve_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        with conn:
            try:
                message = b""
                while data := conn.recv(65536):
                    message += data
                conn.sendall(message)
            except ConnectionError:
                pass
