# fails: test_answer | b''
import socket


def fetch(host, port, request):
    with socket.create_connection((host, port)) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        answer = b""
        while True:
            chunk = sock.recv(4096)
            if chunk is None:
                return answer
            answer += chunk
