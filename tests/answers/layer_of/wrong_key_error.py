# fails: test_unknown | KeyError
LAYERS = [
    ["bit", "cable", "hub", "repeater"],
    ["802.1Q", "Ethernet", "LLC", "MAC address", "frame", "switch"],
    ["ICMP", "IP address", "IPv4", "IPv6", "packet", "router"],
    ["TCP", "UDP", "port", "segment"],
    ["SOCKS", "SQL session"],
    ["JPEG", "TLS", "UTF-8"],
    ["DNS", "HTTP", "SMTP", "SOAP", "WebSocket"],
]


def layer_of(name):
    return {name: number for number, names in enumerate(LAYERS, 1) for name in names}[name]
