# fails: test_next_client | serve_echo has returned
import socket


def serve_echo(listener):
    conn, _ = listener.accept()
    with conn:
        while data := conn.recv(4096):
            conn.sendall(data)
    listener.close()
