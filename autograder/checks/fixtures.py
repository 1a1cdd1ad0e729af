"""The types of the fixtures that requirements ask for, and what they say of damaged input."""

from __future__ import annotations

from collections.abc import Callable

from autograder.judge.failures import Failure
from autograder.judge.learner import Learner
from autograder.loopback import ScriptedPeer

Likely = Callable[[object, str], None]
"""The fixture `likely`: a slip that the bytes prove, shown if the requirement fails."""

Peer = Callable[..., ScriptedPeer]
"""The fixture `peer`: makes a scripted peer that is part of the report."""


def refused(
    learner: Learner,
    likely: Likely,
    damage: str,
    *arguments: object,
    error: type[BaseException] = ValueError,
    seconds: float = 2.0,
) -> None:
    """See that a call raises an error.

    Args:
        damage: what is wrong with its arguments, as a sentence of the report.
        seconds: the deadline, before scaling.
    """
    try:
        learner.must_raise(error, *arguments, seconds=seconds)
    except Failure:
        likely(True, damage)
        raise
