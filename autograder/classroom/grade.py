"""``python -m autograder grade``: many submissions at once, on this machine or on a Dask cluster.

Who runs what: a `Place` runs notebooks and judges them, and knows neither the gradebook nor anybody else's verdicts.
Threads of this process take one submission after the other: they restore its notebooks, wait for the place, and write
what was decided into the gradebook, in one transaction. So nothing is half done, whenever it ends; and started again,
it does what is missing. The main thread does none of this: it tells, and takes signals.
"""

from __future__ import annotations

import errno
import logging
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from traitlets.config import Config

from autograder.classroom import memory, preprocessors
from autograder.classroom.execution import GraderBroke
from autograder.classroom.gradebook import NotRecorded, graded_already, one_transaction, record
from autograder.classroom.preparing import Unreadable, prepare
from autograder.classroom.stopping import CalledOff
from autograder.classroom.verdicts import Verdicts, read_all
from autograder.classroom.workplace import Place, Unusable
from autograder.judge.client import JudgeBroke
from autograder.loopback.waits import seconds as scaled

LOOK_EVERY = 0.5
"""Seconds between two calls of `progress` while nothing happens."""

END_SECONDS = 8.0
"""Time for what was called off to end; what goes on then ends with this process, and records nothing."""

GIVE_BACK_EVERY = 25
"""Submissions after which memory that was freed is given back to the system."""

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


@dataclass
class Summary:
    """What a run did. Of each submission it keeps a line, so that memory does not grow with their contents."""

    total: int = 0
    graded: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    """Graded in an earlier run, and not handed in anew since."""
    failed: dict[str, str] = field(default_factory=dict)
    """Not graded, and why."""
    hung: list[str] = field(default_factory=list)
    suspicious: list[str] = field(default_factory=list)
    by_kind: dict[str, float] = field(default_factory=dict)
    """Points, by who gave them."""
    seconds: float = 0.0
    interrupted: bool = False
    stopped: str = ""
    """Why nothing more could be graded."""
    complaint: str = ""
    """Why nothing goes on just now."""

    @property
    def done(self) -> int:
        """Submissions that this run is through with."""
        return len(self.graded) + len(self.failed)

    @property
    def to_do(self) -> int:
        """Submissions that are this run's to do, as far as is known yet."""
        return self.total - len(self.before)

    def add(self, student: str, verdicts: Iterable[Verdicts]) -> None:
        """Count one submission that was graded."""
        self.graded.append(student)
        for one in verdicts:
            if one.hung:
                self.hung.append(student)
            if one.suspicious:
                self.suspicious.append(student)
            for cell in one.cells:
                self.by_kind[cell.kind] = self.by_kind.get(cell.kind, 0.0) + (cell.points or 0.0)


@dataclass
class _Outcome:
    """What became of one submission."""

    student: str
    verdicts: list[Verdicts] | None = None
    before: bool = False
    error: Exception | None = None


class Run:
    """One run over a class.

    Args:
        config: nbgrader's, with the preprocessors of nbgrader_config.py.
        assignment: its name.
        students: whose submissions.
        place: where they are run and judged.
        force: grade also what is graded already.
    """

    def __init__(
        self, config: Config, assignment: str, students: list[str], place: Place, *, force: bool = False
    ) -> None:
        self._config, self._assignment, self._place, self._force = config, assignment, place, force
        self._students = iter(students)
        self._taking = threading.Lock()
        self._news: queue.SimpleQueue[_Outcome | None] = queue.SimpleQueue()
        """None: a thread has ended, or `stop` was called."""
        self._over = False
        self._summary = Summary(total=len(students))

    def stop(self) -> None:
        """Let nothing more begin, and end what is at work. Returns at once; a signal handler may call it."""
        self._summary.interrupted = self._over = True
        self._news.put(None)

    def whole(self, progress: Callable[[Summary], None] = lambda summary: None) -> Summary:
        """Grade; the summary says what became of each submission.

        Args:
            progress: called after every submission, and now and then between.
        """
        summary = self._summary
        started = time.monotonic()
        try:
            _try_to_write(self._config)
        except Exception as error:
            summary.stopped = _reason(error)
            return summary
        threads = [
            threading.Thread(target=self._work, name=f"grading-{number}", daemon=True)
            for number in range(min(self._place.at_once, summary.total))
        ]
        for thread in threads:
            thread.start()
        until = float("inf")
        while any(thread.is_alive() for thread in threads) and time.monotonic() < until:
            try:
                news = self._news.get(timeout=LOOK_EVERY)
            except queue.Empty:
                summary.complaint = self._place.complaint()
            else:
                self._count(news)
            if self._over and until == float("inf"):
                until = time.monotonic() + scaled(END_SECONDS)
                # On its own: this thread looks at the clock.
                threads.append(threading.Thread(target=self._place.call_off, daemon=True))
                threads[-1].start()
            summary.seconds = time.monotonic() - started
            progress(summary)
        while not self._news.empty():
            self._count(self._news.get())
        summary.seconds = time.monotonic() - started
        progress(summary)
        return summary

    def _count(self, news: _Outcome | None) -> None:
        summary = self._summary
        match news:
            case _Outcome(before=True):
                summary.before.append(news.student)
            case _Outcome(verdicts=list() as verdicts):
                summary.add(news.student, verdicts)
                if len(summary.graded) % GIVE_BACK_EVERY == 0:
                    memory.give_back()
            case _Outcome(error=CalledOff()):
                pass
            case _Outcome(error=Exception() as error):
                # What fails while all is called off may have failed because of that.
                if _is_everyones(error) and not self._over:
                    summary.stopped, self._over = _reason(error), True
                elif not self._over:
                    summary.failed[news.student] = _reason(error)

    def _work(self) -> None:
        """What each thread does."""
        try:
            while not self._over:
                with self._taking:
                    student = next(self._students, None)
                if student is None:
                    break
                outcome = self._grade(student)
                self._news.put(outcome)
                if _is_everyones(outcome.error):
                    break  # without waiting until the main thread knows
        finally:
            self._place.leave()
            self._news.put(None)

    def _grade(self, student: str) -> _Outcome:
        keys = []
        try:
            if not self._force and graded_already(self._config, student, self._assignment):
                return _Outcome(student, before=True)
            done = self._place.run(prepare(self._config, student, self._assignment))
            for notebook, verdicts in done:
                keys.append((student, self._assignment, verdicts.notebook))
                preprocessors.DONE[keys[-1]] = notebook, verdicts
            record(self._config, student, self._assignment, force=True, log=logging.getLogger(__name__))
            return _Outcome(student, [verdicts for _, verdicts in done])
        except Exception as error:  # whatever is wrong with what somebody handed in, the others go on
            return _Outcome(student, error=error)
        finally:
            for key in keys:
                preprocessors.DONE.pop(key, None)


def verdicts_of(config: Config, assignment: str, students: Iterable[str]) -> Iterator[Verdicts]:
    """What was decided about these students' submissions, in this run or an earlier one."""
    course = CourseDirectory(config=config)
    for student in students:
        yield from read_all([Path(course.format_path(course.autograded_directory, student, assignment))])


def _try_to_write(config: Config) -> None:
    """See that verdicts can be recorded, before anything is done for nothing."""
    course = CourseDirectory(config=config)
    with suppress(_Enough), one_transaction(course.db_url), Gradebook(course.db_url, course.course_id) as gradebook:
        gradebook.db.execute(text("UPDATE course SET id = id"))
        raise _Enough  # and all is taken back
    graded = Path(course.root, course.autograded_directory)
    graded.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=graded).close()


class _Enough(Exception):
    """It can be written."""


def _is_everyones(error: BaseException | None) -> bool:
    """Would every other submission fail, too? So with a full disk, and with a gradebook that can't be written."""
    while error is not None:
        if isinstance(error, Unusable | OperationalError | InternalError | InterfaceError):
            return True
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return True
        error = error.__cause__ or error.__context__
    return False


def _reason(error: BaseException) -> str:
    """What went wrong, as a sentence or two."""
    match error:
        case NotRecorded() | Unreadable() | Unusable() | GraderBroke() | JudgeBroke():
            said = str(error)
        case OperationalError() | InternalError() | InterfaceError():
            said = f"the gradebook says: {error.orig}"
        case OSError(strerror=str() as strerror):
            said = f"{strerror}: {error.filename}" if error.filename else strerror
        case _:
            said = f"{type(error).__name__}: {error}"
    return said.strip()[:2000] or type(error).__name__
