from itertools import cycle


class Bits:
    """Collects a number bit by bit."""

    def __init__(self):
        self.number = self.size = 0

    def add(self, value, width):
        self.number = self.number << width | value
        self.size += width

    def to_bytes(self):
        return self.number.to_bytes(self.size // 8, "big")


def encode_frame(opcode, payload, fin=True, mask=None):
    size = len(payload)
    match opcode:
        case 0 | 1 | 2:
            pass
        case 8 | 9 | 10 if size < 126 and fin:
            pass
        case _:
            raise ValueError(f"opcode {opcode}, {size} bytes, fin {fin}")
    if mask is not None and len(mask) != 4:
        raise ValueError("a key has four bytes")
    head = Bits()
    head.add(fin, 1)
    head.add(0, 3)
    head.add(opcode, 4)
    head.add(mask is not None, 1)
    width = next(width for width in (7, 16, 64) if size < (126 if width == 7 else 2**width))
    head.add({7: size, 16: 126, 64: 127}[width], 7)
    if width > 7:
        head.add(size, width)
    if mask is None:
        return b"".join((head.to_bytes(), payload))
    return b"".join((head.to_bytes(), mask, bytes(a ^ b for a, b in zip(payload, cycle(mask)))))
