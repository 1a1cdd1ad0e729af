# fails: test_trickle | each recv
import socket


def fetch_within(host, port, request, seconds):
    with socket.create_connection((host, port), timeout=seconds) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := sock.recv(4096):
            answer += chunk
        return answer
