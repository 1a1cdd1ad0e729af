# fails: test_several | threw away
class LineReader:
    def __init__(self, sock, limit):
        self.sock = sock
        self.limit = limit
        self.buffer = b""

    def readline(self):
        while b"\n" not in self.buffer:
            if len(self.buffer) > self.limit + 1:
                raise ValueError("too long")
            piece = self.sock.recv(4096)
            if not piece:
                if self.buffer:
                    raise EOFError
                return None
            self.buffer += piece
        line = self.buffer.partition(b"\n")[0]
        self.buffer = b""
        line = line.removesuffix(b"\r")
        if len(line) > self.limit:
            raise ValueError("too long")
        return line.decode()
