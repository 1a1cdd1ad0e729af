"""Plays cases of the conformance suite against a learner's server, and words the first one that fails."""

from __future__ import annotations

from collections.abc import Iterable

from autograder.checks.websockets_bytes.conformance import cases
from autograder.checks.websockets_bytes.conformance.case import Case
from autograder.checks.websockets_bytes.conformance.runner import Result, play
from autograder.judge.learner import Learner, Running
from autograder.loopback import NoAnswer

PATIENCE = 0.6
"""How much of a connection's timeout a server's next answer may take. The judge shortens that for silent code."""


def named(section: str, *words: str) -> list[Case]:
    """The cases of a section whose names contain one of the words; without words, all of them."""
    found = [
        case for case in cases.of_section(section) if not words or any(word in case.name for word in words)
    ]
    unknown = [word for word in words if not any(word in case.name for case in found)]
    if unknown or not found:
        raise ValueError(f"no case of {section} is named like {unknown}")
    return found


def passes(learner: Learner, server: Running, some: Iterable[Case], *, closing: bool = False) -> None:
    """Play cases, one connection each, until one does not pass.

    Args:
        learner: whose server it is.
        server: the server.
        some: the cases.
        closing: judge the closing handshake as well, where a case ends in one.

    Raises:
        AssertionError: what was sent, expected and received.
        Failure, NoAnswer: the server's code ended, or did not say a word.
    """
    for case in some:
        client = server.connect(title=case.name)
        result = play(case, client, patience=PATIENCE * client.timeout, closing=closing)
        client.close()
        if result.verdict == "pass":
            learner.transcripts.remove(client.transcript)  # the report shows the one that failed
            continue
        ended = learner.sudden_end()
        if ended is not None:
            raise ended
        if result.silent is not None and not result.silent.partial and result.status < 0:
            raise NoAnswer(b"", None, result.silent.elapsed)
        raise AssertionError(in_words(result))


def in_words(result: Result) -> str:
    """A case that failed, in four lines."""
    lines = (
        f"{result.case.name} (section {result.case.source})",
        f"sent: {result.sent}",
        f"wanted: {result.expected}",
        f"got: {result.got}",
    )
    return "\n".join(lines)
