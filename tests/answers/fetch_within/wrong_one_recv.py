# fails: test_answer | then reading stopped
import socket


def fetch_within(host, port, request, seconds):
    with socket.create_connection((host, port), timeout=seconds) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        return sock.recv(65536)
