"""One place of work: a judge, and a warm sandbox, for one submission after the other."""

from __future__ import annotations

from contextlib import suppress

from nbformat import NotebookNode

from autograder.classroom.execution import GraderBroke, run
from autograder.classroom.sandbox import Sandbox
from autograder.classroom.stopping import Stop
from autograder.classroom.submission import Submission
from autograder.classroom.verdicts import Verdicts
from autograder.classroom.warm import WarmSandbox
from autograder.judge.client import Judge, JudgeBroke

ATTEMPTS = 2
"""How often a submission is tried when something of ours fails."""


class Station:
    """A place of work. It belongs to the thread that uses it: bubblewrap ends with the thread that started it.

    Args:
        sandbox: what learner code is locked up in.
        stop: may call off what runs here; then `close` must be called, too.
    """

    def __init__(self, sandbox: Sandbox, stop: Stop | None = None) -> None:
        self._sandbox, self._stop = sandbox, stop
        self._judge: Judge | None = None
        self._warm: WarmSandbox | None = None
        self._closed = False

    def run(self, submission: Submission) -> tuple[NotebookNode, Verdicts]:
        """Run a notebook and judge its check cells.

        Raises:
            GraderBroke, JudgeBroke: it could not be done, twice.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._run(submission)
            except (GraderBroke, JudgeBroke):
                if attempt == ATTEMPTS or self._closed:
                    raise
                self._end()
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End everything here, also what learner code is at work; from any thread."""
        self._closed = True
        self._end()

    def _run(self, submission: Submission) -> tuple[NotebookNode, Verdicts]:
        if self._closed:
            raise GraderBroke("grading was stopped")
        if self._warm is None and self._sandbox.locked:
            self._warm = WarmSandbox(self._sandbox)
        if self._judge is None or not self._judge.alive:
            self._judge = Judge(prefix=self._sandbox.judge, sandbox=self._warm.learner if self._warm else ())
        return run(submission, self._judge, self._sandbox, self._warm, self._stop)

    def _end(self) -> None:
        judge, warm = self._judge, self._warm
        self._judge = self._warm = None
        for part in (judge, warm):
            if part is not None:
                with suppress(Exception):
                    part.close()
