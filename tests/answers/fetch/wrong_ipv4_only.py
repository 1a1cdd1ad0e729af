# fails: test_ipv6 | ::1
import socket


def fetch(host, port, request):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with sock:
        sock.connect((host, port))
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)

        answer = b""
        while chunk := sock.recv(4096):
            answer += chunk
        return answer
