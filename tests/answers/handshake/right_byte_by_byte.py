import base64
import binascii
from hashlib import sha1

BAD = b"HTTP/1.1 400 \r\n\r\n"
NO_POST = b"HTTP/1.1 405 No\r\nallow: GET\r\n\r\n"
UPGRADE = (
    b"HTTP/1.1 426 Upgrade Required\r\nupgrade: WebSocket\r\nconnection: upgrade, close\r\n"
    b"sec-websocket-version: 13\r\n\r\n"
)


class Refused(Exception):
    pass


def handshake(sock):
    """Receives single bytes, so that what follows the head stays in the socket."""
    try:
        accept = read_request(sock)
    except EOFError:
        return None
    except Refused as refused:
        sock.sendall(refused.args[0])
        return None
    sock.sendall(b"HTTP/1.1 101 OK\r\nconnection: UPGRADE\r\nupgrade: WebSocket\r\n")
    sock.sendall(b"sec-websocket-accept: %b\r\n\r\n" % accept)
    return b""


def read_request(sock):
    room = 16384
    lines = []
    while not lines or lines[-1]:
        line = b""
        while not line.endswith(b"\r\n"):
            byte = sock.recv(1)
            if not byte:
                raise EOFError
            line += byte
            room -= 1
            if room < 0:
                raise Refused(BAD)
        lines.append(line[:-2])
    fields = []
    for line in lines[1:-1]:
        name, colon, value = line.partition(b":")
        if not colon or name.split() != [name]:
            raise Refused(BAD)
        fields.append((name.lower(), value.strip()))
    words = lines[0].split(b" ")
    if len(words) != 3 or words[2] < b"HTTP/1.1":
        raise Refused(BAD)
    if words[0] != b"GET":
        raise Refused(NO_POST)
    if [name for name, _ in fields].count(b"host") != 1:
        raise Refused(BAD)
    for wanted, token in ((b"connection", b"upgrade"), (b"upgrade", b"websocket"), (b"sec-websocket-version", b"13")):
        listed = b",".join(value for name, value in fields if name == wanted)
        if token not in [item.strip().lower() for item in listed.split(b",")]:
            raise Refused(UPGRADE)
    keys = [value for name, value in fields if name == b"sec-websocket-key"]
    try:
        good = len(keys) == 1 and len(binascii.a2b_base64(keys[0], strict_mode=True)) == 16
    except binascii.Error:
        good = False
    if not good:
        raise Refused(BAD)
    return base64.b64encode(sha1(keys[0] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
