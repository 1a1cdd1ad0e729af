LAYERS = {
    1: ("bit", "cable", "hub", "repeater"),
    2: ("802.1Q", "Ethernet", "LLC", "MAC address", "frame", "switch"),
    3: ("ICMP", "IP address", "IPv4", "IPv6", "packet", "router"),
    4: ("TCP", "UDP", "port", "segment"),
    5: ("SOCKS", "SQL session"),
    6: ("JPEG", "TLS", "UTF-8"),
    7: ("DNS", "HTTP", "SMTP", "SOAP", "WebSocket"),
}
BY_NAME = {name: number for number, names in LAYERS.items() for name in names}


def layer_of(name: str) -> int:
    try:
        return BY_NAME[name]
    except KeyError:
        raise ValueError(f"no such name: {name!r}") from None
