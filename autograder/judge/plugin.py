"""The pytest plugin of one check: its fixtures, and a report for every requirement as it finishes."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from autograder.judge import words
from autograder.judge.exercise import Exercise, Requirement, read_exercise
from autograder.judge.failures import Failure, Raised
from autograder.judge.learner import Learner
from autograder.judge.process import Gone, ProcessFactory
from autograder.loopback import EarlyEnd, NoAnswer, NotTaken, ScriptedPeer, Step, scripted_peer
from autograder.report import CheckReport, RequirementReport
from autograder.report.text import show_conversations

Emit = Callable[[dict[str, Any]], None]

PATIENCE = (1.0, 0.5, 0.25)
"""Share of a deadline that is waited after none, one, and more requirements without any answer: code that hangs
everywhere is told so in seconds, and two seconds for milliseconds of work leave room for a quarter of it."""


@dataclass
class _Now:
    """What is known of the requirement that is running."""

    requirement: Requirement
    learner: Learner | None = None
    peers: list[ScriptedPeer] = field(default_factory=list)
    compared: tuple[object, object] | None = None
    likely: str = ""


class CheckPlugin:
    """Runs the requirements of one exercise on one answer, after `begin`; one check after the other.

    Args:
        factory: starts learner processes.
    """

    def __init__(self, factory: ProcessFactory) -> None:
        self._factory = factory
        self.begin({}, lambda event: None, seed=0, hidden=False)

    def begin(self, payload: dict[str, Any], emit: Emit, *, seed: int, hidden: bool) -> None:
        """Forget the check before this one.

        Args:
            payload: the learner's answer as `payload` packed it; opened by the learner's process only.
            emit: takes the events, each plain data: ``begin`` (the report so far and the requirements),
                ``requirement`` (one report), in the order they happen.
            seed: of everything random in this check.
            hidden: run hidden requirements, too.
        """
        self._payload, self._emit, self._hidden = payload, emit, hidden
        self._exercise: Exercise | None = None
        self._now: _Now | None = None
        self._looked_at: Learner | None = None
        """The process in which the answer was looked at; the first requirement goes on with it."""
        self._not_run = ""
        self._silences = 0
        self.cancelled = False
        self.complaint = ""
        """What is wrong with the check file, not with the answer."""
        self.report = CheckReport(exercise="", seed=seed)

    # Fixtures for check files.

    @pytest.fixture
    def learner(self) -> Iterator[Learner]:
        """The learner's code, in a process of its own for this requirement."""
        assert self._now is not None and self._exercise is not None
        patience = PATIENCE[min(self._silences, len(PATIENCE) - 1)]
        learner, self._looked_at = self._looked_at, None
        if learner is None:
            learner = Learner(self._factory, self._exercise, self._payload, patience)
        self._now.learner = learner
        yield learner
        learner.close()

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> random.Random:
        """Randomness from the seed that the report prints, independent of which requirements run."""
        return random.Random(f"{self.report.seed} {request.node.name}")

    @pytest.fixture
    def likely(self) -> Callable[[object, str], None]:
        """``likely(condition, sentence)``: the slip that the bytes prove, told only if the requirement fails."""

        def prove(condition: object, sentence: str) -> None:
            assert self._now is not None
            if condition and not self._now.likely:
                self._now.likely = sentence

        return prove

    @pytest.fixture
    def peer(self) -> Iterator[Callable[..., ScriptedPeer]]:
        """``peer(*steps, **options)``: a scripted peer, recorded into the report and closed at the end."""
        with ExitStack() as stack:

            def begin(*steps: Step, **options: Any) -> ScriptedPeer:
                assert self._now is not None
                peer = stack.enter_context(scripted_peer(list(steps), **options))
                self._now.peers.append(peer)
                return peer

            yield begin

    def select(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Read the exercise from its collected items, look at the shape of the answer; return what is to be run.

        Raises:
            ValueError: there is none, or it breaks a rule of `exercise`.
        """
        module = items[0].getparent(pytest.Module) if items else None
        if module is None:
            raise ValueError("the check file holds no requirement")
        exercise = self._exercise = read_exercise(module.obj)
        requirements = {item.name: item for item in exercise.requirements if self._hidden or not item.hidden}
        self.report.exercise = exercise.name
        self.report.assignment = exercise.assignment
        self.report.summary = exercise.summary
        self.report.signature = exercise.signature
        self.report.max_points = sum(item.points for item in requirements.values())
        self.report.refused = self._refusal(exercise)
        if self.report.refused:
            self._not_run = self.report.refused
        begin = [
            {"name": item.name, "sentence": item.sentence, "max_points": item.points} for item in requirements.values()
        ]
        self._emit({"event": "begin", "report": self.report.to_plain(), "requirements": begin})
        return [item for item in items if item.name in requirements]

    def end(self) -> None:
        """End the check; no process is left of it."""
        if self._looked_at is not None:
            self._looked_at.close()
            self._looked_at = None

    # Hooks, in the order pytest calls them.

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the marker."""
        config.addinivalue_line("markers", "requirement: one requirement of an exercise")

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Start the record of a requirement, or leave it out, with the reason."""
        assert self._exercise is not None
        requirement = next(one for one in self._exercise.requirements if one.name == item.name)
        self._now = _Now(requirement)
        if self.cancelled:
            self._not_run = "the check was stopped"
        if self._not_run:
            pytest.skip(self._not_run)
        if requirement.needs is not None:
            needed = next((one for one in self.report.requirements if one.name == requirement.needs), None)
            if needed is not None and needed.outcome == "not run":
                pytest.skip(needed.got)
            if needed is not None and not needed.holds:
                pytest.skip(f'it builds on "{needed.sentence.rstrip(".")}", which does not hold yet')

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """Keep the two sides of a failed ``==``; by the house's rule the left one is the answer."""
        if self._now is not None and op == "==":
            self._now.compared = (left, right)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Word what happened, while the learner's process is still there to be asked where it is."""
        report = yield
        error = call.excinfo.value if call.excinfo is not None else None
        if self._now is not None and (call.when == "call" or error is not None):
            finished = self._finish(error, call.when, call.duration)
            if all(one.name != finished.name for one in self.report.requirements):
                self.report.requirements.append(finished)
                self._emit({"event": "requirement", "requirement": finished.to_plain()})
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep why a check file could not be read."""
        if report.failed:
            self.complaint += f"{report.longreprtext}\n"

    def pytest_internalerror(self, excrepr: object) -> None:
        """Keep what went wrong in pytest or in here."""
        self.complaint += f"{excrepr}\n"

    # How a requirement's report is made.

    def _refusal(self, exercise: Exercise) -> str:
        self._factory.preload(exercise.preload)
        self._looked_at = Learner(self._factory, exercise, self._payload)
        try:
            shape = self._looked_at.shape()
            self.report.missing = not shape.get("found")
            return words.wrong_shape(exercise, shape)
        except Raised as failure:
            return f"Your code could not be loaded: {words.raised(failure.error)}"
        except (Failure, Gone) as failure:
            return f"Your code could not be loaded: {words.explain(failure).got}"

    def _finish(self, error: BaseException | None, when: str, seconds: float) -> RequirementReport:
        assert self._now is not None
        now, requirement = self._now, self._now.requirement
        made = RequirementReport(
            requirement.name,
            requirement.sentence,
            requirement.points,
            "passed",
            source=requirement.source,
            seconds=seconds,
            hidden=requirement.hidden,
        )
        if error is None:
            return made
        if isinstance(error, pytest.skip.Exception):
            made.outcome = "not run" if when == "setup" else "skipped"
            made.got = str(error)
            return made
        error = self._cause(error)
        if isinstance(error, AssertionError):
            made.outcome, made.got = "wrong", self._assertion(error)
        else:
            made.outcome, made.got = words.explain(error)
        self._silences += made.outcome == "no answer"
        if isinstance(error, Raised) and error.is_a(NotImplementedError):
            if not self.report.requirements:  # else a part of it is written, and may earn its points
                self._not_run = f"{self.report.exercise} is not implemented yet"
            return made
        transcripts = [transcript for one in now.peers for transcript in one.transcripts if transcript.events]
        if now.learner is not None:
            made.calls = list(now.learner.calls)
            made.printed = now.learner.printed
            transcripts += now.learner.transcripts
        made.likely, made.next = now.likely, requirement.hint
        show_conversations(made, transcripts)
        return made

    def _cause(self, error: BaseException) -> BaseException:
        """Behind a conversation that broke may stand an exception of the learner's code, or its silence."""
        learner = self._now.learner if self._now is not None else None
        conversation = isinstance(error, NoAnswer | NotTaken | EarlyEnd | ConnectionError)
        if learner is None or not conversation:
            return error
        failure = learner.sudden_end()
        if failure is not None:
            return failure
        if isinstance(error, NoAnswer | NotTaken):
            error.__cause__ = learner.silence(learner.current_call, error.elapsed)
        return error

    def _assertion(self, error: AssertionError) -> str:
        assert self._now is not None
        said, _, introspection = str(error).partition("\nassert ")
        if not said.startswith("assert "):
            return said
        if self._now.compared is not None:
            return words.difference(*self._now.compared)
        return said.removeprefix("assert ") + introspection
