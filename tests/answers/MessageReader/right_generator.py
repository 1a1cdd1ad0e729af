class Wrong(Exception):
    """args: close code, reason."""


class MessageReader:
    """A generator reads the stream as if it could wait for bytes: it yields how many it needs, and feed sends them."""

    def __init__(self, from_client=True, max_message=1 << 24):
        self.data = bytearray()
        self.events = []
        self.stream = self.read(from_client, max_message)
        self.needed = next(self.stream)

    def feed(self, data):
        self.data += data
        start = 0
        while self.needed is not None and len(self.data) - start >= self.needed:
            end = start + self.needed
            piece, start = bytes(self.data[start:end]), end
            try:
                self.needed = self.stream.send(piece)
            except StopIteration:
                self.needed = None
            except Wrong as wrong:
                self.events.append(("error", *wrong.args))
                self.needed = None
        del self.data[:start]
        events, self.events = self.events, []
        return events

    def read(self, from_client, max_message):
        kind, collected, checked = None, b"", 0
        while True:
            first, second = yield 2
            fin, opcode, length = first >> 7, first & 0x7F, second & 0x7F
            if (second >> 7) != from_client:
                raise Wrong(1002, "mask")
            if opcode >= 8:
                if opcode > 10 or not fin or length > 125:
                    raise Wrong(1002, "control frame")
            elif opcode > 2 or (opcode == 0) != (kind is not None):
                raise Wrong(1002, "opcode")
            if length == 126:
                length = int.from_bytes((yield 2), "big")
                if length < 126:
                    raise Wrong(1002, "length")
            elif length == 127:
                length = int.from_bytes((yield 8), "big")
                if not 65536 <= length < 1 << 63:
                    raise Wrong(1002, "length")
            if opcode < 8 and len(collected) + length > max_message:
                raise Wrong(1009, "too long")
            key = (yield 4) if from_client else None
            payload = (yield length) if length else b""
            if key:
                number = int.from_bytes((key * (length // 4 + 1))[:length], "big")
                payload = (int.from_bytes(payload, "big") ^ number).to_bytes(length, "big")
            if opcode in (9, 10):
                self.events.append(("ping" if opcode == 9 else "pong", payload))
                continue
            if opcode == 8:
                self.events.append(self.close(payload))
                return
            kind = kind or ("text" if opcode == 1 else "binary")
            collected += payload
            if kind == "text":
                checked = self.check(collected, checked, fin)
            if fin:
                self.events.append((kind, collected.decode() if kind == "text" else collected))
                kind, collected, checked = None, b"", 0

    def check(self, collected, checked, fin):
        """How much of the text is whole letters; what comes behind may only be the beginning of one."""
        try:
            collected[checked:].decode()
        except UnicodeDecodeError as error:
            if fin or error.reason != "unexpected end of data":
                raise Wrong(1007, error.reason) from None
            return checked + error.start
        return len(collected)

    def close(self, payload):
        if not payload:
            return "close", 1005, ""
        code = int.from_bytes(payload[:2], "big")
        if len(payload) < 2 or not (3000 <= code < 5000 or 1000 <= code < 1012 and code not in (1004, 1005, 1006)):
            raise Wrong(1002, "close code")
        try:
            return "close", code, payload[2:].decode()
        except UnicodeDecodeError:
            raise Wrong(1007, "reason") from None
