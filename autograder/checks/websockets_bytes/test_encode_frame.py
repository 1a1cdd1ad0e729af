"""Make one WebSocket frame: bits, a length in three forms, a mask."""

from random import Random

from autograder.checks.fixtures import Likely, refused
from autograder.checks.tcp_sockets.probes import need_bytes
from autograder.checks.websockets_bytes.frames import BORDERS, OPCODES, frame, new_key, told
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Failure
from autograder.judge.learner import Learner


@exercise
def encode_frame(opcode: int, payload: bytes, fin: bool = True, mask: bytes | None = None) -> bytes:
    raise NotImplementedError


@requirement(
    points=1,
    source="RFC 6455 sections 5.2 and 5.7",
    hint="0x80 is the uppermost bit of a byte: in byte 0 it is FIN, in byte 1 MASK.",
)
def test_first_bytes(learner: Learner, rng: Random, likely: Likely) -> None:
    """FIN, opcode and a length up to 125 stand in the first two bytes, and the payload follows."""
    assert bytes(_encode(learner, 1, b"Hello")) == b"\x81\x05Hello"
    for opcode in OPCODES:
        payload = rng.randbytes(rng.randrange(1, 100))
        assert _encode(learner, opcode, payload) == frame(opcode, payload)
        assert _encode(learner, opcode, b"") == frame(opcode)
    for opcode in (0, 1, 2):
        payload = rng.randbytes(rng.randrange(1, 100))
        got = _encode(learner, opcode, payload, False)
        likely(got == frame(opcode, payload), "FIN is set, and fin was False: more fragments follow this one")
        assert got == frame(opcode, payload, fin=False)


@requirement(
    points=1,
    source="RFC 6455 section 5.2",
    hint="Up to 125 the length is in byte 1; up to 65535 in two bytes, above in eight, in network byte order.",
)
def test_lengths(learner: Learner, rng: Random, likely: Likely) -> None:
    """Every length is written in its shortest form: 125, 126, 65535 and 65536 are where it changes."""
    for size in BORDERS:
        payload = rng.randbytes(size)
        right = frame(2, payload)
        try:
            got = _encode(learner, 2, payload)
        except Failure:
            likely(size > 125, f"the payload has {size} bytes: the 7 bits of byte 1 hold a length up to 125 only")
            raise
        form = len(right) - 2 - size
        likely(
            form and got[:2] == right[:2] and got[2 : 2 + form] == size.to_bytes(form, "little") != right[2 : 2 + form],
            "the length has its low byte first: network byte order is the high byte first",
        )
        for other in (0, 2, 8):
            if other != form and size < 1 << (8 * other or 7):
                forms = {0: "in byte 1 itself", 2: "in 2 bytes", 8: "in 8 bytes"}
                long = frame(2, payload, form=other) if (other, size) != (0, 127) else b"\x82\x7f" + payload
                likely(got == long, f"{size} was written {forms[other]}: it belongs {forms[form]}")
        assert got == right


@requirement(
    points=1,
    source="RFC 6455 sections 5.3 and 5.7",
    hint="The key comes after the length, and byte i of the payload is XORed with byte i % 4 of the key.",
)
def test_mask(learner: Learner, rng: Random, likely: Likely) -> None:
    """With a key, MASK is set, the key follows the length, and the payload is XORed with it."""
    cases = [(b"Hello", bytes.fromhex("37fa213d"))]
    cases += [(rng.randbytes(size), new_key(rng)) for size in (0, 1, 3, 4, 5, 9, 125, 126, 300, 65537)]
    for payload, key in cases:
        size, right = len(payload), frame(2, payload, key=key)
        got = _encode(learner, 2, payload, True, key)
        start = len(right) - size
        likely(got == frame(2, payload), "the key was not used at all")
        likely(
            size and got == right[:start] + payload,
            "MASK is set and the key is there, but the payload was not XORed with it",
        )
        likely(
            got == right[: start - 4] + right[start:],
            "the payload is masked, but the key is missing: the server could never undo it",
        )
        likely(
            got == bytes([right[0], right[1] & 0x7F]) + right[2:],
            "all is right but the MASK bit, the uppermost one of byte 1",
        )
        likely(
            len(got) == len(right) and got != right and got[: start + 4] == right[: start + 4],
            "the first four bytes are right: the key begins anew for each four bytes of the payload",
        )
        assert got == right
    # A key of four zero bytes is allowed, and it is a key.
    payload = rng.randbytes(7)
    got = _encode(learner, 2, payload, True, bytes(4))
    assert got == frame(2, payload, key=bytes(4))


@requirement(
    points=1,
    source="RFC 6455 sections 5.2 and 5.5",
    hint="Look before you write: the opcode, then the two rules for control frames, then the key.",
)
def test_refuses(learner: Learner, rng: Random, likely: Likely) -> None:
    """What must not be sent raises ValueError: an undefined opcode, a long or fragmented control frame, a short key."""
    for opcode in (3, 7, 11, 15, 16, 255, -1):
        refused(learner, likely, f"opcode {opcode} is not one of the six", opcode, b"")
    for opcode in (8, 9, 10):
        payload = rng.randbytes(126)
        said = told(opcode, payload)
        refused(learner, likely, f"this is {said}: a control frame has 125 at most", opcode, payload)
        refused(learner, likely, "this is a control frame without FIN: it can't be a fragment", opcode, b"", False)
        assert _encode(learner, opcode, payload[:125]) == frame(opcode, payload[:125])
    for size in (3, 5, 0):
        damage = f"this masking key has {size} bytes: it has 4"
        refused(learner, likely, damage, 2, b"payload", True, rng.randbytes(size))


def _encode(learner: Learner, *arguments: object) -> bytes:
    """The frame that the answer makes; fails unless it is bytes."""
    got = learner(*arguments)
    need_bytes(got, "encode_frame")
    return bytes(got)
