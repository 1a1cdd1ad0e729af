# fails: test_whole_conversation | TimeoutError
import socket
import time


def fetch_within(host, port, request, seconds):
    with socket.create_connection((host, port), timeout=seconds) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + seconds

        answer = b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("too late")
            sock.settimeout(left)
            chunk = sock.recv(65536)
            if not chunk:
                return answer
            answer += chunk
