import struct

EXTENSIONS = {0, 43, 60}
APPLICATIONS = {("TCP", 53): "DNS", ("TCP", 80): "HTTP", ("TCP", 443): "TLS", ("UDP", 53): "DNS"}


def need(frame: bytes, end: int) -> None:
    if len(frame) < end:
        raise ValueError(f"the header ends at byte {end}, the frame at {len(frame)}")


def peel(frame: bytes) -> list[str]:
    need(frame, 14)
    names, at = ["Ethernet"], 14
    kind = frame[12:14].hex()
    if kind == "8100":
        need(frame, 18)
        names, at, kind = [*names, "802.1Q"], 18, frame[16:18].hex()

    if kind == "0806":
        need(frame, at + 28)
        return [*names, "ARP"]
    elif kind == "0800":
        need(frame, at + 20)
        names.append("IPv4")
        end = at + int.from_bytes(frame[at + 2 : at + 4], "big")
        inner = frame[at + 9]
        at += (frame[at] & 15) * 4
    elif kind == "86dd":
        need(frame, at + 40)
        names.append("IPv6")
        end = at + 40 + int.from_bytes(frame[at + 4 : at + 6], "big")
        inner = frame[at + 6]
        at += 40
        while inner in EXTENSIONS:
            need(frame, at + 8)
            inner, units = frame[at], frame[at + 1]
            at += 8 * (units + 1)
    else:
        return names

    if (names[-1], inner) in {("IPv4", 1), ("IPv6", 58)}:
        return [*names, "ICMP" if inner == 1 else "ICMPv6"]
    if inner == 6:
        need(frame, at + 20)
        names.append("TCP")
        data = at + (frame[at + 12] >> 4) * 4
    elif inner == 17:
        need(frame, at + 8)
        names.append("UDP")
        data = at + 8
    else:
        return names
    if data < end:
        for port in struct.unpack_from("!2H", frame, at):
            if (names[-1], port) in APPLICATIONS:
                return [*names, APPLICATIONS[names[-1], port]]
    return names
