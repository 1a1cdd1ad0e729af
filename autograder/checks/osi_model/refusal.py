"""Damaged input must be refused; the learner reads what was wrong with it."""

from collections.abc import Callable

from autograder.judge.failures import Failure
from autograder.judge.learner import Learner


def refused(
    learner: Learner, data: bytes, damage: str, likely: Callable[[object, str], None], *, seconds: float = 2.0
) -> None:
    """See that the call raises ValueError for some bytes.

    Args:
        damage: what is wrong with them, as a sentence of the report.
        seconds: the deadline, before scaling.
    """
    try:
        learner.must_raise(ValueError, data, seconds=seconds)
    except Failure:
        likely(True, damage)
        raise
