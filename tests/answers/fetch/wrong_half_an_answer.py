# fails: test_reset | half an answer
import socket


def fetch(host, port, request):
    answer = b""
    try:
        with socket.create_connection((host, port)) as sock:
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
            while chunk := sock.recv(4096):
                answer += chunk
    except OSError:
        pass
    return answer
