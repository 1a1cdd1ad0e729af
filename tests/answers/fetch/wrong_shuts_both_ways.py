# fails: test_half_close | SHUT_WR
import socket


def fetch(host, port, request):
    with socket.create_connection((host, port)) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_RDWR)

        answer = b""
        while chunk := sock.recv(4096):
            answer += chunk
        return answer
