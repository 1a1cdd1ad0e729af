"""The Internet checksum as a remainder, so that the checks do not repeat the loop that is asked for.

Adding 16-bit words and carrying around (RFC 1071) is arithmetic modulo 65,535: 65,536 leaves 1, so the place
of a word does not matter, and a whole message read as one big number leaves the same remainder as the sum of
its words.
"""


def checksum(data: bytes) -> int:
    """The Internet checksum of some bytes; an odd length is filled up with one zero byte at the end."""
    number = int.from_bytes(data + bytes(len(data) % 2), "big")
    # Zero and 65,535 are the same remainder. The sum of words is zero only where every word is zero.
    remainder = number % 0xFFFF or (0xFFFF if number else 0)
    return 0xFFFF - remainder


def with_checksum(header: bytes) -> bytes:
    """An IPv4 header, bytes 10 and 11 replaced by its checksum (RFC 791 section 3.1)."""
    blank = header[:10] + b"\0\0" + header[12:]
    return blank[:10] + checksum(blank).to_bytes(2, "big") + blank[12:]
