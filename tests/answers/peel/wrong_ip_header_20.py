# fails: test_options | got      ['Ethernet', 'IPv4', 'TCP']
import struct
from typing import Any


def internet_checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:  # adding the carries can carry again
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


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
        "destination": frame[0:6].hex(":"),
        "source": frame[6:12].hex(":"),
        "vlan": vlan,
        "ethertype": ethertype,
        "payload": frame[end:],
    }


def parse_ipv4(packet: bytes) -> dict[str, Any]:
    if len(packet) < 20:
        raise ValueError(f"an IPv4 header has at least 20 bytes, here are {len(packet)}")
    first, _, total_length, _, fragment, ttl, protocol = struct.unpack_from("!BBHHHBB", packet)
    version, header_length = first >> 4, (first & 0x0F) * 4
    if version != 4:
        raise ValueError(f"this is version {version}, not 4")
    if not 20 <= header_length <= total_length <= len(packet):
        raise ValueError(
            f"lengths do not fit: header {header_length}, total {total_length}, here are {len(packet)} bytes"
        )
    # Over a header that holds its own checksum, the checksum is 0 (RFC 1071 section 1).
    if internet_checksum(packet[:header_length]) != 0:
        raise ValueError("the header's checksum is wrong")
    return {
        "header_length": header_length,
        "total_length": total_length,
        "dont_fragment": bool(fragment & 0x4000),
        "more_fragments": bool(fragment & 0x2000),
        "fragment_offset": (fragment & 0x1FFF) * 8,
        "ttl": ttl,
        "protocol": protocol,
        "source": ".".join(str(byte) for byte in packet[12:16]),
        "destination": ".".join(str(byte) for byte in packet[16:20]),
        "options": packet[20:header_length],
        "payload": packet[20:total_length],
    }


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
        if length < 2 or at + length > header_length:
            raise ValueError(f"option {segment[at]} at byte {at} has no possible length")
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


def peel(frame: bytes) -> list[str]:
    ethernet = parse_ethernet(frame)
    names = ["Ethernet"] if ethernet["vlan"] is None else ["Ethernet", "802.1Q"]
    packet = ethernet["payload"]

    match ethernet["ethertype"]:
        case 0x0806:
            if len(packet) < 28:
                raise ValueError("the frame ends inside the ARP packet")
            return [*names, "ARP"]
        case 0x0800:
            fields = parse_ipv4(packet)
            names.append("IPv4")
            protocol, payload = fields["protocol"], fields["payload"]
        case 0x86DD:
            if len(packet) < 40:
                raise ValueError("the frame ends inside the IPv6 header")
            names.append("IPv6")
            protocol, end = packet[6], 40 + int.from_bytes(packet[4:6], "big")
            if len(packet) < end:
                raise ValueError("the frame ends inside the IPv6 packet")
            payload = packet[40:end]
            while protocol in (0, 43, 60):  # extension headers: next header, length in 8 bytes less one
                if len(payload) < 8:
                    raise ValueError("the frame ends inside an extension header")
                protocol, payload = payload[0], payload[(payload[1] + 1) * 8 :]
        case _:
            return names

    match protocol:
        case 1 if names[-1] == "IPv4":
            return [*names, "ICMP"]
        case 58 if names[-1] == "IPv6":
            return [*names, "ICMPv6"]
        case 6:
            segment = parse_tcp(payload)
            ports, data = (segment["source_port"], segment["destination_port"]), segment["payload"]
            names.append("TCP")
            known = {53: "DNS", 80: "HTTP", 443: "TLS"}
        case 17:
            if len(payload) < 8:
                raise ValueError("the frame ends inside the UDP header")
            ports, data = struct.unpack_from("!HH", payload), payload[8:]
            names.append("UDP")
            known = {53: "DNS"}
        case _:
            return names

    found = [known[port] for port in ports if port in known]
    return names + found[:1] if data else names
