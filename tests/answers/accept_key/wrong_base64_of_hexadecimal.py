# fails: test_answer | digest, not hexdigest
import base64
import hashlib

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key):
    digest = hashlib.sha1((key.strip() + GUID).encode()).hexdigest()
    return base64.b64encode(digest.encode()).decode()
