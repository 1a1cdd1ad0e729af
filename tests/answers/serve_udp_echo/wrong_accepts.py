# fails: test_one_datagram | OSError
import socket


def serve_udp_echo(sock):
    while True:
        conn, _ = sock.accept()
        while data := conn.recv(65535):
            conn.sendall(data)
