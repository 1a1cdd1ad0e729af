"""What ``decode_frame`` must say about wrong bytes: a ValueError with the right close code, and at once."""

import re

from autograder.checks.osi_model.fields import a
from autograder.judge.failures import NotPlainAnswer, Raised
from autograder.judge.learner import Learner

MEANINGS = {1002: "protocol error", 1009: "too big"}


def refused(
    learner: Learner, code: int, damage: str, data: bytes, from_client: bool = True, limit: int | None = None
) -> None:
    """See that a call raises ValueError with a close code first.

    Args:
        code: the close code.
        damage: what is wrong with the bytes, as a sentence of the report: "a frame with RSV1 set".
    """
    wanted = f"{damage} must raise ValueError({code}, ...), {MEANINGS[code]}"
    arguments = (data, from_client) if limit is None else (data, from_client, limit)
    try:
        answer = learner(*arguments)
    except NotPlainAnswer as other:
        raise AssertionError(f"{wanted}; it returned something of the type {other.type_name}") from None
    except Raised as raised:
        if not raised.is_a(ValueError) or raised.is_a(UnicodeError):
            raised.wanted = f"ValueError({code}, ...)"
            raise
        # Only the text of an exception travels: of ValueError(1002, "reason") it is (1002, 'reason').
        first = re.match(r"\W*(\d+)", raised.error["message"])
        got = raised.error["message"] or "nothing"
        assert first is not None, f"{wanted}; the error's first argument is no close code: {got}"
        assert int(first[1]) == code, f"{wanted}; it raised {raised.error['type']} with {got}"
        return
    if answer is None:
        raise AssertionError(f"{wanted}; it returned None, as if more bytes could mend it")
    raise AssertionError(f"{wanted}; it returned {a(answer)}")
