# fails: test_sends_everything | send
import socket


def fetch(host, port, request):
    with socket.create_connection((host, port)) as sock:
        for start in range(0, len(request), 4096):
            sock.send(request[start : start + 4096])
        sock.shutdown(socket.SHUT_WR)

        answer = b""
        while chunk := sock.recv(4096):
            answer += chunk
        return answer
