"""Read one WebSocket frame, and know "not yet" from "never"."""

from random import Random

from autograder.checks.fixtures import Likely
from autograder.checks.osi_model.fields import a, same_value
from autograder.checks.websockets_bytes.frames import BORDERS, OPCODES, frame, masked, new_key, told
from autograder.checks.websockets_bytes.refusals import refused
from autograder.judge.exercise import exercise, requirement
from autograder.judge.failures import Raised
from autograder.judge.learner import Learner


@exercise
def decode_frame(
    data: bytes, from_client: bool = True, limit: int | None = None
) -> tuple[bool, int, bytes, bytes] | None:
    raise NotImplementedError


@requirement(
    points=1,
    source="RFC 6455 sections 5.2, 5.3 and 5.7",
    hint="Walk through the header: two bytes, then 0, 2 or 8 of length, then the key if MASK is set.",
)
def test_frames(learner: Learner, rng: Random, likely: Likely) -> None:
    """A complete frame is read, of every opcode and of a length in each of the three forms."""
    cases = [(1, True, b"Hello", bytes.fromhex("37fa213d"))]
    for opcode in OPCODES:
        for fin in (True, False) if opcode < 8 else (True,):
            cases.append((opcode, fin, rng.randbytes(rng.randrange(5, 100)), new_key(rng)))
    for opcode, fin, payload, key in cases:
        got = learner(frame(opcode, payload, fin=fin, key=key))
        found = _part(got, 2)
        likely(found == masked(payload, key), "the payload is still masked")
        likely(
            isinstance(found, bytes) and found[:4] == payload[:4] and found[4:] != payload[4:],
            "the first four bytes are right: the key begins anew for each four bytes",
        )
        _is(got, fin, opcode, payload, b"")
    for size in BORDERS:
        payload = rng.randbytes(size)
        got = learner(frame(2, payload), False)
        likely(
            got is None and size >= 126,
            f"the payload has {size} bytes: look where its length stands, and which of its bytes is the high one",
        )
        _is(got, True, 2, payload, b"")


@requirement(
    points=1,
    source="RFC 6455 section 5.2",
    hint="You know where the payload ends. Everything from there on is the rest.",
)
def test_rest(learner: Learner, rng: Random, likely: Likely) -> None:
    """The bytes behind the frame are returned as they came, be they a byte, half a frame or three frames."""
    for size in (0, 5, 126):
        payload, key = rng.randbytes(size), new_key(rng)
        whole = frame(2, payload, key=key)
        for rest in (b"\x81", frame(1, b"half", key=key)[:5], frame(9, key=key) * 3):
            got = learner(whole + rest)
            likely(_part(got, 3) == b"", "the rest is gone, and with it the beginning of the next frame")
            likely(
                isinstance(_part(got, 2), bytes) and len(_part(got, 2)) > size,  # type: ignore[arg-type]
                "bytes of the next frame are in the payload",
            )
            # What the payload is, and whether it was unmasked, asks test_frames.
            found = _part(got, 2)
            _is(got, True, 2, found if isinstance(found, bytes) and len(found) == size else payload, rest)


@requirement(
    points=1,
    source="RFC 6455 section 5.2",
    hint="Before each part of the header, and before the payload: are its bytes there? If not, return None.",
)
def test_not_yet(learner: Learner, rng: Random, likely: Likely) -> None:
    """A frame that is cut off anywhere, in its header or its payload, gives None: more bytes are needed."""
    medium, large = (2, 3, 4, 5, 7, 8, 9, 133), (2, 3, 9, 10, 11, 13, 14, 15, 65549)
    for size, cuts in ((5, range(11)), (126, medium), (65536, large)):
        whole = frame(2, rng.randbytes(size), key=new_key(rng))
        for cut in cuts:
            said = f"the first {cut} of a frame's {len(whole)} bytes must give None"
            try:
                got = learner(whole[:cut])
            except Raised:
                likely(True, f"here are {cut} bytes of {len(whole)}: nothing is wrong with them, the others come later")
                raise
            assert got is None, f"{said}, got {a(got)}"
    whole = frame(1, rng.randbytes(200))
    for cut in (0, 1, 2, 3, 4, 203):
        got = learner(whole[:cut], False)
        assert got is None, f"the first {cut} of a server's frame of {len(whole)} bytes must give None, got {a(got)}"
    assert learner(whole, False) is not None, f"all {len(whole)} bytes of the frame are here, got None"


@requirement(
    points=1,
    source="RFC 6455 section 5.1",
    hint="Compare the MASK bit with from_client: both or neither.",
)
def test_direction(learner: Learner, rng: Random, likely: Likely) -> None:
    """A client's frame without a mask is error 1002, and so is a server's frame with one."""
    for opcode in (1, 9):
        payload = rng.randbytes(20)
        refused(learner, 1002, "a client's frame without a mask", frame(opcode, payload), True)
        refused(learner, 1002, "a server's frame with a mask", frame(opcode, payload, key=new_key(rng)), False)
        # The other way round they are right. What is in them asks test_frames.
        learner(frame(opcode, payload, key=new_key(rng)), True)
        learner(frame(opcode, payload), False)
    refused(learner, 1002, "a client's first two bytes without MASK", frame(1, b"..")[:2], True)
    refused(learner, 1002, "a server's first two bytes with MASK", frame(1, b"..", key=bytes(4))[:2], False)


@requirement(
    points=1,
    source="RFC 6455 sections 5.2 and 5.5",
    hint="All of it can be seen in the first two bytes, before a byte of the payload is there.",
)
def test_forbidden(learner: Learner, rng: Random, likely: Likely) -> None:
    """Reserved bits, undefined opcodes, long or fragmented control frames are error 1002, seen in two bytes already."""
    for whole in (True, False):
        key, payload = new_key(rng), rng.randbytes(10)
        cases = [(f"a frame with RSV{n}", frame(2, payload, key=key, rsv=bit)) for n, bit in ((1, 4), (2, 2), (3, 1))]
        cases += [(f"opcode {opcode}", frame(opcode, payload, key=key)) for opcode in (3, 4, 7, 11, 15)]
        for opcode in (8, 9, 10):
            cases.append((told(opcode, payload, False), frame(opcode, payload, fin=False, key=key)))
            long = rng.randbytes(126)
            cases.append((told(opcode, long), frame(opcode, long, key=key)))
        for said, data in cases:
            refused(learner, 1002, said if whole else f"{said}, cut behind byte 1,", data if whole else data[:2])
    # Next to the forbidden ones are allowed ones.
    _is(learner(frame(9, payload := rng.randbytes(125)), False), True, 9, payload, b"")


@requirement(
    points=1,
    source="RFC 6455 sections 5.2, 7.4.1 and 10.4",
    hint="When the length is known, three questions: shortest form, uppermost bit, limit. Then wait for the payload.",
)
def test_bad_lengths(learner: Learner, rng: Random, likely: Likely) -> None:
    """A length not in its shortest form or with its uppermost bit set is error 1002; one beyond the limit is 1009."""
    key = new_key(rng)
    for form, sizes in ((2, (0, 5, 125)), (8, (0, 125, 126, 65535))):
        for size in sizes:
            payload = rng.randbytes(size)
            said = f"the length {size}, written in {form} bytes,"
            refused(learner, 1002, said, frame(2, payload, key=key, form=form))
            refused(learner, 1002, f"{said} cut behind it,", frame(2, payload, key=key, form=form)[: 2 + form])
    huge = frame(2, length=1 << 63 | rng.getrandbits(32), form=8, key=key)
    refused(learner, 1002, "a length with its uppermost bit set", huge)

    limit = rng.randrange(200, 60000)
    payload = rng.randbytes(limit)
    _is(learner(frame(2, payload), False, limit), True, 2, payload, b"")
    for opcode in (0, 1, 2):
        said = f"a payload of {limit + 1} bytes where {limit} are allowed"
        refused(learner, 1009, said, frame(opcode, payload + b"!", key=key), True, limit)
        refused(learner, 1009, f"{said}, only announced yet,", frame(opcode, payload + b"!", key=key)[:4], True, limit)
    refused(learner, 1009, "a payload of 1 byte where none is allowed", frame(2, b"!", key=key), True, 0)
    likely(True, "the limit is for data: a ping of 4 bytes is allowed where data has 2 at most")
    _is(learner(frame(9, b"ping"), False, 2), True, 9, b"ping", b"")


def _part(got: object, index: int) -> object:
    """One part of an answer, None where there is none: for looking at evidence."""
    return got[index] if isinstance(got, tuple | list) and len(got) == 4 else None


def _is(got: object, fin: bool, opcode: int, payload: bytes, rest: bytes) -> None:
    """See that an answer is this frame."""
    whole = f"{told(opcode, payload, fin)} is complete"
    assert got is not None, f"{whole}: a tuple must come, got None, as if bytes were missing"
    fits = isinstance(got, tuple | list) and len(got) == 4
    assert fits, f"the answer must be a tuple (fin, opcode, payload, rest), got {a(got)}"
    for name, found, expected in zip(
        ("fin", "opcode", "payload", "rest"),
        got,  # type: ignore[call-overload]
        (fin, opcode, payload, rest),
        strict=True,
    ):
        same_value(f"{name} of {told(opcode, payload, fin)}", found, expected)
