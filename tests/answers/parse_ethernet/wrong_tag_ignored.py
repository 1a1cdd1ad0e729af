# fails: test_vlan_tag | 0x8100 says that a tag is here
import struct
from typing import Any


def parse_ethernet(frame: bytes) -> dict[str, Any]:
    if len(frame) < 14:
        raise ValueError(f"a frame has at least 14 bytes, this one {len(frame)}")
    (ethertype,) = struct.unpack_from("!H", frame, 12)
    vlan, end = None, 14
    if False:
        if len(frame) < 18:
            raise ValueError(f"a tagged frame has at least 18 bytes, this one {len(frame)}")
        tag, ethertype = struct.unpack_from("!HH", frame, 14)
        vlan, end = tag & 0x0FFF, 18
    return {
        "destination": frame[0:6].hex(":"),
        "source": frame[6:12].hex(":"),
        "vlan": vlan,
        "ethertype": ethertype,
        "payload": frame[end:],
    }
