def internet_checksum(data: bytes) -> int:
    number = int.from_bytes(data, "big") << 8 * (len(data) % 2)
    return 0xFFFF if number == 0 else -number % 0xFFFF
