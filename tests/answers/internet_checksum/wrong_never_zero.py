# fails: test_receiver | must be 0x0000, got 0xffff
def internet_checksum(data):
    """UDP writes 0xffff where the checksum is 0; that is UDP's rule and not the checksum's."""
    if len(data) % 2:
        data += b"\0"
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF) or 0xFFFF
