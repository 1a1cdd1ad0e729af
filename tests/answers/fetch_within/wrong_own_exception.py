# fails: test_silence | TimeoutError
import socket
import time


def fetch_within(host, port, request, seconds):
    deadline = time.monotonic() + seconds
    try:
        with socket.create_connection((host, port), timeout=seconds) as sock:
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
                    return answer
                answer += chunk

    except TimeoutError:
        raise RuntimeError("too late")
