"""Writes WebSocket frames (RFC 6455 section 5.2), right ones and every sort of wrong one."""

import random

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
OPCODES = (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG)
NAMES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}

BORDERS = (0, 1, 124, 125, 126, 127, 128, 65535, 65536, 65537)
"""Lengths around those at which one form of the length ends and the next begins."""


def new_key(rng: random.Random) -> bytes:
    """A masking key whose four bytes differ and are not zero, so that every mistake with it shows."""
    return bytes(rng.sample(range(1, 256), 4))


def masked(payload: bytes, key: bytes) -> bytes:
    """The payload XORed with the key, again and again from its first byte (RFC 6455 section 5.3)."""
    if not any(key):
        return payload
    # One XOR of two large integers, because a loop over 16 MiB takes seconds.
    repeated = (key * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")


def shortest(length: int) -> int:
    """How many bytes of extended length the shortest form has: 0, 2 or 8."""
    return 0 if length <= 125 else 2 if length <= 65535 else 8


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    key: bytes | None = None,
    rsv: int = 0,
    form: int | None = None,
    length: int | None = None,
) -> bytes:
    """Write a frame.

    Args:
        opcode: 0 to 15.
        payload: as the application has it; masked here if there is a key.
        fin: the FIN bit.
        key: the masking key; None leaves MASK unset.
        rsv: RSV1 to RSV3 as a number, RSV1 being 4.
        form: bytes of extended length, 0, 2 or 8; the shortest that fits if not given.
        length: the length to announce; that of the payload if not given.
    """
    length = len(payload) if length is None else length
    form = shortest(length) if form is None else form
    short = {0: length, 2: 126, 8: 127}[form]
    head = bytes([fin << 7 | rsv << 4 | opcode, (key is not None) << 7 | short])
    head += length.to_bytes(form, "big") if form else b""
    return head + payload if key is None else head + key + masked(payload, key)


def told(opcode: int, payload: bytes, fin: bool = True) -> str:
    """A frame in words: "a ping of 3 bytes", "a text frame of 125 bytes without FIN"."""
    name = NAMES.get(opcode, f"frame with opcode {opcode}")
    size = f"{len(payload)} byte{'' if len(payload) == 1 else 's'}"
    return f"a {name}{' frame' if opcode < 8 else ''} of {size}{'' if fin else ' without FIN'}"
