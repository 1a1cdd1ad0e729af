"""What can go wrong with a learner's code, as exceptions that carry what is known. `plugin` finds the words.

Failure
+-- Raised          the code raised an exception
+-- Silent          no answer in time
+-- Ended           its process ended before it answered
+-- NotPlainAnswer  it returned something that can't travel
+-- WrongAnswer     it answered, and a fixture's own rule does not hold
"""

from __future__ import annotations

from typing import Any

from autograder.judge.places import full_name


class Failure(Exception):
    """The learner's code did not do what was asked. `call` is the call as a learner would write it."""

    call: str = ""


class Raised(Failure):
    """The code raised. `error` is what `places.Sources.of_error` made; `wanted` names what should have been raised."""

    wanted = ""

    def __init__(self, error: dict[str, Any], call: str) -> None:
        self.error, self.call = error, call
        super().__init__(f"{error['type']}: {error['message']}")

    def is_a(self, *types: type[BaseException]) -> bool:
        """Is it one of these exceptions, or a subclass of one, by the names that it reports?"""
        return any(full_name(kind) in self.error["mro"] for kind in types)


class Silent(Failure):
    """No answer within `seconds`; `waiting` says where every thread was, `computing` that it was not idle."""

    def __init__(self, call: str, seconds: float, waiting: list[dict[str, Any]] | None, *, computing: bool) -> None:
        self.call, self.seconds, self.waiting, self.computing = call, seconds, waiting, computing
        super().__init__(f"{call} gave no answer in {seconds:g} s")


class Ended(Failure):
    """The process ended. `how` is a sentence about it; `limit` says that we ended it, for crossing a limit."""

    def __init__(self, call: str, how: str, *, limit: bool = False) -> None:
        self.call, self.how, self.limit = call, how, limit
        super().__init__(how)


class NotPlainAnswer(Failure):
    """The answer, or the part at `where`, is of a type that can't travel."""

    def __init__(self, call: str, where: str, type_name: str, why: str) -> None:
        self.call, self.where, self.type_name, self.why = call, where, type_name, why
        super().__init__(why)


class WrongAnswer(Failure):
    """It answered, and the answer is of the wrong sort; `got` is one sentence."""

    def __init__(self, call: str, got: str) -> None:
        self.call, self.got = call, got
        super().__init__(got)
