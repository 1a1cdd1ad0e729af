# fails: test_cut_off | ValueError: damaged
def peel(frame):
    raise ValueError("damaged")
