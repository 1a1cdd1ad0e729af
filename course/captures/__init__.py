"""Real packets: pcap files recorded by `record.py` beside this file, and the few lines that read them."""

from __future__ import annotations

import struct
from pathlib import Path

FOLDER = Path(__file__).parent


def frames(name: str) -> list[bytes]:
    """The frames of one recording, in the order in which they crossed the wire.

    Args:
        name: file name without ".pcap", for instance "http".

    Returns:
        Ethernet frames from the destination address on. Preamble and check sequence are not in a
        capture. In "sizes" only the first 64 bytes of each frame were kept (see `frame_sizes`).

    Raises:
        ValueError: unknown name, or not a little-endian pcap file of Ethernet frames.
    """
    return [kept for kept, _ in _records(name)]


def frame_sizes(name: str) -> list[int]:
    """How many bytes each frame of one recording had on the wire, kept or not."""
    return [size for _, size in _records(name)]


def names() -> list[str]:
    """The recordings there are."""
    return sorted(path.stem for path in FOLDER.glob("*.pcap"))


def _records(name: str) -> list[tuple[bytes, int]]:
    """(bytes kept, bytes on the wire) of every record.

    Layout (libpcap, little-endian): file header of 24 bytes that starts with the magic number and
    ends with the link type, 1 for Ethernet; then per frame seconds, microseconds, kept, on the wire.
    """
    if name not in names():
        raise ValueError(f"no capture is called {name!r}; there are {', '.join(names())}")
    data = (FOLDER / f"{name}.pcap").read_bytes()
    if data[:4] != b"\xd4\xc3\xb2\xa1" or data[20:24] != b"\x01\x00\x00\x00":
        raise ValueError(f"{name}.pcap is not a little-endian pcap file of Ethernet frames")
    records, at = [], 24
    while at < len(data):
        _, _, kept, on_the_wire = struct.unpack_from("<IIII", data, at)
        records.append((data[at + 16 : at + 16 + kept], on_the_wire))
        at += 16 + kept
    return records
