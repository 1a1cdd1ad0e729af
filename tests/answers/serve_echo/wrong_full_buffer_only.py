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
                with conn.makefile("rwb") as stream:
                    while data := stream.read(1024):
                        stream.write(data)
                        stream.flush()
            except ConnectionError:
                pass
