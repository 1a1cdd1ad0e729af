# fails: test_echo | 126 bytes
import base64
import hashlib
import socket
import threading


class Wrong(Exception):
    """A rule was broken; the argument is the close code."""


def xor(data, key):
    whole = (key * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(data), "big")


def exactly(stream, count):
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def shake(conn, stream):
    request = stream.readline(8192)
    fields = {}
    while (line := stream.readline(8192)) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        fields[name.lower()] = value.strip()
    key = fields.get("sec-websocket-key", "")
    upgrade = fields.get("upgrade", "").lower() == "websocket" and "upgrade" in fields.get("connection", "").lower()
    if not request.startswith(b"GET ") or "host" not in fields or not key:
        conn.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        return False
    if not upgrade or fields.get("sec-websocket-version") != "13":
        conn.sendall(
            b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n"
        )
        return False
    digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    conn.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
    )
    return True


def send(conn, opcode, payload):
    length = len(payload)
    if length <= 126:
        head = bytes([0x80 | opcode, length])
    elif length < 65536:
        head = bytes([0x80 | opcode, 126]) + length.to_bytes(2, "big")
    else:
        head = bytes([0x80 | opcode, 127]) + length.to_bytes(8, "big")
    conn.sendall(head + payload)


def read_frame(stream, room):
    first, second = exactly(stream, 2)
    fin, opcode, length = first >> 7, first & 15, second & 127
    if first & 0x70 or opcode not in (0, 1, 2, 8, 9, 10):
        raise Wrong(1002)
    if not second & 0x80:
        raise Wrong(1002)
    if opcode >= 8 and (length > 125 or not fin):
        raise Wrong(1002)
    if length > 125:
        size, least = (2, 126) if length == 126 else (8, 65536)
        length = int.from_bytes(exactly(stream, size), "big")
        if length < least or length >> 63:
            raise Wrong(1002)
    if opcode < 8 and length > room:
        raise Wrong(1009)
    key = exactly(stream, 4)
    return fin, opcode, xor(exactly(stream, length), key)


def echo(conn, stream):
    kind, message = 0, bytearray()
    while True:
        fin, opcode, payload = read_frame(stream, 16 * 1024 * 1024 - len(message))
        if opcode == 8:
            answer_close(conn, payload)
            return
        if opcode == 9:
            send(conn, 10, payload)
        elif opcode < 8:
            if (opcode == 0) != (kind != 0):
                raise Wrong(1002)
            kind = opcode or kind
            message += payload
            if fin:
                whole = bytes(message)
                if kind == 1:
                    check_text(whole)
                send(conn, kind, whole)
                kind, message = 0, bytearray()


def answer_close(conn, payload):
    if payload:
        code = int.from_bytes(payload[:2], "big")
        if len(payload) == 1 or not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
            raise Wrong(1002)
        check_text(payload[2:])
    send(conn, 8, payload[:2])


def check_text(data):
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise Wrong(1007) from None


def serve_one(conn):
    with conn, conn.makefile("rb") as stream:
        try:
            if shake(conn, stream):
                try:
                    echo(conn, stream)
                except Wrong as wrong:
                    send(conn, 8, wrong.args[0].to_bytes(2, "big"))
            conn.shutdown(socket.SHUT_WR)
            conn.settimeout(0.5)
            while conn.recv(65536):
                pass
        except (OSError, EOFError):
            pass


def serve_ws_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=serve_one, args=(conn,), daemon=True).start()
