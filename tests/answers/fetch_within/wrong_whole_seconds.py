# fails: test_silence | BlockingIOError
import socket
import time


def fetch_within(host, port, request, seconds):
    with socket.create_connection((host, port)) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + seconds
        answer = b""
        while True:
            sock.settimeout(max(0, int(deadline - time.monotonic())))
            chunk = sock.recv(65536)
            if not chunk:
                return answer
            answer += chunk
