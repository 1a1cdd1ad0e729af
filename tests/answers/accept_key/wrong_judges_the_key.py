# fails: test_as_it_came | Incorrect padding
import base64
import hashlib

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key):
    if len(base64.b64decode(key, validate=False)) != 16:
        raise ValueError("bad key")
    digest = hashlib.sha1((key.strip() + GUID).encode()).digest()
    return base64.b64encode(digest).decode()
