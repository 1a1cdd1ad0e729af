# fails: test_closes | stayed open
import socket


def serve_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        try:
            while data := conn.recv(65536):
                conn.sendall(data)
            conn.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass
