# fails: test_closes | stayed open
import socket


def fetch(host, port, request):
    sock = socket.create_connection((host, port))
    sock.sendall(request)
    sock.shutdown(socket.SHUT_WR)
    answer = b""
    while chunk := sock.recv(4096):
        answer += chunk
    return answer
