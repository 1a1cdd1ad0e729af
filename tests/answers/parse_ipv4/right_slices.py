import ipaddress


def number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def parse_ipv4(packet: bytes) -> dict:
    length, total = (packet[0] % 16 * 4 if packet else 0), number(packet[2:4])
    if len(packet) < 20 or packet[0] // 16 != 4 or length < 20 or total < length or len(packet) < total:
        raise ValueError("no IPv4 packet, or only a part of one")
    header = packet[:length]
    # A sum of words is a remainder modulo 65,535, and that of a whole header is none.
    if number(header + bytes(length % 2)) % 0xFFFF:
        raise ValueError("damaged")
    fragment = number(header[6:8])
    return {
        "header_length": length,
        "total_length": total,
        "dont_fragment": fragment >> 14 & 1 == 1,
        "more_fragments": fragment >> 13 & 1 == 1,
        "fragment_offset": fragment % 0x2000 * 8,
        "ttl": header[8],
        "protocol": header[9],
        "source": str(ipaddress.IPv4Address(header[12:16])),
        "destination": str(ipaddress.IPv4Address(header[16:20])),
        "options": header[20:],
        "payload": packet[length:total],
    }
