# fails: test_limit | max_message counts bytes
import codecs
import struct


def decode_frame(data, from_client, limit):
    if len(data) < 2:
        return None
    fin, opcode = data[0] >= 0x80, data[0] & 15
    masked, n = data[1] >= 0x80, data[1] & 127
    if data[0] & 0x70 or opcode not in (0, 1, 2, 8, 9, 10) or masked != from_client:
        raise ValueError(1002, "bad header")
    if opcode >= 8 and (n > 125 or not fin):
        raise ValueError(1002, "bad control frame")
    pos = 2
    if n >= 126:
        pos = 4 if n == 126 else 10
        if len(data) < pos:
            return None
        least = 126 if n == 126 else 65536
        n = int.from_bytes(data[2:pos], "big")
        if n < least or n >= 2**63:
            raise ValueError(1002, "bad length")
    if opcode < 8 and n > limit:
        raise ValueError(1009, "too big")
    key = bytes(4)
    if masked:
        key = data[pos:pos + 4]
        pos += 4
    if len(data) < pos + n:
        return None
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[pos:pos + n]))
    return fin, opcode, payload, data[pos + n:]


class MessageReader:
    def __init__(self, from_client=True, max_message=16 * 1024 * 1024):
        self.from_client = from_client
        self.max_message = max_message
        self.buffer = b""
        self.opcode = None
        self.parts = []
        self.size = 0
        self.decoder = None
        self.done = False

    def feed(self, data):
        events = []
        if self.done:
            return events
        self.buffer += data
        try:
            while not self.done:
                frame = decode_frame(self.buffer, self.from_client, 4 * (self.max_message - self.size) if self.text_next() else self.max_message - self.size)
                if frame is None:
                    break
                fin, opcode, payload, self.buffer = frame
                if opcode == 8:
                    events.append(self.closed(payload))
                    self.done = True
                elif opcode == 9:
                    events.append(("ping", payload))
                elif opcode == 10:
                    events.append(("pong", payload))
                else:
                    event = self.message(fin, opcode, payload)
                    if event is not None:
                        events.append(event)
        except UnicodeDecodeError:
            events.append(("error", 1007, "not UTF-8"))
            self.done = True
        except ValueError as error:
            events.append(("error", error.args[0], error.args[1]))
            self.done = True
        return events

    def text_next(self):
        return self.opcode == 1 or self.buffer[:1] and self.buffer[0] & 15 == 1

    def closed(self, payload):
        if payload == b"":
            return ("close", 1005, "")
        if len(payload) == 1:
            raise ValueError(1002, "half a close code")
        code = struct.unpack("!H", payload[:2])[0]
        if code not in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011) and not 3000 <= code <= 4999:
            raise ValueError(1002, "bad close code")
        return ("close", code, payload[2:].decode("utf-8"))

    def message(self, fin, opcode, payload):
        if opcode == 0:
            if self.opcode is None:
                raise ValueError(1002, "nothing to continue")
        else:
            if self.opcode is not None:
                raise ValueError(1002, "message not finished")
            self.opcode = opcode
            self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.size += len(payload)
        if self.opcode == 1:
            payload = self.decoder.decode(payload, fin)
        self.parts.append(payload)
        if self.opcode == 1 and len("".join(self.parts)) > self.max_message:
            raise ValueError(1009, "too big")
        if not fin:
            return None
        if self.opcode == 1:
            event = ("text", "".join(self.parts))
        else:
            event = ("binary", b"".join(self.parts))
        self.opcode = None
        self.parts = []
        self.size = 0
        return event
