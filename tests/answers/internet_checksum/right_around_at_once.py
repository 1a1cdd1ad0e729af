def internet_checksum(data: bytes) -> int:
    """Carry around after every addition."""
    total = 0
    for index, byte in enumerate(data):
        total += byte << 8 if index % 2 == 0 else byte
        if total > 0xFFFF:
            total -= 0xFFFF
    return 0xFFFF ^ total
