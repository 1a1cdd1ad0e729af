# fails: test_answer | Bad file descriptor
import socket


def fetch(host, port, request):
    sock = socket.create_connection((host, port))
    sock.sendall(request)
    sock.close()
    answer = b""
    while chunk := sock.recv(4096):
        answer += chunk
    return answer
