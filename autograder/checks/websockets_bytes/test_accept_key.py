"""Answer a WebSocket client's key, so that it knows it is understood."""

import base64
import binascii
import hashlib
from random import Random

from wsproto.utilities import generate_accept_token

from autograder.checks.fixtures import Likely
from autograder.checks.osi_model.fields import a
from autograder.checks.websockets_bytes.heads import new_key
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@exercise
def accept_key(key: str) -> str:
    raise NotImplementedError


@requirement(
    points=1,
    source="RFC 6455 sections 1.3 and 4.2.2",
    hint="base64.b64encode(hashlib.sha1(...).digest()), over the key's own characters and then the fixed text.",
)
def test_answer(learner: Learner, rng: Random, likely: Likely) -> None:
    """The answer is the base64 form of the SHA-1 hash of the key with the fixed text behind it."""
    for key in ("dGhlIHNhbXBsZSBub25jZQ==", new_key(rng), new_key(rng)):
        got = _text(learner(key))
        for slip, sentence in _slips(key):
            likely(got == slip, sentence)
        expected = _right(key)
        assert got == expected, f"the answer to {key!r} must be {expected!r}, got {got!r}"


@requirement(
    points=1,
    source="RFC 6455 section 4.2.2",
    hint="b64encode gives bytes: decode them. encodebytes puts a line end behind.",
)
def test_text(learner: Learner, rng: Random, likely: Likely) -> None:
    """The answer is a str of 28 characters, without a line end."""
    answers = [learner(new_key(rng)) for _ in range(2)]
    for got in answers:
        assert isinstance(got, str), f"the answer must be a str, got {a(got)}"
        likely(got.endswith("\n"), "there is a line end behind it; in a header it would end the line too early")
        assert len(got) == 28, f"the answer must have 28 characters, got {len(got)}: {got!r}"
    _all_differ(answers)


@requirement(points=1, source="RFC 6455 section 4.2.2", hint="str.strip, before anything is put behind the key.")
def test_white_space(learner: Learner, rng: Random, likely: Likely) -> None:
    """Spaces and tabs around the key make no difference."""
    answers = []
    for before, behind in ((" ", ""), ("", "  "), ("\t", " ")):
        key = new_key(rng)
        bare, got = _text(learner(key)), _text(learner(before + key + behind))
        likely(got != bare and got == _right(before + key + behind), "the white space was hashed with the key")
        assert got == bare, f"{before + key + behind!r} must give the same as {key!r}, which is {bare!r}, got {got!r}"
        answers.append(bare)
    _all_differ(answers)


@requirement(
    points=1,
    source="RFC 6455 section 4.2.2",
    hint="The key is text here. That it is the base64 form of something is of no interest yet.",
)
def test_as_it_came(learner: Learner, rng: Random, likely: Likely) -> None:
    """The key is taken as text, as it came: not decoded, not judged, capitals as they are."""
    for key in (rng.randbytes(5).hex() + "!", "Ab" + rng.randbytes(6).hex(), "x", ""):
        got, expected = _text(learner(key)), _right(key)
        likely(got == _right(key.lower()) != expected, "the key's capitals were made small")
        assert got == expected, f"the answer to {key!r} must be {expected!r}, got {got!r}"


def _right(key: str) -> str:
    """The answer to a key, by wsproto."""
    return generate_accept_token(key.encode("ascii")).decode("ascii")


def _all_differ(answers: list[object]) -> None:
    """Which answers are right asks test_answer; the same one to every key answers none."""
    different = len(set(map(repr, answers))) == len(answers)
    assert different, f"different keys must have different answers, got {answers[0]!r} again and again"


def _text(answer: object) -> object:
    """An answer as bare text: of its type and of a line end asks test_text alone."""
    text = answer.decode("latin-1") if isinstance(answer, bytes) else answer
    return text.rstrip("\n") if isinstance(text, str) else text


def _slips(key: str) -> list[tuple[str, str]]:
    """Wrong answers to a key, and what each comes from."""

    def hashed(data: bytes) -> bytes:
        return hashlib.sha1(data).digest()

    def packed(data: bytes) -> str:
        return base64.b64encode(data).decode("ascii")

    raw, text = key.encode("ascii"), GUID.encode("ascii")
    slips = [
        (packed(hashed(raw)), "this is the hash of the key alone: the fixed text is missing"),
        (packed(hashed(text + raw)), "the fixed text belongs behind the key, not in front of it"),
        (packed(hashed(raw + text.lower())), "the fixed text has capitals: small letters give another hash"),
        (hashed(raw + text).hex(), "this is the right hash, in hexadecimal digits: base64 is asked"),
        (
            packed(hashed(raw + text).hex().encode("ascii")),
            "base64 was made of the hash's hexadecimal digits, not of its 20 bytes: digest, not hexdigest",
        ),
        (packed(hashlib.sha256(raw + text).digest()), "this is SHA-256: the protocol says SHA-1"),
    ]
    try:
        decoded = base64.b64decode(raw)
    except binascii.Error:
        return slips
    return [*slips, (packed(hashed(decoded + text)), "the key was decoded first: it is hashed as the text that it is")]
