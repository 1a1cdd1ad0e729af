# fails: test_bad_options | no answer from parse_tcp
import struct
from typing import Any


def parse_tcp(segment: bytes) -> dict[str, Any]:
    if len(segment) < 20:
        raise ValueError(f"a TCP header has at least 20 bytes, here are {len(segment)}")
    source, destination, sequence, acknowledgment, offset, bits, window = struct.unpack_from("!HHIIBBH", segment)
    header_length = (offset >> 4) * 4
    if not 20 <= header_length <= len(segment):
        raise ValueError(f"the header claims {header_length} bytes of {len(segment)}")

    options = []
    at = 20
    while at < header_length and segment[at] != 0:
        if segment[at] == 1:
            at += 1
            continue
        # The length counts the kind and the length byte, too.
        length = segment[at + 1] if at + 1 < header_length else 0
        options.append((segment[at], segment[at + 2 : at + length]))
        at += length

    names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"]
    return {
        "source_port": source,
        "destination_port": destination,
        "sequence": sequence,
        "acknowledgment": acknowledgment,
        "header_length": header_length,
        "flags": [name for place, name in enumerate(names) if bits & 1 << place],
        "window": window,
        "options": options,
        "payload": segment[header_length:],
    }
