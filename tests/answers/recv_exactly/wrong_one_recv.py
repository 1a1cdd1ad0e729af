# fails: test_pieces | then reading stopped
def recv_exactly(sock, n):
    data = sock.recv(n)
    if n and not data:
        raise EOFError
    return data
