# fails: test_one_client | byte
import socket


def serve_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        with conn:
            try:
                conn.sendall(b"welcome\n")
                while data := conn.recv(4096):
                    conn.sendall(data)
            except ConnectionError:
                pass
