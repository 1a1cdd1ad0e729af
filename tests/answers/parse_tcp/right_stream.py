import io

NAMES = ("CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN")


class Reader:
    def __init__(self, data: bytes) -> None:
        self.stream = io.BytesIO(data)

    def take(self, count: int) -> bytes:
        data = self.stream.read(count)
        if len(data) != count:
            raise ValueError(f"{count - len(data)} of {count} bytes are missing")
        return data

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")


def parse_tcp(segment: bytes) -> dict:
    reader = Reader(segment)
    answer = {"source_port": reader.number(2), "destination_port": reader.number(2)}
    answer |= {"sequence": reader.number(4), "acknowledgment": reader.number(4)}
    words = reader.number(1) >> 4
    bits = format(reader.number(1), "08b")
    answer |= {"window": reader.number(2), "header_length": words * 4}
    reader.take(4)
    if words < 5:
        raise ValueError("a header has at least five words")
    block = Reader(reader.take(words * 4 - 20))
    answer["flags"] = tuple(name for name, bit in zip(NAMES, bits, strict=True) if bit == "1")
    answer["options"] = []
    while kind := block.stream.read(1)[:1].lstrip(b"\0"):
        if kind != b"\x01":
            length = block.number(1)
            if length < 2:
                raise ValueError("the length counts itself")
            answer["options"].append([kind[0], block.take(length - 2)])
    answer["payload"] = reader.stream.read()
    return answer
