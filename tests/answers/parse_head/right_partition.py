import re

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
REQUEST_LINE = re.compile(rf"{TOKEN.pattern} [^ ]+ HTTP/[0-9]\.[0-9]")
STATUS_LINE = re.compile(r"HTTP/[0-9]\.[0-9] [0-9]{3} .*")


def parse_head(data: bytes) -> tuple[tuple[str, ...], dict[str, str], bytes] | None:
    head, end, rest = data.partition(b"\r\n\r\n")
    without = head.replace(b"\r\n", b"")
    if not end and without.endswith(b"\r"):
        without = without[:-1]
    if re.search(rb"[\r\n\0]", without):
        raise ValueError("a bad byte in the head")
    if not end:
        return None
    start_line, *lines = head.decode("latin-1").split("\r\n")
    if not REQUEST_LINE.fullmatch(start_line) and not STATUS_LINE.fullmatch(start_line):
        raise ValueError(f"no start line: {start_line!r}")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not TOKEN.fullmatch(name):
            raise ValueError(f"no field: {line!r}")
        name, value = name.lower(), value.strip(" \t")
        headers[name] = headers[name] + ", " + value if name in headers else value
    return tuple(start_line.split(" ", 2)), headers, rest
