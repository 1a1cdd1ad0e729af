import re


def build_response(status, headers, body, method="GET"):
    if isinstance(body, str):
        body = bytes(body, "utf-8")
    out = bytearray(b"HTTP/1.1 %d \r\n" % status)
    fields = dict(headers)
    if status not in (204, 304):
        fields["content-length"] = len(body)
    for name, value in fields.items():
        if re.search("[\x00\r\n]", f"{name}{value}"):
            raise ValueError("no line ends in fields")
        out += f"{name}:{value}\r\n".encode("latin-1")
    out += b"\r\n"
    if method != "HEAD" and status not in (204, 304):
        out += body
    return bytes(out)
