"""A thread for each client: more than was asked, and just as right."""

import socket
import threading


def echo(conn: socket.socket) -> None:
    try:
        with conn:
            while data := conn.recv(4096):
                conn.sendall(data)
    except OSError:
        pass


def serve_echo(listener: socket.socket) -> None:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
