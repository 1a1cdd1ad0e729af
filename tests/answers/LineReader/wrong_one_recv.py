# fails: test_several | line
class LineReader:
    def __init__(self, sock, limit):
        self.sock = sock
        self.limit = limit

    def readline(self):
        data = self.sock.recv(self.limit)
        if not data:
            return None
        return data.decode().rstrip("\r\n")
