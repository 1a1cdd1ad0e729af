# fails: test_half_close | shutdown(socket.SHUT_WR)
import socket


def fetch(host, port, request):
    with socket.create_connection((host, port)) as sock:
        sock.sendall(request)

        answer = b""
        while chunk := sock.recv(4096):
            answer += chunk
        return answer
