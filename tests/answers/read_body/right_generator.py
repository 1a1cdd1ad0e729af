import re


def decoder(headers):
    """Is sent bytes, asks for more by yielding None, and returns the body and the rest."""
    data = yield
    lengths = set(re.split(r"[ \t]*,[ \t]*", headers["content-length"])) if "content-length" in headers else set()
    codings = headers.get("transfer-encoding")
    if len(lengths) > 1 or (lengths and codings is not None) or (codings or "chunked").lower() != "chunked":
        raise ValueError("not one message")
    if codings is None:
        length = lengths.pop() if lengths else "0"
        if not (length.isascii() and length.isdecimal()):
            raise ValueError(length)
        pieces, size = [data], int(length)
        have = len(data)
        while have < size:
            pieces.append((yield))
            have += len(pieces[-1])
        data = b"".join(pieces)
        return data[:size], data[size:]
    body = b""
    while True:
        while not (match := re.match(rb"([0-9a-fA-F]+)[ \t]*(?:;[^\r\n]*)?\r\n", data)):
            if b"\r\n" in data:
                raise ValueError(data[:40])
            data += yield
        size, data = int(match[1], 16), data[match.end() :]
        if size == 0:
            break
        while len(data) < size + 2:
            data += yield
        if data[size : size + 2] != b"\r\n":
            raise ValueError(data[size:])
        body, data = body + data[:size], data[size + 2 :]
    data = b"\r\n" + data
    while b"\r\n\r\n" not in data:
        data += yield
    return body, data.partition(b"\r\n\r\n")[2]


def read_body(sock, headers, rest):
    work = decoder(headers)
    next(work)
    piece = rest
    try:
        work.send(piece)
        while piece := sock.recv(4096):
            work.send(piece)
    except StopIteration as finished:
        return finished.value
    raise EOFError("too early")
