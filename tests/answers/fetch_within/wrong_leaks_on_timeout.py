# fails: test_closes | stayed open
import socket
import time


def fetch_within(host, port, request, seconds):
    deadline = time.monotonic() + seconds
    sock = socket.create_connection((host, port), timeout=seconds)
    sock.sendall(request)
    sock.shutdown(socket.SHUT_WR)
    answer = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("too late")
        sock.settimeout(left)
        chunk = sock.recv(65536)
        if not chunk:
            sock.close()
            return answer
        answer += chunk
