"""Ask for a SoapFault, the exception of this assignment, with a certain code and string."""

from __future__ import annotations

from autograder.checks.fixtures import Likely
from autograder.judge.failures import Raised
from autograder.judge.learner import Learner


def must_fault(learner: Learner, likely: Likely, code: str, string: str, *arguments: object) -> None:
    """Call the learner's code and see that it raises SoapFault(code, string)."""
    try:
        got = learner(*arguments)
    except Raised as raised:
        if raised.error["type"].rpartition(".")[2] != "SoapFault":
            raised.wanted = "SoapFault"
            raise
        said = str(raised.error["message"])
        likely(
            said != f"{code}: {string}" and said.split(":")[1:2] == [code],
            "the code still has its prefix, and a prefix is only an abbreviation that the sender chose: "
            "what stands after the colon is the name",
        )
        likely(
            said == f"{string}: {code}" or said.startswith(f"{string}: "),
            "the two arguments of SoapFault are exchanged: code first, then string",
        )
        assert said == f"{code}: {string}", (
            f"the fault must be SoapFault({code!r}, {string!r}), which reads {f'{code}: {string}'!r}; "
            f"yours reads {said!r}"
        )
        return
    raise AssertionError(
        f"the reply is a fault, so SoapFault({code!r}, {string!r}) must be raised; it returned {got!r}"
    )
