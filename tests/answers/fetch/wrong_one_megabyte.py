# fails: test_four_mebibytes | nothing more came
import socket


def fetch(host, port, request):
    with socket.create_connection((host, port)) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        answer = bytearray()
        while len(answer) < 1048576 and (chunk := sock.recv(4096)):
            answer += chunk
        return bytes(answer)
