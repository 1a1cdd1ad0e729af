# fails: test_unknown | returned None
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
            return number
    return None
