import codecs
from itertools import cycle

ERRORS = {1002: "protocol error", 1007: "invalid text", 1009: "message too big"}
MAY_BE_SENT = {*range(1000, 1015), *range(3000, 5000)} - {1004, 1005, 1006}


class Failed(Exception):
    pass


class MessageReader:
    """Each byte of a header goes through a small state machine; payloads are taken in one piece."""

    def __init__(self, from_client=True, max_message=16777216):
        self.from_client, self.max_message = from_client, max_message
        self.waiting = bytearray()
        self.state = self.header
        self.wanted = 2
        self.kind = None
        self.message = bytearray()

    def feed(self, data):
        events = []
        if self.state is None:
            return events
        self.waiting += data
        try:
            while self.state and len(self.waiting) >= self.wanted:
                piece = bytes(self.waiting[: self.wanted])
                del self.waiting[: self.wanted]
                events.extend(self.state(piece) or ())
        except Failed as failed:
            (code,) = failed.args
            events.append(("error", code, ERRORS[code]))
            self.state = None
        return events

    def then(self, state, wanted):
        self.state, self.wanted = state, wanted

    def header(self, two):
        self.fin, self.opcode = two[0] & 128, two[0] & 127
        length = two[1] & 127
        if self.opcode not in (0, 1, 2, 8, 9, 10) or bool(two[1] & 128) != self.from_client:
            raise Failed(1002)
        if self.opcode > 7 and (length > 125 or not self.fin):
            raise Failed(1002)
        if self.opcode < 8 and (self.kind is None) == (self.opcode == 0):
            raise Failed(1002)
        if length > 125:
            self.then(self.long_length, 2 if length == 126 else 8)
        else:
            self.known_length(length)

    def long_length(self, number):
        length = int.from_bytes(number, "big")
        if length < (126 if len(number) == 2 else 65536) or length >> 63:
            raise Failed(1002)
        self.known_length(length)

    def known_length(self, length):
        if self.opcode < 8 and length + len(self.message) > self.max_message:
            raise Failed(1009)
        self.then(self.payload, length + (4 if self.from_client else 0))

    def payload(self, data):
        if self.from_client:
            data = bytes(a ^ b for a, b in zip(data[4:], cycle(data[:4])))
        self.then(self.header, 2)
        if self.opcode == 8:
            self.then(None, 0)
            return [self.close(data)]
        if self.opcode > 8:
            return [({9: "ping", 10: "pong"}[self.opcode], data)]
        if self.opcode:
            self.kind = {1: "text", 2: "binary"}[self.opcode]
            self.letters = codecs.getincrementaldecoder("utf-8")("strict")
            self.text = ""
        self.message += data
        if self.kind == "text":
            try:
                self.text += self.letters.decode(data, bool(self.fin))
            except UnicodeDecodeError:
                raise Failed(1007) from None
        if not self.fin:
            return []
        event = (self.kind, self.text if self.kind == "text" else bytes(self.message))
        self.kind, self.message = None, bytearray()
        return [event]

    def close(self, data):
        if not data:
            return ("close", 1005, "")
        code = int.from_bytes(data[:2], "big")
        if len(data) == 1 or code not in MAY_BE_SENT:
            raise Failed(1002)
        try:
            return ("close", code, str(data[2:], "utf-8"))
        except UnicodeDecodeError:
            raise Failed(1007) from None
