# fails: test_broken_clients | TaskGroup
import asyncio
import base64
import hashlib
import socket


class Wrong(Exception):
    """A rule was broken; the argument is the close code."""


class Client:
    """One conversation, on asyncio's streams."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.exactly = reader.readexactly

    async def run(self):
        try:
            if await self.shake():
                try:
                    await self.echo()
                except Wrong as wrong:
                    self.send(8, wrong.args[0].to_bytes(2, "big"))
            self.writer.write_eof()
            await asyncio.wait_for(self.reader.read(-1), 0.5)
        except (EOFError, TimeoutError):
            pass
        finally:
            self.writer.close()

    async def shake(self):
        head = await self.reader.readuntil(b"\r\n\r\n")
        request, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        key = fields.get("sec-websocket-key")
        if not request.startswith("GET ") or key is None:
            self.writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return False
        if fields.get("upgrade", "").lower() != "websocket" or fields.get("sec-websocket-version") != "13":
            self.writer.write(
                b"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nContent-Length: 0\r\n\r\n"
            )
            return False
        digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        self.writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        )
        return True

    def send(self, opcode, payload):
        length = len(payload)
        if length < 126:
            head = bytes([0x80 | opcode, length])
        elif length < 65536:
            head = bytes([0x80 | opcode, 126]) + length.to_bytes(2, "big")
        else:
            head = bytes([0x80 | opcode, 127]) + length.to_bytes(8, "big")
        self.writer.write(head + payload)

    async def frame(self, room):
        first, second = await self.exactly(2)
        fin, opcode, length = first & 0x80, first & 15, second & 127
        if first & 0x70 or 2 < opcode < 8 or opcode > 10 or not second & 0x80:
            raise Wrong(1002)
        if opcode > 7 and (length > 125 or not fin):
            raise Wrong(1002)
        if length == 126:
            length = int.from_bytes(await self.exactly(2), "big")
            if length < 126:
                raise Wrong(1002)
        elif length == 127:
            length = int.from_bytes(await self.exactly(8), "big")
            if length < 65536 or length >= 2**63:
                raise Wrong(1002)
        if opcode < 8 and length > room:
            raise Wrong(1009)
        key = await self.exactly(4)
        return fin, opcode, xor(await self.exactly(length), key)

    async def echo(self):
        kind, parts, size = 0, [], 0
        while True:
            fin, opcode, payload = await self.frame(2**24 - size)
            match opcode:
                case 8:
                    self.close(payload)
                    return
                case 9:
                    self.send(10, payload)
                case 10:
                    pass
                case _:
                    if bool(opcode) == bool(kind):
                        raise Wrong(1002)
                    kind = kind or opcode
                    parts.append(payload)
                    size += len(payload)
                    if fin:
                        whole = b"".join(parts)
                        self.send(kind, text(whole) if kind == 1 else whole)
                        await self.writer.drain()
                        kind, parts, size = 0, [], 0

    def close(self, payload):
        code = int.from_bytes(payload[:2], "big")
        known = 1000 <= code < 1004 or 1007 <= code < 1015 or 3000 <= code < 5000
        if payload and (len(payload) == 1 or not known):
            raise Wrong(1002)
        self.send(8, payload[:2] + text(payload[2:]))


def xor(data, key):
    whole = (key * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(data), "big")


def text(data):
    try:
        return data.decode().encode()
    except UnicodeDecodeError:
        raise Wrong(1007) from None


async def converse(conn):
    await Client(*await asyncio.open_connection(sock=conn)).run()


async def serve(listener):
    listener.setblocking(False)
    async with asyncio.TaskGroup() as group:  # one task that fails ends them all
        while True:
            try:
                conn, _ = await asyncio.get_running_loop().sock_accept(listener)
            except OSError:
                return
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            group.create_task(converse(conn))


def serve_ws_echo(listener):
    asyncio.run(serve(listener))
