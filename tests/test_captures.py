"""The recordings: each holds the conversation its README names, and the script makes them again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import captures
import pytest
from captures import record
from scapy.utils import RawPcapReader

from autograder.wire.dissect import dissect

# name -> (frames, the layers of the innermost frame, which frame that is)
CONVERSATIONS = {
    "arp": (2, ["Ethernet", "ARP", "Padding"], 0),
    "http": (10, ["Ethernet", "IPv4", "TCP", "HTTP"], 3),
    "dns": (2, ["Ethernet", "IPv6", "UDP", "DNS"], 0),
    "vlan": (2, ["Ethernet", "802.1Q", "IPv4", "UDP", "Data"], 0),
    "tls": (10, ["Ethernet", "IPv4", "TCP", "TLS"], 3),
    "websocket": (14, ["Ethernet", "IPv4", "TCP", "WebSocket"], 7),
}


def test_the_readme_names_every_capture_and_its_number_of_frames() -> None:
    text = (captures.FOLDER / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)\.pcap` \|[^|]*\| (\d+) \|", text, re.MULTILINE))
    assert rows == {name: str(len(captures.frames(name))) for name in captures.names()}
    assert set(rows) == set(record.CAPTURES)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_each_holds_its_conversation(name: str) -> None:
    count, layers, index = CONVERSATIONS[name]
    frames = captures.frames(name)
    assert len(frames) == count
    application = "websocket" if name == "websocket" else None
    assert [layer.name for layer in dissect(frames[index], application=application)] == layers
    assert all(len(frame) >= 60 for frame in frames)


@pytest.mark.parametrize("name", captures.names())
def test_the_reader_agrees_with_scapy(name: str) -> None:
    theirs = [(data, meta.wirelen) for data, meta in RawPcapReader(str(captures.FOLDER / f"{name}.pcap"))]
    assert list(zip(captures.frames(name), captures.frame_sizes(name), strict=True)) == theirs


def test_sizes_carries_each_message_whole() -> None:
    carried = dict.fromkeys(range(41000, 41000 + len(record.SIZES)), 0)
    for frame in captures.frames("sizes"):
        port = int.from_bytes(frame[34:36], "big")
        if port in carried:
            carried[port] += int.from_bytes(frame[16:18], "big") - 20 - (frame[46] >> 4) * 4
    assert list(carried.values()) == list(record.SIZES)


def test_an_unknown_name_and_a_foreign_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="no capture is called 'smtp'; there are arp, dns, http"):
        captures.frames("smtp")
    (tmp_path / "smtp.pcap").write_bytes(b"From: somebody")
    monkeypatch.setattr(captures, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="not a little-endian pcap file"):
        captures.frames("smtp")


def test_the_script_refuses_an_unknown_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert record.main(["smtp"]) == 2
    assert capsys.readouterr().out.startswith("No capture is called smtp; there are arp")


def can_make_namespaces() -> bool:
    """Root on Linux with iproute2, and a kernel that allows it (a container often does not)."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"onion-try-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
        return False
    made = subprocess.run(["ip", "-n", name, "link", "add", "v0", "type", "veth"], capture_output=True)
    subprocess.run(["ip", "netns", "delete", name], check=True)
    return made.returncode == 0


def telling(frames: list[bytes], sizes: list[int]) -> list[tuple[bytes, int]]:
    """The frames that say something new: not an acknowledgement, nor a segment that was sent once more.

    How many there are of those is a matter of the moment and of the machine's load.
    """
    arp, tcp = b"\x08\x06", 6
    told: dict[bytes, tuple[bytes, int]] = {}
    for frame, size in zip(frames, sizes, strict=True):
        # Addresses, ports and sequence number are those of the first sending (RFC 9293 section 3.1).
        segment = frame[26:42] if frame[12:14] == b"\x08\x00" and frame[23] == tcp else frame
        if size > 60 or frame[12:14] == arp:
            told.setdefault(segment, (frame, size))
    return list(told.values())


def without_flow_label(frame: bytes) -> bytes:
    """An Ethernet frame without its IPv6 flow label, which the kernel makes from a secret of its own (RFC 6437)."""
    return frame[:15] + bytes(3) + frame[18:] if frame[12:14] == b"\x86\xdd" else frame


def test_the_script_records_the_same_conversations_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not can_make_namespaces():
        pytest.skip("recording needs Linux, root, iproute2 and network namespaces")
    before = {name: (captures.frames(name), captures.frame_sizes(name)) for name in CONVERSATIONS}
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    monkeypatch.setattr(captures, "FOLDER", tmp_path)
    assert record.main(list(CONVERSATIONS)) == 0, capsys.readouterr().out
    for name, (frames, sizes) in before.items():
        again = captures.frames(name), captures.frame_sizes(name)
        for (old, size), (new, new_size) in zip(telling(frames, sizes), telling(*again), strict=True):
            assert size == new_size
            assert [layer.name for layer in dissect(old)] == [layer.name for layer in dissect(new)]
    for name in ("arp", "dns"):
        assert list(map(without_flow_label, captures.frames(name))) == list(map(without_flow_label, before[name][0]))
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert str(os.getpid()) not in left
