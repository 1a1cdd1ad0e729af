# fails: test_no_content | after a 304
from http import HTTPStatus


def build_response(status: int, headers: dict[str, str], body: bytes | str, method: str = "GET") -> bytes:
    content = body.encode() if isinstance(body, str) else body
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = ""
    lines = [f"HTTP/1.1 {status} {reason}"]
    for name, value in headers.items():
        for letter in "\r\n\0":
            if letter in name or letter in value:
                raise ValueError(f"{letter!r} in a field")
        lines.append(f"{name}: {value}")
    if status != 204:
        lines.append(f"Content-Length: {len(content)}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    if method == "HEAD" or status in (204,):
        return head.encode("latin-1")
    return head.encode("latin-1") + content
