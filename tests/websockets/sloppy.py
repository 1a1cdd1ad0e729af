"""A WebSocket echo server that can be sloppy in named ways, so that the suite is seen to notice each of them.

Without a slip it is a plain, blocking server that the suite has no complaint about.
"""

from __future__ import annotations

import base64
import codecs
import hashlib
import socket
from collections.abc import Iterable

from autograder.checks.websockets_bytes.conformance.cases import LIMIT
from autograder.checks.websockets_bytes.frames import masked

SLIPS = {
    "accepts every opening": {"handshake"},
    "takes frames without a mask": {"masking"},
    "forgets to unmask": {
        "handshake", "framing", "masking", "reserved", "opcodes", "control", "fragments", "utf8", "close",
    },
    "masks its own frames": {
        "handshake", "framing", "lengths", "masking", "reserved", "opcodes", "control", "fragments", "utf8",
        "fail-fast", "close", "limits",
    },
    "takes every form of a length": {"lengths"},
    "ignores reserved bits": {"reserved"},
    "skips unknown opcodes": {"opcodes"},
    "sends no pong": {"control", "fragments", "utf8"},
    "answers a pong with a pong": {"control", "fragments"},
    "takes any control frame": {"control", "close"},
    "echoes every fragment": {
        "masking", "reserved", "opcodes", "fragments", "utf8", "fail-fast", "close", "limits",
    },
    "forgets the message at a ping": {"fragments", "utf8"},
    "takes a continuation of nothing": {"fragments"},
    "does not look at UTF-8": {"utf8", "fail-fast"},
    "wants UTF-8 in each fragment": {"utf8"},
    "echoes any close": {"close"},
    "closes with 1000 whatever was wrong": {
        "lengths", "masking", "reserved", "opcodes", "control", "fragments", "utf8", "fail-fast", "close", "limits",
    },
    "has no limit": {"lengths", "limits"},
    "writes 126 in seven bits": {"framing"},
    "writes 65536 in two bytes": {"framing"},
}  # fmt: skip
"""The slips, and for each the sections in which it shows; megabytes of messages left aside."""

SLOPPY = frozenset({
    "accepts every opening", "takes frames without a mask", "takes every form of a length", "ignores reserved bits",
    "skips unknown opcodes", "sends no pong", "takes any control frame", "echoes every fragment",
    "does not look at UTF-8", "echoes any close", "has no limit",
})  # fmt: skip
"""All of a sloppy server's slips: it works with a friendly client, as long as messages come in one frame."""


class Wrong(Exception):
    """The client broke a rule; the argument is the close code."""


def serve(conn: socket.socket, slips: Iterable[str] = ()) -> None:
    """Serve one client; a handler for `background_server`, once the slips are given.

    Raises:
        ValueError: there is no such slip.
    """
    unknown = set(slips) - set(SLIPS)
    if unknown:
        raise ValueError(f"no such slip: {sorted(unknown)}; there are {sorted(SLIPS)}")
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        _Conversation(conn, frozenset(slips)).run()
    except (EOFError, OSError):
        return
    conn.shutdown(socket.SHUT_WR)
    conn.settimeout(1.0)
    try:
        while conn.recv(65536):  # closing with unread input would reset the connection
            pass
    except OSError:
        pass


class _Conversation:
    def __init__(self, conn: socket.socket, slips: frozenset[str]) -> None:
        self._conn, self._slips = conn, slips
        self._input = conn.makefile("rb")
        self._opcode = 0
        self._message = bytearray()
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def run(self) -> None:
        """Handshake, then frame after frame, until a Close."""
        if not self._handshake():
            return
        try:
            while self._frame():
                pass
        except Wrong as wrong:
            code = 1000 if self._has("closes with 1000 whatever was wrong") else wrong.args[0]
            self._send(8, code.to_bytes(2, "big"))

    def _has(self, slip: str) -> bool:
        assert slip in SLIPS
        return slip in self._slips

    def _exactly(self, count: int) -> bytes:
        data = self._input.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def _handshake(self) -> bool:
        line = self._input.readline(65536)
        fields: dict[str, str] = {}
        while (field := self._input.readline(65536)) not in (b"\r\n", b""):
            name, colon, value = field.decode("latin-1").partition(":")
            fields[name.lower() if colon else ""] = value.strip()
        key = fields.get("sec-websocket-key", "")
        try:
            good = len(base64.b64decode(key, validate=True)) == 16
        except ValueError:
            good = False
        good = good and line.startswith(b"GET ") and line.endswith(b" HTTP/1.1\r\n") and "" not in fields
        good = good and "host" in fields and fields.get("upgrade", "").lower() == "websocket"
        good = good and "upgrade" in fields.get("connection", "").lower()
        good = good and fields.get("sec-websocket-version") == "13"
        if not good and not self._has("accepts every opening"):
            self._conn.sendall(b"HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n")
            return False
        digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self._conn.sendall(head + b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n")
        return True

    def _frame(self) -> bool:
        """Read a frame and answer it; False after a Close."""
        first, second = self._exactly(2)
        fin, opcode, length = bool(first & 0x80), first & 15, second & 127
        if first & 0x70 and not self._has("ignores reserved bits"):
            raise Wrong(1002)
        known = opcode in (0, 1, 2, 8, 9, 10)
        if not known and not self._has("skips unknown opcodes"):
            raise Wrong(1002)
        if opcode >= 8 and (not fin or length > 125) and not self._has("takes any control frame"):
            raise Wrong(1002)
        if not second & 0x80 and not self._has("takes frames without a mask"):
            raise Wrong(1002)
        if length > 125:
            size, least = (2, 126) if length == 126 else (8, 65536)
            length = int.from_bytes(self._exactly(size), "big")
            if length < least and not self._has("takes every form of a length"):
                raise Wrong(1002)
            if length + len(self._message) > LIMIT and not self._has("has no limit"):
                raise Wrong(1009)
        key = self._exactly(4) if second & 0x80 else bytes(4)
        payload = self._exactly(min(length, 2 * LIMIT))
        if not self._has("forgets to unmask"):
            payload = masked(payload, key)
        match opcode:
            case 8:
                return self._close(payload)
            case 9:
                if self._has("forgets the message at a ping"):
                    self._message.clear()
                if not self._has("sends no pong"):
                    self._send(10, payload)
            case 10:
                if self._has("answers a pong with a pong"):
                    self._send(10, payload)
            case 0 | 1 | 2:
                self._data(fin, opcode, payload)
        return True

    def _close(self, payload: bytes) -> bool:
        if not self._has("echoes any close"):
            code = int.from_bytes(payload[:2], "big") if payload else 1000
            if len(payload) == 1 or not (1000 <= code < 1004 or 1007 <= code < 1015 or 3000 <= code < 5000):
                raise Wrong(1002)
            try:
                payload[2:].decode()
            except UnicodeDecodeError:
                raise Wrong(1007) from None
        self._send(8, payload[:2])
        return False

    def _data(self, fin: bool, opcode: int, payload: bytes) -> None:
        if (opcode == 0) != (self._opcode != 0):
            if not self._has("takes a continuation of nothing") or opcode:
                raise Wrong(1002)
            opcode = 2
        self._opcode = opcode or self._opcode
        if self._opcode == 1 and not self._has("does not look at UTF-8"):
            try:
                self._decoder.decode(payload, final=fin or self._has("wants UTF-8 in each fragment"))
            except UnicodeDecodeError:
                raise Wrong(1007) from None
        if self._has("echoes every fragment"):
            self._send(self._opcode, payload)
        else:
            self._message += payload
            if fin:
                self._send(self._opcode, bytes(self._message))
        if fin:
            self._opcode = 0
            self._message.clear()

    def _send(self, opcode: int, payload: bytes) -> None:
        length = len(payload)
        mask_bit = 0x80 if self._has("masks its own frames") else 0
        if length < 126 or (length == 126 and self._has("writes 126 in seven bits")):
            head = bytes([0x80 | opcode, mask_bit | length])
        elif length < 65536 or (length == 65536 and self._has("writes 65536 in two bytes")):
            head = bytes([0x80 | opcode, mask_bit | 126]) + (length & 0xFFFF).to_bytes(2, "big")
        else:
            head = bytes([0x80 | opcode, mask_bit | 127]) + length.to_bytes(8, "big")
        if mask_bit:
            head, payload = head + b"\x01\x02\x03\x04", masked(payload, b"\x01\x02\x03\x04")
        self._conn.sendall(head + payload)
