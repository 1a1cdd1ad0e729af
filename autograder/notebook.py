"""`check`, as a notebook calls it: run the requirements of an exercise, show them as they finish, return the score."""

from __future__ import annotations

import inspect
import os
import secrets
import sys
from typing import Any

from autograder import progress
from autograder.judge.client import JudgeBroke, NoSuchExercise, run_check, the_judge
from autograder.judge.payload import CannotTravel, pack_object
from autograder.report import CheckReport, RequirementReport
from autograder.report.html import check_html, note_html
from autograder.report.text import check_text, closing, headline, requirement_text

JUDGED_OUTSIDE = "Not checked here: when a class is graded, the grader looks at the cells of the exercises by itself."


class RequirementsNotMet(Exception):
    """Raised for nbgrader's Validate alone, which shows the words of an exception and nothing else of a cell."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def check(answer: Any) -> float | int:
    """Check your function against the requirements of its exercise, and return the points it earns.

    Args:
        answer: the function or class itself: ``check(serve_echo)``. Its name finds the exercise.

    Returns:
        The points, which nbgrader reads as the score of the cell; 0 where nothing could be checked.

    Raises:
        RequirementsNotMet: only under nbgrader's Validate, when something does not hold.
    """
    complaint = _misuse(answer) or (JUDGED_OUTSIDE if _is_judged_outside() else "")
    if complaint:
        return _not_checked(complaint)
    view = _View(answer.__name__)
    try:
        payload = pack_object(answer)
        run_check(
            answer.__name__,
            payload,
            seed=secrets.randbelow(10**6),
            hidden=_of_nbgrader("NBGRADER_EXECUTION") == "autograde",
            on_event=view.take,
        )
    except (CannotTravel, NoSuchExercise, JudgeBroke) as error:
        return _not_checked(str(error), view)
    report = view.report
    if not _of_nbgrader("NBGRADER_EXECUTION"):
        progress.record(report.exercise, report.points, report.max_points)
    if _of_nbgrader("NBGRADER_VALIDATING") and not report.full_marks:
        # First the number, for the score; then the words. nbgrader takes the first output that decides.
        sys.displayhook(_score(report))
        raise RequirementsNotMet(check_text(report))
    return _score(report)


def _score(report: CheckReport) -> float | int:
    points = report.points
    return int(points) if points == int(points) else points


def _of_nbgrader(variable: str) -> str:
    """What nbgrader says to this kernel in a variable of the environment; empty if it does not run it.

    When a kernel dies under the Validate button, nbgrader leaves its variables in the environment of the Jupyter
    server (nbgrader 0.9.6, utils.setenv), and every kernel that the server starts from then on inherits them. Such
    a kernel belongs to a session of JupyterLab and writes its history to a file; nbgrader's keeps it in memory.
    """
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    history = getattr(getattr(shell, "history_manager", None), "hist_file", ":memory:")
    left_over = "JPY_SESSION_NAME" in os.environ and str(history) != ":memory:"
    return "" if left_over else os.environ.get(variable, "")


def _is_judged_outside() -> bool:
    """Does this kernel run in a grader's sandbox, where there are no checks (`autograder.classroom`)?"""
    return os.environ.get("AUTOGRADER_JUDGE") == "outside"


def _not_checked(sentence: str, view: _View | None = None) -> int:
    (view or _View("")).say(sentence)
    if _of_nbgrader("NBGRADER_VALIDATING"):
        sys.displayhook(0)
        raise RequirementsNotMet(sentence)
    return 0


def _misuse(answer: Any) -> str:
    """What is wrong with the argument of `check`, before anything is sent; an empty string if nothing is."""
    if inspect.iscoroutine(answer):
        called = answer.__name__
        answer.close()
        return f"check takes the function itself: write check({called}), not check({called}(...))."
    if answer is None:
        return (
            "check takes the function itself, and None is not one. Did you call it? "
            "Write check(serve_echo), not check(serve_echo(...))."
        )
    if isinstance(answer, str):
        return f"check takes the function itself, without quotes: write check({answer[:40]})."
    if not callable(answer):
        article = "an" if type(answer).__name__[0] in "aeiou" else "a"
        return f"check takes a function or a class; this is {article} {type(answer).__name__}: {repr(answer)[:80]}."
    name = getattr(answer, "__name__", None)
    if name is None:
        return (
            f"check finds the exercise by the function's name, and this {type(answer).__name__} object has none. "
            "Write it with def."
        )
    if name == "<lambda>":
        return "check finds the exercise by the function's name, and a lambda has none. Write it with def."
    return ""


class _View:
    """Shows a report while it grows: one output that is updated in a notebook, lines in a terminal."""

    def __init__(self, exercise: str) -> None:
        self.report = CheckReport(exercise=exercise)
        self._waiting: list[dict[str, Any]] = []
        self._handle: Any = None
        ipython: Any = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
        self._rich = shell is not None and hasattr(shell, "kernel")

    def take(self, event: dict[str, Any]) -> None:
        """Take one event of the judge."""
        match event["event"]:
            case "begin":
                self.report = CheckReport.from_plain(event["report"])
                self._waiting = event["requirements"]
                self._show(headline(self.report))
            case "requirement":
                made = RequirementReport.from_plain(event["requirement"])
                self.report.requirements.append(made)
                self._waiting = [item for item in self._waiting if item["name"] != made.name]
                if not self.report.refused:
                    self._show(requirement_text(made))
            case "end":
                requirements = self.report.requirements
                self.report = CheckReport.from_plain(event["report"])
                self.report.requirements = requirements
                self._waiting = []
                self._show(closing(self.report), over=True)

    def say(self, sentence: str) -> None:
        """Show one sentence instead of a report."""
        self._output(sentence, note_html(sentence), sentence)

    def _show(self, news: str, *, over: bool = False) -> None:
        running = None if over else [item["sentence"] for item in self._waiting]
        self._output(check_text(self.report), check_html(self.report, running), news)

    def _output(self, text: str, html: str, news: str) -> None:
        if not self._rich:
            print(news)
            return
        from IPython.display import display

        bundle = {"text/plain": text, "text/html": html}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


if (hasattr(sys, "ps1") or "ipykernel" in sys.modules) and not _is_judged_outside():
    the_judge()  # started while the learner reads, so that the first check does not wait for it
