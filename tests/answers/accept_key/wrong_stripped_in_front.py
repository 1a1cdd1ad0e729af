# fails: test_white_space | must give the same as
import base64
import hashlib

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key):
    digest = hashlib.sha1((key.lstrip() + GUID).encode()).digest()
    return base64.b64encode(digest).decode()
