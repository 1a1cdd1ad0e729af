# fails: test_one_client | 0 of 40 bytes came
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
                    print(data)
            except ConnectionError:
                pass
