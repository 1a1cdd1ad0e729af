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
                    for line in stream:
                        stream.write(line)
                        stream.flush()
            except ConnectionError:
                pass
