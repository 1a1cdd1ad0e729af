import hashlib
import string

DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"


def accept_key(key: str) -> str:
    digest = hashlib.sha1(f"{key.strip()}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
    # 20 bytes are 160 bits: 26 digits of 6 bits, and 4 bits that two zero bits fill up.
    number = int.from_bytes(digest, "big") << 2
    digits = ""
    for _ in range(27):
        number, six_bits = divmod(number, 64)
        digits = DIGITS[six_bits] + digits
    return digits + "="
