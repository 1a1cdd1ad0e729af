# fails: test_payload | must be a dict
def parse_ethernet(frame):
    if len(frame) < 14:
        raise ValueError("short")
    return frame[:6].hex(":"), frame[6:12].hex(":"), int.from_bytes(frame[12:14], "big"), frame[14:]
