"""Bytes as the literal a Python programmer would type, cut in the middle when they are many."""

from collections.abc import Iterable

BytesLike = bytes | bytearray | memoryview


def as_bytes(value: object, name: str = "data") -> bytes:
    """Return `value` as bytes.

    Raises TypeError for anything else. `bytes(value)` alone is no check: `bytes(5)` is five zero bytes.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    cure = ": encode the text first, for instance text.encode()" if isinstance(value, str) else ""
    raise TypeError(f"{name} must be bytes, not {type(value).__name__}{cure}")


def count(number: int, noun: str) -> str:
    """Say how many: `1 byte`, `2 bytes`, `1,048,576 bytes`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def printable(text: str) -> str:
    """Keep words on one line: what does not print (line ends, terminal controls) becomes an escape."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def delimiter(data: bytes) -> str:
    """Choose the quotation mark that `repr` would choose for `data`."""
    return '"' if b"'" in data and b'"' not in data else "'"


def _escape_table(mark: str) -> list[str]:
    table = [repr(bytes((value,)))[2:-1] for value in range(256)]
    table[ord("'")], table[ord('"')] = "'", '"'
    table[ord(mark)] = "\\" + mark
    return table


_ESCAPES = {mark: _escape_table(mark) for mark in "'\""}


def escapes(data: bytes, mark: str) -> list[str]:
    r"""Return how each byte is written between two `mark`s: `A`, `\r`, `\x00`: one string a byte."""
    table = _ESCAPES[mark]
    return [table[value] for value in data]


def fitting(pieces: Iterable[str], room: int) -> int:
    """Return how many of the leading `pieces` fit into `room` characters."""
    fit = 0
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            break
        fit += 1
    return fit


def quote(data: BytesLike, limit: int = 60) -> str:
    r"""Write `data` as a bytes literal of about `limit` characters at most.

    What is too long loses its middle: `b'GET / HTTP/1.1\r\nHo' ... 1,000 bytes ... b'\r\n\r\n'`. The count is
    of the bytes left out, and both ends are literals that can be pasted. At least one byte is shown at each
    end, so a very small `limit` (under 40) may be exceeded.

    Args:
        data: the bytes to show.
        limit: length of the text in characters.
    """
    data = as_bytes(data)
    whole = repr(data) if len(data) <= limit else None
    if whole is not None and len(whole) <= limit:
        return whole
    first, last = data[: max(limit, 1)], data[-max(limit, 1) :]
    mark = delimiter(first + last)
    widest_gap = f" ... {count(len(data), 'byte')} ... "
    room = limit - len(widest_gap) - 2 * len("b''")
    # The beginning says most about a message, so it gets two thirds of the room.
    head = escapes(first, mark)
    head = head[: max(fitting(head, room * 2 // 3), 1)]
    tail = escapes(last, mark)
    tail = tail[-max(fitting(reversed(tail), room - sum(map(len, head))), 1) :]
    left_out = len(data) - len(head) - len(tail)
    if left_out > 0:
        gap = f" ... {count(left_out, 'byte')} ... "
        cut = f"b{mark}{''.join(head)}{mark}{gap}b{mark}{''.join(tail)}{mark}"
        if whole is None or len(cut) < len(whole):
            return cut
    return repr(data)
