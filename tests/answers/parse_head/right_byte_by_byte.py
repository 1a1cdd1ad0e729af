from string import ascii_letters, digits

NAME = set(ascii_letters + digits + "!#$%&'*+-.^_`|~")


def is_version(text: str) -> bool:
    return len(text) == 8 and text.startswith("HTTP/") and text[5] in digits and text[6] == "." and text[7] in digits


def parse_head(data: bytes) -> tuple[tuple[str, str, str], dict[str, str], bytes] | None:
    lines: list[str] = []
    line = ""
    after_cr = False
    for at, byte in enumerate(data):
        letter = chr(byte)
        if after_cr != (letter == "\n") or letter == "\0":
            raise ValueError(f"byte {at} must not be {letter!r}")
        if letter == "\n":
            if not line and lines:
                return start_of(lines[0]), fields_of(lines[1:]), data[at + 1 :]
            lines.append(line)
            line = ""
        elif letter != "\r":
            line += letter
        after_cr = letter == "\r"
    return None


def start_of(line: str) -> tuple[str, str, str]:
    first, _, others = line.partition(" ")
    second, space, third = others.partition(" ")
    if is_version(first) and len(second) == 3 and set(second) <= set(digits):
        return first, second, third
    if first and set(first) <= NAME and second and space and is_version(third):
        return first, second, third
    raise ValueError(line)


def fields_of(lines: list[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for line in lines:
        if ":" not in line:
            raise ValueError(line)
        name, value = line.split(":", 1)
        if not name or set(name) - NAME:
            raise ValueError(line)
        found.setdefault(name.lower(), []).append(value.strip("\t "))
    return {name: ", ".join(values) for name, values in found.items()}
