# fails: test_returns | return
import socket


def serve_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
            with conn:
                while data := conn.recv(65536):
                    conn.sendall(data)
        except OSError:
            continue
