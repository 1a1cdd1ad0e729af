"""One buffer for all clients, recv_into and send by hand."""

import socket


def converse(conn: socket.socket, buffer: memoryview) -> None:
    while count := conn.recv_into(buffer):
        sent = 0
        while sent < count:
            sent += conn.send(buffer[sent:count])


def serve_echo(listener: socket.socket) -> None:
    buffer = memoryview(bytearray(8192))
    while listener.fileno() >= 0:
        try:
            conn, _ = listener.accept()
        except OSError:
            break
        try:
            converse(conn, buffer)
        except (ConnectionResetError, BrokenPipeError):
            pass
        finally:
            conn.close()
