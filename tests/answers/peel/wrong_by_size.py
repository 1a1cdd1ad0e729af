# fails: test_padding | the layers of this frame
def peel(frame):
    if len(frame) < 60:
        raise ValueError("short")
    return ["Ethernet", "IPv4", "TCP", "HTTP"]
