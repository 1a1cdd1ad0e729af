# fails: test_two_readers | one object for all
class LineReader:
    buffer = bytearray()

    def __init__(self, sock, limit):
        self.sock = sock
        self.limit = limit

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
        end = self.buffer.index(b"\n")
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 1]
        line = line.removesuffix(b"\r")
        if len(line) > self.limit:
            raise ValueError("too long")
        return line.decode()
