def layer_of(name: str) -> int:
    match name.casefold():
        case "bit" | "cable" | "hub" | "repeater":
            return 1
        case "802.1q" | "ethernet" | "llc" | "mac address" | "frame" | "switch":
            return 2
        case "icmp" | "ip address" | "ipv4" | "ipv6" | "packet" | "router":
            return 3
        case "tcp" | "udp" | "port" | "segment":
            return 4
        case "socks" | "sql session":
            return 5
        case "jpeg" | "tls" | "utf-8":
            return 6
        case "dns" | "http" | "smtp" | "soap" | "websocket":
            return 7
    raise ValueError(name)
