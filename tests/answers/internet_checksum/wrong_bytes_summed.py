# fails: test_words | must be 0x
def internet_checksum(data):
    total = 0
    for byte in data:
        total += byte
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
