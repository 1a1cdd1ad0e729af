# fails: test_whole | UnicodeDecodeError
def recv_exactly(sock, n):
    data = ""
    while len(data) < n:
        piece = sock.recv(n - len(data)).decode()
        if not piece:
            raise EOFError
        data += piece
    return data
