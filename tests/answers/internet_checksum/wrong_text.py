# fails: test_rfc_example | must be a number
import struct


def internet_checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:  # adding the carries can carry again
        total = (total & 0xFFFF) + (total >> 16)
    return hex(~total & 0xFFFF)
