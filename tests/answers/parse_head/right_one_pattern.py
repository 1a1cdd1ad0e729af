import re

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
LINE = rb"[^\r\n\0]*\r\n"
HEAD = re.compile(
    rb"(?:(" + TOKEN + rb") ([^\s\0]+) (HTTP/\d\.\d)|(HTTP/\d\.\d) (\d{3})(?: ([^\r\n\0]*))?)\r\n"
    rb"((?:" + TOKEN + rb":" + LINE + rb")*)\r\n"
)
BEGINNING = re.compile(rb"(?:" + LINE + rb")*[^\r\n\0]*\r?")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\r\n]*?)[ \t]*\r\n")


class Fields(dict):
    def __setitem__(self, name, value):
        super().__setitem__(name, f"{self[name]}, {value}" if name in self else value)


def parse_head(data: bytes) -> tuple[tuple[str, ...], dict[str, str], bytes] | None:
    match = HEAD.match(data)
    if match is None:
        if b"\r\n\r\n" not in data and BEGINNING.fullmatch(data):
            return None
        raise ValueError("this is no head")
    fields = Fields()
    for name, value in FIELD.findall(match[7]):
        fields[name.decode("ascii").lower()] = value.decode("latin-1")
    start = [part.decode("latin-1") for part in match.groups()[:6] if part is not None]
    return tuple(start), dict(fields), data[match.end() :]
