import base64
import codecs
import hashlib
import socket
import struct
from concurrent.futures import ThreadPoolExecutor

LIMIT = 16 * 2**20


def frames():
    """A parser that yields how many bytes it needs, or an answer to send; it returns the code of the close."""
    kind, message = 0, bytearray()
    decoder = codecs.getincrementaldecoder("utf-8")()
    while True:
        first, second = yield 2
        fin, opcode, length = first >> 7, first & 15, second & 127
        if first & 0x70 or opcode in (3, 4, 5, 6, 7) or opcode > 10 or second < 128:
            return 1002
        if opcode > 7 and (length > 125 or not fin):
            return 1002
        if length == 126:
            (length,) = struct.unpack("!H", (yield 2))
            if length < 126:
                return 1002
        elif length == 127:
            (length,) = struct.unpack("!Q", (yield 8))
            if length < 65536 or length >= 2**63:
                return 1002
        if opcode < 8 and length + len(message) > LIMIT:
            return 1009
        key = yield 4
        masked = yield length
        mask = (key * (length // 4 + 1))[:length]
        payload = (int.from_bytes(masked, "little") ^ int.from_bytes(mask, "little")).to_bytes(length, "little")
        if opcode == 8:
            if not payload:
                return None
            code = int.from_bytes(payload[:2], "big")
            if length < 2 or code < 1000 or code in (1004, 1005, 1006) or 1014 < code < 3000 or code > 4999:
                return 1002
            return code if is_text(payload[2:]) else 1007
        if opcode == 9:
            yield frame(10, payload)
        elif opcode < 3:
            if (kind == 0) == (opcode == 0):
                return 1002
            kind = kind or opcode
            if kind == 1:
                try:
                    decoder.decode(payload, bool(fin))
                except ValueError:
                    return 1007
            message += payload
            if fin:
                yield frame(kind, bytes(message))
                kind, message = 0, bytearray()


def is_text(data):
    try:
        data.decode()
        return True
    except ValueError:
        return False


def frame(opcode, payload):
    size = len(payload)
    if size > 65535:
        return struct.pack("!BBQ", 128 + opcode, 127, size) + payload
    return (struct.pack("!BBH", 128 + opcode, 126, size) if size > 125 else bytes([128 + opcode, size])) + payload


def serve_one(conn):
    with conn:
        try:
            data = opening(conn)
            if data is not None:
                converse(conn, bytearray(data))
            conn.shutdown(socket.SHUT_WR)
            conn.settimeout(0.5)
            while conn.recv(1 << 16):
                pass
        except OSError:
            pass


def converse(conn, data):
    parser = frames()
    try:
        wants = next(parser)
        while True:
            if isinstance(wants, bytes):
                conn.sendall(wants)
                wants = next(parser)
                continue
            while len(data) < wants:
                piece = conn.recv(1 << 18)
                if not piece:
                    return
                data += piece
            part = bytes(data[:wants])
            del data[:wants]
            wants = parser.send(part)
    except StopIteration as end:
        conn.sendall(frame(8, b"" if end.value is None else struct.pack("!H", end.value)))


def opening(conn):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = conn.recv(2048)
        if not piece:
            return None
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    pairs = [line.split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line]
    fields = {name.lower(): value.strip() for name, value in pairs}
    if b"websocket" not in fields.get(b"upgrade", b"").lower() or fields.get(b"sec-websocket-version") != b"13":
        conn.sendall(b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n")
        return None
    if not head.startswith(b"GET ") or b"sec-websocket-key" not in fields:
        conn.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        return None
    accept = hashlib.sha1(fields[b"sec-websocket-key"] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    conn.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-accept: " + base64.b64encode(accept) + b"\r\n\r\n"
    )
    return rest


def serve_ws_echo(listener):
    pool = ThreadPoolExecutor(64)
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            pool.shutdown(wait=False)
            return
        pool.submit(serve_one, conn)
