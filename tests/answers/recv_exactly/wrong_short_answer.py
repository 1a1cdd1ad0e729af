# fails: test_early_end | EOFError must be raised
def recv_exactly(sock, n):
    data = bytearray()
    while len(data) < n and (piece := sock.recv(n - len(data))):
        data += piece
    return bytes(data)
