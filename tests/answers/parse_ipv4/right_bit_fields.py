import ctypes
import socket


class Header(ctypes.BigEndianStructure):
    _pack_ = 1
    _fields_ = [
        ("version", ctypes.c_uint8, 4),
        ("words", ctypes.c_uint8, 4),
        ("service", ctypes.c_uint8),
        ("total_length", ctypes.c_uint16),
        ("identification", ctypes.c_uint16),
        ("reserved", ctypes.c_uint16, 1),
        ("dont_fragment", ctypes.c_uint16, 1),
        ("more_fragments", ctypes.c_uint16, 1),
        ("units", ctypes.c_uint16, 13),
        ("ttl", ctypes.c_uint8),
        ("protocol", ctypes.c_uint8),
        ("checksum", ctypes.c_uint16),
        ("source", ctypes.c_uint8 * 4),
        ("destination", ctypes.c_uint8 * 4),
    ]


def parse_ipv4(packet: bytes) -> dict:
    header = Header.from_buffer_copy(packet)  # ValueError when there are fewer than 20 bytes
    length = header.words * 4
    if header.version != 4 or header.words < 5 or not length <= header.total_length <= len(packet):
        raise ValueError("not an IPv4 header")
    if not sums_to_ones(packet[:length]):
        raise ValueError("the checksum is wrong")
    return {
        "header_length": length,
        "total_length": header.total_length,
        "dont_fragment": bool(header.dont_fragment),
        "more_fragments": bool(header.more_fragments),
        "fragment_offset": header.units * 8,
        "ttl": header.ttl,
        "protocol": header.protocol,
        "source": socket.inet_ntoa(bytes(header.source)),
        "destination": socket.inet_ntoa(bytes(header.destination)),
        "options": packet[20:length],
        "payload": packet[length : header.total_length],
    }


def sums_to_ones(header: bytes) -> bool:
    total = 0
    for high, low in zip(header[::2], header[1::2], strict=True):
        total += high * 256 + low
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF
