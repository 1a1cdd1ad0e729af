# fails: test_fragments | flags are still in the number
import struct
from typing import Any


def internet_checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:  # adding the carries can carry again
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def parse_ipv4(packet: bytes) -> dict[str, Any]:
    if len(packet) < 20:
        raise ValueError(f"an IPv4 header has at least 20 bytes, here are {len(packet)}")
    first, _, total_length, _, fragment, ttl, protocol = struct.unpack_from("!BBHHHBB", packet)
    version, header_length = first >> 4, (first & 0x0F) * 4
    if version != 4:
        raise ValueError(f"this is version {version}, not 4")
    if not 20 <= header_length <= total_length <= len(packet):
        raise ValueError(
            f"lengths do not fit: header {header_length}, total {total_length}, here are {len(packet)} bytes"
        )
    # Over a header that holds its own checksum, the checksum is 0 (RFC 1071 section 1).
    if internet_checksum(packet[:header_length]) != 0:
        raise ValueError("the header's checksum is wrong")
    return {
        "header_length": header_length,
        "total_length": total_length,
        "dont_fragment": bool(fragment & 0x4000),
        "more_fragments": bool(fragment & 0x2000),
        "fragment_offset": fragment * 8,
        "ttl": ttl,
        "protocol": protocol,
        "source": ".".join(str(byte) for byte in packet[12:16]),
        "destination": ".".join(str(byte) for byte in packet[16:20]),
        "options": packet[20:header_length],
        "payload": packet[header_length:total_length],
    }
