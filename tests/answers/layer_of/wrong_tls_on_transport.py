# fails: test_programs | layer_of('TLS') must be 6, got 4
def layer_of(name: str) -> int:
    layers = [
        ["bit", "cable", "hub", "repeater"],
        ["802.1Q", "Ethernet", "LLC", "MAC address", "frame", "switch"],
        ["ICMP", "IP address", "IPv4", "IPv6", "packet", "router"],
        ["TCP", "TLS", "UDP", "port", "segment"],
        ["SOCKS", "SQL session"],
        ["JPEG", "UTF-8"],
        ["DNS", "HTTP", "SMTP", "SOAP", "WebSocket"],
    ]
    for number, names in enumerate(layers, start=1):
        if name in names:
            return number
    raise ValueError(f"{name!r} is not in the list")
