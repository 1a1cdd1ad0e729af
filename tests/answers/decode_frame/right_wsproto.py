from wsproto.frame_protocol import FrameDecoder, Opcode, ParseFailed

KINDS = {0: Opcode.CONTINUATION, 1: Opcode.TEXT, 2: Opcode.BINARY, 8: Opcode.CLOSE, 9: Opcode.PING, 10: Opcode.PONG}


def decode_frame(data, from_client=True, limit=None):
    """The header's rules by hand where wsproto waits for more; the rest is wsproto's."""
    if len(data) < 2:
        return None
    fin, opcode, short = data[0] >> 7, data[0] & 15, data[1] & 127
    if opcode not in KINDS or data[0] & 0x70 or (data[1] >= 128) != from_client:
        raise ValueError(1002, "the first two bytes")
    if opcode > 7 and (short > 125 or not fin):
        raise ValueError(1002, "control frame")
    size = {126: 2, 127: 8}.get(short, 0)
    if len(data) < 2 + size:
        return None
    length = int.from_bytes(data[2 : 2 + size], "big") if size else short
    if size and (length < (126 if size == 2 else 65536) or length >= 1 << 63):
        raise ValueError(1002, "length")
    if opcode < 8 and limit is not None and limit < length:
        raise ValueError(1009, "too long")
    end = 2 + size + 4 * from_client + length
    if len(data) < end:
        return None
    decoder = FrameDecoder(client=not from_client)
    decoder.receive_bytes(data[:end])
    payload = b""
    try:
        while (frame := decoder.process_buffer()) is not None:
            payload += frame.payload
            if frame.frame_finished:
                break
    except ParseFailed as error:
        raise ValueError(int(error.code), str(error)) from None
    return bool(fin), opcode, payload, data[end:]
