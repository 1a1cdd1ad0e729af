# fails: test_zero | no answer from
def recv_exactly(sock, n):
    data = sock.recv(max(n, 1))
    while len(data) < n:
        piece = sock.recv(n - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
