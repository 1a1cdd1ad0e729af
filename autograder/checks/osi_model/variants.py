"""The vectors of `frames` with other values, so that no two seeds ask for the same bytes.

Then an answer that looks its input up in what it was once asked finds nothing. What a requirement is about stays as
scapy made it: the order of the headers and their lengths, flags, EtherTypes, known ports, the kinds of options. What
it does not care about comes from the seed: addresses, other ports, identification, TTL, numbers, the payload and its
length. Lengths and checksums are made right again. Recorded frames stay as they were recorded.

A sample is a pair, as in `frames`: the bytes, and what an answer must say about them.
"""

from __future__ import annotations

import struct
from random import Random
from typing import Any

from autograder.checks.osi_model.arithmetic import checksum, with_checksum

Fields = dict[str, Any]

UNKNOWN_TYPES = (b"\x88\xcc", b"\x88\x47", b"\x88\xf7")
"""EtherTypes that the contract's tables do not name: LLDP, MPLS, PTP."""

UNKNOWN_PROTOCOLS = (89, 103, 112, 132)
"""Protocols that they do not name: OSPF, PIM, VRRP, SCTP."""

KNOWN_PORTS = (53, 80, 443)


def ipv4_sample(sample: tuple[bytes, Fields], rng: Random) -> tuple[bytes, Fields]:
    """An IPv4 packet with the same options, flags and protocol; a fragment's offset stays of the same size."""
    packet, fields = sample
    payload = rng.randbytes(rng.randrange(6, 40))
    header = bytearray(packet[: fields["header_length"]])
    units = fields["fragment_offset"] // 8
    units -= rng.randrange(units // 4 or 1)
    header[6:8] = (header[6] >> 5 << 13 | units).to_bytes(2, "big")
    made = _ipv4_header(header, len(payload), rng) + payload
    return made, {
        **fields,
        "total_length": len(made),
        "fragment_offset": units * 8,
        "ttl": made[8],
        "source": _text(made[12:16]),
        "destination": _text(made[16:20]),
        "payload": payload,
    }


def tcp_sample(sample: tuple[bytes, Fields], rng: Random) -> tuple[bytes, Fields]:
    """A TCP segment with the same flags, destination port and kinds of options."""
    segment, fields = sample
    block = bytearray(segment[20 : fields["header_length"]])
    options, at = [], 0
    for kind, data in fields["options"]:
        at = block.index(bytes([kind, len(data) + 2]) + data, at) + 2  # past No-Operations
        # A window scale of 14 at most (RFC 7323). 4 at least: who takes an option for two bytes longer than it is then
        # meets lengths that are possible, so that his answer is a list and shows the slip.
        other = bytes([rng.randrange(4, 15)]) if kind == 3 else rng.randbytes(len(data))
        block[at : at + len(data)] = other
        options.append((kind, other))
        at += len(data)
    numbers = {
        "source_port": _client_port(rng),
        "destination_port": fields["destination_port"],
        "sequence": rng.randrange(1 << 24, 1 << 32),
        "acknowledgment": rng.randrange(1 << 24, 1 << 32),
    }
    window, payload = rng.randrange(0x0101, 0xFFFF), rng.randbytes(rng.randrange(13, 40))
    head = struct.pack("!HHIIBBHHH", *numbers.values(), segment[12], segment[13], window, 0, 0) + block
    made = _with_transport_checksum(6, head, 16, payload, bytes((192, 0, 2, 1, 192, 0, 2, 2)))
    return made, {**fields, **numbers, "window": window, "options": options, "payload": payload}


def peel_sample(sample: tuple[bytes, list[str]], rng: Random) -> tuple[bytes, list[str]]:
    """A frame with the same layers; where a name is missing since no table has it, another one that no table has."""
    frame, names = sample
    at = 18 if frame[12:14] == b"\x81\x00" else 14
    head = bytearray(frame[:at])
    for start in (0, 6):
        if head[start] != 0xFF:
            # None of these bytes begins an EtherType, so that nobody who searches for one finds it here.
            head[start + 3 : start + 6] = bytes(rng.choices(range(0x10, 0x80), k=3))
    if at == 18:
        head[14:16] = (rng.randrange(8) << 13 | rng.randrange(2, 4000)).to_bytes(2, "big")
    match int.from_bytes(head[-2:], "big"):
        case 0x0800:
            inside = _ipv4(frame[at:], rng)
        case 0x86DD:
            inside = _ipv6(frame[at:], rng)
        case 0x0806:
            inside = frame[at : at + 8] + head[6:12] + _address4(rng) + frame[at + 18 : at + 24] + _address4(rng)
        case _:
            head[-2:] = rng.choice(UNKNOWN_TYPES)
            inside = rng.randbytes(rng.randrange(46, 90))
    return (bytes(head) + inside).ljust(60, b"\0"), names


def _ipv4(packet: bytes, rng: Random) -> bytes:
    length = (packet[0] & 15) * 4
    header = bytearray(_ipv4_header(packet[:length], 0, rng))
    data = packet[length : int.from_bytes(packet[2:4], "big")]
    header[9], carried = _transport(header[9], data, bytes(header[12:20]), rng)
    header[2:4] = (length + len(carried)).to_bytes(2, "big")
    return with_checksum(bytes(header)) + carried


def _ipv4_header(old: bytes | bytearray, payload_length: int, rng: Random) -> bytes:
    """A header with another identification, TTL and other addresses; its options, flags and protocol stay."""
    header = bytearray(old)
    header[2:4] = (len(header) + payload_length).to_bytes(2, "big")
    header[4:6] = rng.randbytes(2)
    header[8] = rng.choice([ttl for ttl in range(2, 250) if ttl != header[9]])  # an exchange of the two shows
    header[12:20] = _address4(rng) + _address4(rng)
    return with_checksum(bytes(header))


def _ipv6(packet: bytes, rng: Random) -> bytes:
    header, end = bytearray(packet[:40]), 40 + int.from_bytes(packet[4:6], "big")
    header[1] = header[1] & 0xF0 | rng.randrange(16)  # with the next two bytes the flow label
    header[2:4] = rng.randbytes(2)
    header[7] = rng.randrange(2, 250)
    header[20:24], header[36:40] = rng.randbytes(4), rng.randbytes(4)
    kind, at, last_stop = header[6], 40, bytes(header[24:40])
    while kind in (0, 43, 60):
        size = (packet[at + 1] + 1) * 8
        if kind == 43:
            last_stop = packet[at + size - 16 : at + size]  # which the checksum covers, RFC 8200 section 8.1
        kind, at = packet[at], at + size
    kind, carried = _transport(kind, packet[at:end], bytes(header[8:24]) + last_stop, rng)
    if at == 40:
        header[6] = kind
    header[4:6] = (at - 40 + len(carried)).to_bytes(2, "big")
    return bytes(header) + packet[40:at] + carried


def _transport(number: int, data: bytes, addresses: bytes, rng: Random) -> tuple[int, bytes]:
    """What an IP packet carries, and the protocol's number, another one only where no table names it."""
    match number:
        case 6:
            head = bytearray(data[: (data[12] >> 4) * 4])
            head[:4] = _ports(data, rng)
            # The acknowledgment number begins with a zero byte: who takes options of IPv4 for the TCP header finds the
            # end of TCP's options there, whatever the seed is.
            head[4:12] = rng.randbytes(4) + b"\0" + rng.randbytes(3)
            head[14:16] = rng.randbytes(2)
            return 6, _with_transport_checksum(6, head, 16, _payload(data[len(head) :], rng), addresses)
        case 17:
            payload = _payload(data[8:], rng)
            head = bytearray(_ports(data, rng) + (8 + len(payload)).to_bytes(2, "big") + bytes(2))
            return 17, _with_transport_checksum(17, head, 6, payload, addresses)
        case 1 | 58:
            head = bytearray(data[:2] + bytes(2) + rng.randbytes(4))
            payload = rng.randbytes(rng.randrange(8, 60))
            # ICMP's checksum covers its message alone; that of ICMPv6 also the addresses (RFC 4443 section 2.3).
            return number, _with_transport_checksum(number, head, 2, payload, b"" if number == 1 else addresses)
        case _:
            return rng.choice(UNKNOWN_PROTOCOLS), rng.randbytes(rng.randrange(36, 80))


def _with_transport_checksum(number: int, head: bytes | bytearray, at: int, payload: bytes, addresses: bytes) -> bytes:
    """Header and payload, the checksum at byte `at` of the header; without addresses there is no pseudo-header."""
    blank = bytes(head[:at]) + b"\0\0" + bytes(head[at + 2 :]) + payload
    # IPv4 and IPv6 write length and number in fields of other sizes, which does not change the sum.
    pseudo = addresses + struct.pack("!HH", number, len(blank)) if addresses else b""
    value = checksum(pseudo + blank)
    if number == 17:
        value = value or 0xFFFF  # RFC 768: 0 would mean that there is none
    return blank[:at] + value.to_bytes(2, "big") + blank[at + 2 :]


def _ports(data: bytes, rng: Random) -> bytes:
    """Two ports: known ones stay, a client's and a server's that no table names are drawn anew."""
    old = struct.unpack_from("!HH", data)
    new = [
        port if port in KNOWN_PORTS else _client_port(rng) if port >= 0xC000 else rng.randrange(9000, 16000)
        for port in old
    ]
    return struct.pack("!HH", *new)


def _payload(payload: bytes, rng: Random) -> bytes:
    """Another payload of the same kind: another name in it, another TLS record, other random bytes; none stays none."""
    if not payload:
        return b""
    if payload[:2] == b"\x16\x03":
        record = b"\x01" + rng.randbytes(rng.randrange(5, 60))
        return payload[:3] + len(record).to_bytes(2, "big") + record
    name = bytes(rng.choices(b"abcdefghijklmnopqrstuvwxyz", k=rng.randrange(4, 13)))
    made = payload.replace(b"\x05onion", bytes([len(name)]) + name)  # a label in DNS has its length in front
    made = made.replace(b"onion", name).replace(b"No Content", name)
    if made == payload:
        return rng.randbytes(rng.randrange(16, 60))
    if int.from_bytes(payload[:2], "big") == len(payload) - 2:  # DNS over TCP, RFC 1035 section 4.2.2
        made = (len(made) - 2).to_bytes(2, "big") + made[2:]
    return made


def _client_port(rng: Random) -> int:
    return rng.randrange(0xC000, 0xFF00)


def _address4(rng: Random) -> bytes:
    """A random IPv4 address for documentation that reads differently from either end."""
    return rng.choice((b"\xc0\x00\x02", b"\xc6\x33\x64")) + bytes([rng.randrange(3, 250)])


def _text(address: bytes) -> str:
    return ".".join(map(str, address))
