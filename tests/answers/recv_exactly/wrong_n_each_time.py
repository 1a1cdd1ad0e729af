# fails: test_rest | recv_exactly
def recv_exactly(sock, n):
    with sock.makefile("rb") as stream:
        data = stream.read(n)
    if len(data) < n:
        raise EOFError
    return data
