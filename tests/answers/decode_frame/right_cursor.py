class ProtocolError(ValueError):
    """The other side broke a rule; `code` is the close code."""

    def __init__(self, code):
        self.code = code
        super().__init__(code)


class NeedMore(Exception):
    pass


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise NeedMore
        self.at += n
        return self.data[self.at - n : self.at]


def decode_frame(data, from_client=True, limit=None):
    cursor = Cursor(data)
    try:
        return (*read(cursor, from_client, limit), data[cursor.at :])
    except NeedMore:
        return None


def read(cursor, from_client, limit):
    first, second = cursor.take(2)
    opcode, length = first % 16, second % 128
    is_control = opcode in (8, 9, 10)
    if first & 0b0111_0000 or not (is_control or opcode in (0, 1, 2)) or (second >= 128) is not from_client:
        raise ProtocolError(1002)
    if is_control and (first < 128 or length > 125):
        raise ProtocolError(1002)
    for mark, size, least in ((126, 2, 126), (127, 8, 1 << 16)):
        if length == mark:
            length = int.from_bytes(cursor.take(size), "big")
            if length < least or length >= 1 << 63:
                raise ProtocolError(1002)
            break
    if limit is not None and length > limit and not is_control:
        raise ProtocolError(1009)
    key = cursor.take(4) if from_client else bytes(4)
    payload = bytearray(cursor.take(length))
    for i in range(4):
        payload[i::4] = payload[i::4].translate(bytes(byte ^ key[i] for byte in range(256)))
    return first >= 128, opcode, bytes(payload)
