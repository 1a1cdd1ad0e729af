import base64
import hashlib

import h11


def handshake(sock):
    """The head is read and written by h11; what it means is decided here."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=16384)
    request = h11.NEED_DATA
    try:
        while request is h11.NEED_DATA:
            data = sock.recv(65536)
            connection.receive_data(data)
            request = connection.next_event()
            if not data:
                return None
    except h11.RemoteProtocolError as error:
        if not data:
            return None
        return answer(sock, connection, error.error_status_hint if error.error_status_hint == 431 else 400)
    fields = {}
    for name, value in request.headers:
        fields.setdefault(name.decode(), []).append(value.decode("latin-1"))

    def has(name, token):
        return token in [item.strip().lower() for item in ",".join(fields.get(name, [])).split(",")]

    if request.http_version < b"1.1":
        return answer(sock, connection, 400)
    if request.method != b"GET":
        return answer(sock, connection, 405, ("Allow", "GET"))
    if not (has("upgrade", "websocket") and has("connection", "upgrade") and has("sec-websocket-version", "13")):
        wish = ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")
        return answer(sock, connection, 426, *wish)
    key, *more = fields.get("sec-websocket-key", [""])
    try:
        nonce = base64.b64decode(key, validate=True)
    except ValueError:
        nonce = b""
    if more or len(nonce) != 16:
        return answer(sock, connection, 400)
    hashed = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", base64.b64encode(hashed))]
    sock.sendall(connection.send(h11.InformationalResponse(status_code=101, headers=fields)))
    connection.next_event()
    return bytes(connection.trailing_data[0])


def answer(sock, connection, status, *fields):
    response = h11.Response(status_code=status, headers=[*fields, ("Content-Length", "0")])
    sock.sendall(connection.send(response))
