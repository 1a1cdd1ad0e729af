import io
from http.client import responses


class Writer(io.BytesIO):
    def line(self, text: str = "") -> None:
        if set(text) & set("\r\n\0"):
            raise ValueError(f"{text!r} is more than a line")
        self.write(text.encode("latin-1") + b"\r\n")


def build_response(status: int, headers: dict[str, str], body: bytes | str, method: str = "GET") -> bytes:
    content = body if isinstance(body, bytes) else body.encode("utf-8")
    writer = Writer()
    writer.line(f"HTTP/1.1 {status} {responses.get(status, 'Something Else')}")
    if status != 204:
        writer.line(f"Content-Length: {len(content)}")
    for name in headers:
        writer.line(f"{name}: {headers[name]}")
    writer.line()
    bodiless = method == "HEAD" or status == 204 or status == 304
    writer.write(b"" if bodiless else content)
    return writer.getvalue()
