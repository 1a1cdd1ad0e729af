# fails: test_early_end | recv returns b'' at once
def recv_exactly(sock, n):
    data = bytearray()
    while len(data) < n:
        data += sock.recv(n - len(data))
    return bytes(data)
