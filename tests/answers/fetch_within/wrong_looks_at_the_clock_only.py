# fails: test_silence | recv
import socket
import time


def fetch_within(host, port, request, seconds):
    deadline = time.monotonic() + seconds
    answer = b""
    with socket.create_connection((host, port)) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        while chunk := sock.recv(4096):
            answer += chunk
            if time.monotonic() > deadline:
                raise TimeoutError
    return answer
