# fails: test_programs | TCP/IP's four layers
def layer_of(name: str) -> int:
    layers = [
        ["bit", "cable", "hub", "repeater"],
        ["802.1Q", "Ethernet", "LLC", "MAC address", "frame", "switch"],
        ["ICMP", "IP address", "IPv4", "IPv6", "packet", "router"],
        ["TCP", "UDP", "port", "segment"],
        ["SOCKS", "SQL session"],
        ["JPEG", "TLS", "UTF-8"],
        ["DNS", "HTTP", "SMTP", "SOAP", "WebSocket"],
    ]
    for number, names in enumerate(layers, start=1):
        if name in names:
            return {1: 1, 2: 1, 3: 2, 4: 3}.get(number, 4)
    raise ValueError(f"{name!r} is not in the list")
