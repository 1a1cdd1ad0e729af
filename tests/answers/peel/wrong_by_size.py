# fails: test_padding | the frame of
def peel(frame):
    if len(frame) < 60:
        raise ValueError("short")
    return ["Ethernet", "IPv4", "TCP", "HTTP"]
