# fails: test_reset | serve_echo has returned
import socket


def serve_echo(listener):
    try:
        while True:
            conn, _ = listener.accept()
            with conn:
                while data := conn.recv(65536):
                    conn.sendall(data)
    except OSError:
        return
