# fails: test_silence | TimeoutError
import socket
import time


def fetch_within(host, port, request, seconds):
    deadline = time.monotonic() + seconds
    answer = b""
    with socket.create_connection((host, port), timeout=seconds) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        while time.monotonic() < deadline:
            sock.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                chunk = sock.recv(4096)
            except TimeoutError:
                break
            if not chunk:
                break
            answer += chunk
    return answer
