import enum
import struct


class Flag(enum.IntFlag):
    FIN = 1
    SYN = 2
    RST = 4
    PSH = 8
    ACK = 16
    URG = 32
    ECE = 64
    CWR = 128


def parse_tcp(segment: bytes) -> dict:
    try:
        fields = struct.unpack("!HHLLHHHH", segment[:20])
    except struct.error as error:
        raise ValueError("short header") from error
    length = (fields[4] >> 12) * 4
    if length < 20 or length > len(segment):
        raise ValueError(f"a header of {length} bytes is not possible here")
    return {
        "source_port": fields[0],
        "destination_port": fields[1],
        "sequence": fields[2],
        "acknowledgment": fields[3],
        "header_length": length,
        "flags": [flag.name for flag in Flag if flag & fields[4]],
        "window": fields[5],
        "checksum": fields[6],
        "options": list(options(segment[20:length])),
        "payload": segment[length:],
    }


def options(block: bytes):
    while block and block[0] != 0:
        if block[0] == 1:
            block = block[1:]
            continue
        if len(block) < 2 or not 2 <= block[1] <= len(block):
            raise ValueError("a bad option")
        yield block[0], block[2 : block[1]]
        block = block[block[1] :]
