# fails: test_end | half of the line
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
                    line, self.buffer = self.buffer, b""
                    return line.decode()
                return None
            self.buffer += piece
        line, _, self.buffer = self.buffer.partition(b"\n")
        line = line.removesuffix(b"\r")
        if len(line) > self.limit:
            raise ValueError("too long")
        return line.decode()
