"""A buffered file to read from and write to; read1 gives what is there."""

import socket


def serve_echo(listener: socket.socket) -> None:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        try:
            with conn, conn.makefile("rwb") as stream:
                while data := stream.read1(65536):
                    stream.write(data)
                    stream.flush()
        except OSError:
            continue
