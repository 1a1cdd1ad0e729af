# fails: test_half_close | not closed
import socket


def serve_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
            while data := conn.recv(65536):
                conn.sendall(data)
        except ConnectionError:
            pass
        except OSError:
            return
