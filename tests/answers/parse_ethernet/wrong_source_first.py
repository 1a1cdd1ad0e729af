# fails: test_addresses | destination comes first
import struct
from typing import Any


def parse_ethernet(frame: bytes) -> dict[str, Any]:
    if len(frame) < 14:
        raise ValueError(f"a frame has at least 14 bytes, this one {len(frame)}")
    (ethertype,) = struct.unpack_from("!H", frame, 12)
    vlan, end = None, 14
    if ethertype == 0x8100:
        if len(frame) < 18:
            raise ValueError(f"a tagged frame has at least 18 bytes, this one {len(frame)}")
        tag, ethertype = struct.unpack_from("!HH", frame, 14)
        vlan, end = tag & 0x0FFF, 18
    return {
        "destination": frame[6:12].hex(":"),
        "source": frame[0:6].hex(":"),
        "vlan": vlan,
        "ethertype": ethertype,
        "payload": frame[end:],
    }
