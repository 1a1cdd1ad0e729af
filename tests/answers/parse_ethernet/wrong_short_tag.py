# fails: test_short_tag | unpack_from requires a buffer
import struct
from typing import Any


def parse_ethernet(frame: bytes) -> dict[str, Any]:
    if len(frame) < 14:
        raise ValueError(f"a frame has at least 14 bytes, this one {len(frame)}")
    (ethertype,) = struct.unpack_from("!H", frame, 12)
    vlan, end = None, 14
    if ethertype == 0x8100:
        tag, ethertype = struct.unpack_from("!HH", frame, 14)
        vlan, end = tag & 0x0FFF, 18
    return {
        "destination": frame[0:6].hex(":"),
        "source": frame[6:12].hex(":"),
        "vlan": vlan,
        "ethertype": ethertype,
        "payload": frame[end:],
    }
