# fails: test_version | ValueError: damaged
def parse_ipv4(packet):
    raise ValueError("damaged")
