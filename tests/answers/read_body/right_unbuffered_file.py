import io
import string


class After(io.RawIOBase):
    """First what came already, then the socket, never more than is asked for."""

    def __init__(self, sock, rest: bytes) -> None:
        self.rest, self.file = rest, sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        whole = b""
        while len(whole) < size:
            piece, self.rest = self.rest[: size - len(whole)], self.rest[size - len(whole) :]
            piece = piece or self.file.read(size - len(whole))
            if not piece:
                raise EOFError("the connection ended")
            whole += piece
        return whole

    def readline(self, size: int | None = -1) -> bytes:
        line = b""
        while not line.endswith(b"\r\n"):
            line += self.read(1)
        return line[:-2]


def number(text: str, base: int) -> int:
    allowed = string.digits if base == 10 else string.hexdigits
    if not text or not all(letter in allowed for letter in text):
        raise ValueError(f"{text!r} is no number")
    return int(text, base)


def read_body(sock, headers: dict[str, str], rest: bytes) -> tuple[bytes, bytes]:
    after = After(sock, rest)
    match headers.get("transfer-encoding", "").lower(), headers.get("content-length"):
        case "", None:
            return b"", rest
        case "", str() as length:
            return after.read(number(length, 10)), after.rest
        case "chunked", None:
            chunks = []
            while size := number(after.readline().decode("latin-1").split(";")[0].rstrip(), 16):
                chunks.append(after.read(size))
                if after.readline() != b"":
                    raise ValueError("too long")
            while after.readline():
                pass
            return b"".join(chunks), after.rest
        case other:
            raise ValueError(f"where does this end? {other}")
