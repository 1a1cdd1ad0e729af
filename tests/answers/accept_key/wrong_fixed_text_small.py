# fails: test_answer | capitals
import base64
import hashlib

GUID = "258eafa5-e914-47da-95ca-c5ab0dc85b11"


def accept_key(key):
    digest = hashlib.sha1((key.strip() + GUID).encode()).digest()
    return base64.b64encode(digest).decode()
