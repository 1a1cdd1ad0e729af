from binascii import b2a_base64
from hashlib import new


def accept_key(key):
    hashed = new("sha1")
    for part in (key.strip(), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"):
        hashed.update(part.encode("ascii"))
    return str(b2a_base64(hashed.digest(), newline=False), "ascii")
