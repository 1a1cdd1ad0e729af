# fails: test_slow_answer | TimeoutError
import socket
import time


def fetch_within(host, port, request, seconds):
    start = time.monotonic()
    with socket.create_connection((host, port), timeout=seconds) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        answer = b""
        while True:
            seconds -= time.monotonic() - start
            if seconds <= 0:
                raise TimeoutError("too late")
            sock.settimeout(seconds)
            chunk = sock.recv(65536)
            if not chunk:
                return answer
            answer += chunk
