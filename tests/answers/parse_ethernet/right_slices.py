def number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def address(data: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in data)


def parse_ethernet(frame: bytes) -> dict:
    tagged = frame[12:14] == b"\x81\x00"
    header = 18 if tagged else 14
    if len(frame) < header:
        raise ValueError("too short")
    return {
        "destination": address(frame[:6]),
        "source": address(frame[6:12]),
        "vlan": number(frame[14:16]) % 4096 if tagged else None,
        "ethertype": number(frame[header - 2 : header]),
        "payload": frame[header:],
    }
