"""What several checks here need: random text, frames made by hand, a call that computes without end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from autograder.checks.fixtures import Likely
from autograder.judge.failures import Silent
from autograder.judge.learner import Learner

SPINNING = (
    "all bytes and the end were there, and the program went on computing: at the end of a stream recv returns b'' "
    "at once, again and again, until the loop takes it for the end"
)


def text(rng: Random, length: int) -> bytes:
    """Letters and digits that no program can know beforehand."""
    return rng.randbytes(length).hex()[:length].encode("ascii")


def framed(message: bytes) -> bytes:
    """A message behind its length: 4 bytes, the highest first (RFC 1700, "Data Notations")."""
    return len(message).to_bytes(4, "big") + message


@contextmanager
def noticing_a_spin(learner: Learner, likely: Likely) -> Iterator[None]:
    """Around a call whose peer ends: say so when the call computes on and on."""
    before = learner.cpu_seconds
    try:
        yield
    except Silent as silence:
        likely(silence.computing and learner.cpu_seconds - before > 0.1, SPINNING)
        raise
