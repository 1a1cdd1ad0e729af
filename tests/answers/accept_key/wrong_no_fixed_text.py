# fails: test_answer | the fixed text is missing
import base64
import hashlib


def accept_key(key):
    digest = hashlib.sha1(key.strip().encode()).digest()
    return base64.b64encode(digest).decode()
