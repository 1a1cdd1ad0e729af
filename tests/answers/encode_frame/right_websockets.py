import struct

from websockets.exceptions import ProtocolError
from websockets.frames import Frame, Opcode


def encode_frame(opcode, payload, fin=True, mask=None):
    if mask is not None and len(mask) != 4:
        raise ValueError("a key has four bytes")
    frame = Frame(Opcode(opcode), payload, fin)  # Opcode raises ValueError for what is none
    try:
        frame.check()
    except ProtocolError as error:
        raise ValueError(str(error)) from None
    plain = frame.serialize(mask=False)
    if mask is None:
        return plain
    head = bytearray(plain[: len(plain) - len(payload)])
    head[1] |= 0x80
    head += mask
    # Eight bytes at a time, and what is left over with zeros behind it.
    words = -(-len(payload) // 8)
    padded = payload.ljust(words * 8, b"\0")
    (key,) = struct.unpack("!Q", mask * 2)
    numbers = (number ^ key for number in struct.unpack(f"!{words}Q", padded))
    return bytes(head) + struct.pack(f"!{words}Q", *numbers)[: len(payload)]
