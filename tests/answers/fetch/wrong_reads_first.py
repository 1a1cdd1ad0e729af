# fails: test_answer | recv
import socket


def fetch(host, port, request):
    with socket.create_connection((host, port)) as sock:
        answer = sock.recv(4096)
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        while chunk := sock.recv(4096):
            answer += chunk
        return answer
