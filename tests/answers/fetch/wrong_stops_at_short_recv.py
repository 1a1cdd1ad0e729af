# fails: test_pieces | then reading stopped
import socket


def fetch(host, port, request):
    with socket.create_connection((host, port)) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        answer = b""
        while True:
            chunk = sock.recv(4096)
            answer += chunk
            if len(chunk) < 4096:
                return answer
