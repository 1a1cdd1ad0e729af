# fails: test_pieces | UnicodeDecodeError
import socket


def fetch(host, port, request):
    with socket.create_connection((host, port)) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        text = ""
        while chunk := sock.recv(4096):
            text += chunk.decode("utf-8")
        return text.encode("utf-8")
