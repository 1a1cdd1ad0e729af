# fails: test_short_frame | ValueError must be raised
# fails: test_short_tag | ValueError must be raised
def parse_ethernet(frame):
    ethertype, vlan, end = int.from_bytes(frame[12:14], "big"), None, 14
    if ethertype == 0x8100:
        vlan, ethertype, end = int.from_bytes(frame[14:16], "big") & 0xFFF, int.from_bytes(frame[16:18], "big"), 18
    return {
        "destination": frame[:6].hex(":"),
        "source": frame[6:12].hex(":"),
        "vlan": vlan,
        "ethertype": ethertype,
        "payload": frame[end:],
    }
