# fails: test_no_end | no answer from handshake
import base64
import hashlib
import re

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def refuse(sock, status, *headers):
    lines = ["HTTP/1.1 " + status, "Content-Length: 0", *headers]
    sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return None


def handshake(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        if len(data) > 16384:
            return refuse(sock, "400 Bad Request")
        piece = sock.recv(4096)
        data += piece
    head, rest = data.split(b"\r\n\r\n", 1)

    lines = head.decode("latin-1").split("\r\n")
    request = lines[0].split(" ")
    if len(request) != 3 or request[2] != "HTTP/1.1":
        return refuse(sock, "400 Bad Request")

    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon or not name or re.search(r"\s", name):
            return refuse(sock, "400 Bad Request")
        value = value.strip()
        headers.setdefault(name, []).append(value)

    def tokens(name):
        return [token.strip().lower() for token in ",".join(headers.get(name, [])).split(",")]

    if request[0] != "GET":
        return refuse(sock, "405 Method Not Allowed", "Allow: GET")
    if len(headers.get("host", [])) != 1:
        return refuse(sock, "400 Bad Request")
    upgrade = "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"
    if "websocket" not in tokens("upgrade"):
        return refuse(sock, "426 Upgrade Required", *upgrade)
    if "upgrade" not in tokens("connection"):
        return refuse(sock, "426 Upgrade Required", *upgrade)
    if headers.get("sec-websocket-version") != ["13"]:
        return refuse(sock, "426 Upgrade Required", *upgrade)
    keys = headers.get("sec-websocket-key", [])
    if len(keys) != 1:
        return refuse(sock, "400 Bad Request")
    try:
        if len(base64.b64decode(keys[0], validate=True)) != 16:
            return refuse(sock, "400 Bad Request")
    except ValueError:
        return refuse(sock, "400 Bad Request")

    accept = base64.b64encode(hashlib.sha1((keys[0] + GUID).encode()).digest()).decode()
    response = (
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " + accept + "\r\n"
        "\r\n"
    )
    sock.sendall(response.encode())
    return rest
