# fails: test_half_close | too many
import socket


def fetch(host, port, request):
    with socket.create_connection((host, port)) as sock:
        sock.sendall(request + b"\n")
        sock.shutdown(socket.SHUT_WR)

        answer = b""
        while chunk := sock.recv(4096):
            answer += chunk
        return answer
