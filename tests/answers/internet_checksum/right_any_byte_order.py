import array
import sys


def internet_checksum(data: bytes) -> int:
    """Sum in this machine's byte order and exchange the bytes of the result (RFC 1071 section 2)."""
    words = array.array("H", bytes(data) + b"\0" * (len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = total % 65536 + total // 65536
    if sys.byteorder == "little":
        total = (total << 8 | total >> 8) & 0xFFFF
    return 65535 - total
