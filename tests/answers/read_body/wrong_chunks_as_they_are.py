# fails: test_chunks | still in the body
import re


def read_body(sock, headers: dict[str, str], rest: bytes) -> tuple[bytes, bytes]:
    waiting = bytearray(rest)

    def more() -> None:
        piece = sock.recv(65536)
        if not piece:
            raise EOFError("ended too early")
        waiting.extend(piece)

    def take(size: int) -> bytes:
        while len(waiting) < size:
            more()
        taken = bytes(waiting[:size])
        del waiting[:size]
        return taken

    def line() -> bytes:
        while b"\r\n" not in waiting:
            more()
        return take(waiting.index(b"\r\n") + 2)[:-2]

    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if length is not None:
            raise ValueError("both framings")
        if coding.lower() != "chunked":
            raise ValueError(f"unknown coding {coding}")
        while not waiting.endswith(b"\r\n0\r\n\r\n") or len(waiting) < 3000:
            more()
        return bytes(waiting), b""
        body = b""
        while True:
            digits = line().partition(b";")[0].strip(b" \t")
            if not re.fullmatch(rb"[0-9A-Fa-f]+", digits):
                raise ValueError(f"bad size {digits!r}")
            size = int(digits, 16)
            if size == 0:
                break
            body += take(size)
            if take(2) != b"\r\n":
                raise ValueError("no line end behind a chunk")
        while line():
            pass
        return body, bytes(waiting)
    if length is None:
        return b"", rest
    if not re.fullmatch("[0-9]+", length):
        raise ValueError(f"bad length {length!r}")
    return take(int(length)), bytes(waiting)
