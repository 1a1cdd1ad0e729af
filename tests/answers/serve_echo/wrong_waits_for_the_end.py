# fails: test_conversation | came back
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
