# fails: test_ipv6 | refused
import socket


def fetch(host, port, request):
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)

        answer = b""
        while chunk := sock.recv(4096):
            answer += chunk
        return answer
