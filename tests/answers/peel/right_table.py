"""A table of layers: each entry reads its header and says which entry comes next."""


def big(data: bytes, at: int, size: int = 2) -> int:
    return int.from_bytes(data[at : at + size], "big")


def ethernet(data, _):
    return ("ethertype", big(data, 12)), data[14:]


def vlan(data, _):
    return ("ethertype", big(data, 2)), data[4:]


def arp(data, _):
    return None, b""


def ipv4(data, _):
    header, total = (data[0] & 0xF) * 4, big(data, 2)
    return ("ipv4", data[9]), data[header:total]


def ipv6(data, _):
    return ("ipv6", data[6]), data[40 : 40 + big(data, 4)]


def extension(data, key):
    return ("ipv6", data[0]), data[(data[1] + 1) * 8 :]


def icmp(data, _):
    return None, b""


def tcp(data, _):
    return application("tcp", data), data[(data[12] >> 4) * 4 :]


def udp(data, _):
    return application("udp", data), data[8:]


def application(transport, data):
    ports = [port for port in (big(data, 0), big(data, 2)) if (transport, port) in LAYERS]
    return (transport, ports[0]) if ports else None


# (what the outer layer says, number): name, bytes at least, reader
LAYERS = {
    ("start", 0): ("Ethernet", 14, ethernet),
    ("ethertype", 0x8100): ("802.1Q", 4, vlan),
    ("ethertype", 0x0806): ("ARP", 28, arp),
    ("ethertype", 0x0800): ("IPv4", 20, ipv4),
    ("ethertype", 0x86DD): ("IPv6", 40, ipv6),
    ("ipv4", 1): ("ICMP", 4, icmp),
    ("ipv6", 58): ("ICMPv6", 4, icmp),
    **{("ipv6", number): ("", 8, extension) for number in (0, 43, 60)},
    **{(version, 6): ("TCP", 20, tcp) for version in ("ipv4", "ipv6")},
    **{(version, 17): ("UDP", 8, udp) for version in ("ipv4", "ipv6")},
    ("tcp", 53): ("DNS", 0, icmp),
    ("udp", 53): ("DNS", 0, icmp),
    ("tcp", 80): ("HTTP", 0, icmp),
    ("tcp", 443): ("TLS", 0, icmp),
}


def peel(frame: bytes) -> list[str]:
    names, key, data = [], ("start", 0), frame
    while key in LAYERS:
        name, least, reader = LAYERS[key]
        if key[0] in ("tcp", "udp") and not data:
            break
        if len(data) < least:
            raise ValueError(f"{name} needs {least} bytes, here are {len(data)}")
        if name:
            names.append(name)
        key, data = reader(data, key)
    return names
