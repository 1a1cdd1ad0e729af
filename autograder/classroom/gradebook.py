"""One submission into the gradebook, all of it or nothing.

nbgrader opens its gradebook about nine times for one submission and commits after every cell, and it writes the graded
notebook where the finished one belongs. Whoever ends it in between leaves half a submission in both. Here the rows
are one transaction of the database, and the folder is made beside its place and renamed. Whatever happens, and be it
``kill -9`` at the worst moment,

* the gradebook has all of the old rows or all of the new ones;
* ``autograded/<learner>/<assignment>`` is whole, and of the same run as the rows, or it is not there. Then the next run
  grades the submission again.
"""

from __future__ import annotations

import fcntl
import fnmatch
import glob
import hashlib
import logging
import os
import re
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool
from traitlets.config import Config

from autograder.classroom import verdicts
from autograder.loopback import waits

PATIENCE = 60.0  # seconds that a grader waits for another one's transaction
CHECKPOINTS = ".ipynb_checkpoints"

_transaction = threading.Lock()
_owner: int | None = None  # the thread whose transaction is open


class NotRecorded(Exception):
    """A submission could not be recorded; the message says why. The gradebook is as it was before."""


def record(
    config: Config, student: str, assignment: str, *, force: bool = False, log: logging.Logger | None = None
) -> None:
    """Run nbgrader's Autograde converter for one submission, with the preprocessors that the config names.

    A submission that is graded already is left alone, see `graded_already`, unless `force` is set. Other graders wait
    while the preprocessors run, so these had better find the notebooks executed.

    Raises:
        NotRecorded: why it is not. The gradebook has not changed, unless only the finished folder could not be put in
            its place; then there is none.
    """
    log = log or logging.getLogger(__name__)
    try:
        course = CourseDirectory(config=config, log=log)
        if Path(student).name != student or not submitted_folder(course, student, assignment).is_dir():
            raise NbGraderException("there is no such folder")
        with _alone(_autograded(course, student, assignment).parent):
            if force or not _graded_already(course, student, assignment):
                _record(course, config, student, assignment, log)
    except Exception as error:
        raise NotRecorded(f"{assignment} of {student} is not recorded: {_reason(error)}") from error


def _record(course: CourseDirectory, config: Config, student: str, assignment: str, log: logging.Logger) -> None:
    place = _autograded(course, student, assignment)
    new, old = (place.with_name(f".{place.name}.{word}") for word in ("new", "old"))
    for leftover in (new, old):  # of a run that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    converter = _OneSubmission(student, assignment, new, coursedir=course, config=config, log=log)
    try:
        with chdir(course.root), one_transaction(course.db_url):
            converter.start()
            # Before the rows change and not after, so that a folder in its place is never older than they are.
            with suppress(FileNotFoundError):
                place.rename(old)
    except Exception:
        if old.exists():
            old.rename(place)
        raise
    else:
        new.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def graded_already(config: Config, student: str, assignment: str) -> bool:
    """Are there verdicts on every notebook of the assignment that was handed in, and on these very files?"""
    return _graded_already(CourseDirectory(config=config), student, assignment)


def submissions(config: Config, assignment: str) -> list[str]:
    """The students who handed in an assignment, sorted, without those whom the config excludes."""
    course = CourseDirectory(config=config)
    step = course.submitted_directory
    pattern = course.directory_structure.format(
        nbgrader_step=glob.escape(step), student_id="*", assignment_id=glob.escape(assignment)
    )
    expression = course.format_path(re.escape(step), r"(?P<student>[^/]+)", re.escape(assignment), escape=True)
    found = set()
    for folder in glob.glob(pattern, root_dir=course.root):
        path = os.path.join(course.root, folder)
        match = re.fullmatch(expression, path)
        if match and os.path.isdir(path):
            found.add(match["student"])
    return sorted(found.difference(course.student_id_exclude.split(",")))


def notebooks(folder: Path) -> list[Path]:
    """The notebooks in a folder, by name; hidden files are none.

    Raises:
        NbGraderException: one is a link, which may lead to another learner's, or no file at all.
    """
    found = sorted(path for path in folder.iterdir() if path.suffix == ".ipynb" and not path.name.startswith("."))
    for path in found:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise NbGraderException(f"{path.name} is a link or a folder, and no file")
    return found


def digest(folder: Path) -> str:
    """The SHA-256, hexadecimal, of what was handed in: names and contents of all files in a folder.

    Links are not followed: a link is its target's name. Jupyter's checkpoints don't count.

    Raises:
        OSError: something cannot be read.
    """
    total = hashlib.sha256()
    for path in _entries(folder):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            kind, content = b"link", hashlib.sha256(os.fsencode(path.readlink()))
        elif stat.S_ISREG(mode):
            with path.open("rb") as file:
                kind, content = b"file", hashlib.file_digest(file, "sha256")
        else:
            kind, content = b"other", hashlib.sha256()
        for part in (kind, os.fsencode(path.relative_to(folder)), content.digest()):
            total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()


@contextmanager
def one_transaction(db_url: str) -> Iterator[None]:
    """Let every `Gradebook` that this thread opens take part in one transaction, which is committed at the end.

    An exception, and be it KeyboardInterrupt, takes everything back. With SQLite the transaction begins at once, so
    other graders wait for its end, up to a minute, scaled by `waits.seconds`; reading goes on.

    Raises:
        RuntimeError: a transaction is open in this thread already, a Gradebook with another URL was opened, or
            nbgrader took something back after an error that somebody caught.
        sqlalchemy.exc.OperationalError: the database is locked for too long, or has no room.
    """
    global _owner
    if _owner == threading.get_ident():
        raise RuntimeError("a transaction is open in this thread already")
    with _transaction:
        _set_up(db_url, _identity(db_url))
        session = _Session(_engine(db_url))
        try:
            session.connection()  # begins
            _owner = threading.get_ident()
            with _shared(db_url, session):
                yield
            session.commit_all()
        finally:
            _owner = None
            session.close()  # and takes back what is not committed


class _Session(Session):
    """A session that commits only when it is told twice."""

    broken = False

    def commit(self) -> None:
        """What nbgrader calls after every row: others don't see it yet, but the session reads it afresh."""
        self.flush()
        self.expire_all()

    def rollback(self) -> None:
        """What nbgrader calls after an error. It means to take back one row, and takes back all."""
        self.broken = True
        super().rollback()

    def commit_all(self) -> None:
        """Commit."""
        if self.broken:
            raise RuntimeError("nbgrader took back what it had written to the gradebook")
        super().commit()


@contextmanager
def _shared(db_url: str, session: _Session) -> Iterator[None]:
    """Let this thread's gradebooks use a session."""
    original_init, original_close = Gradebook.__init__, Gradebook.close
    thread = threading.get_ident()
    checked = set()

    def init(self: Gradebook, url: str, course_id: str = "default_course", authenticator: Any = None) -> None:
        if threading.get_ident() != thread:
            original_init(self, url, course_id, authenticator)
            return
        if url != db_url:
            raise RuntimeError(f"a transaction of {db_url} is open, and this gradebook is {url}")
        self.engine, self.db = session.get_bind(), session
        if course_id not in checked:
            self.check_course(course_id=course_id)
            checked.add(course_id)
        self.course_id = course_id
        self.authenticator = authenticator

    def close(self: Gradebook) -> None:
        if self.db is session:
            session.expire_all()
        else:
            original_close(self)

    Gradebook.__init__, Gradebook.close = init, close
    try:
        yield
    finally:
        Gradebook.__init__, Gradebook.close = original_init, original_close


@lru_cache(maxsize=8)
def _engine(db_url: str) -> Engine:
    """An engine, kept for its compiled statements. It keeps no connection, so forks and new files do no harm."""
    if make_url(db_url).get_backend_name() != "sqlite":
        return create_engine(db_url, poolclass=NullPool)
    engine = create_engine(db_url, poolclass=NullPool, connect_args={"timeout": waits.seconds(PATIENCE)})

    @event.listens_for(engine, "connect")
    def _no_begin_by_the_driver(connection: Any, _: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin_to_write(connection: Any) -> None:
        # A transaction that begins with reading may be refused the lock for writing at once, instead of waiting.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@lru_cache(maxsize=8)
def _set_up(db_url: str, identity: object) -> None:
    """Let nbgrader make the tables, once for each database file."""
    Gradebook(db_url, course_id="").close()


def _identity(db_url: str) -> object:
    """What tells one SQLite file from another that took its place."""
    url = make_url(db_url)
    with suppress(OSError):
        if url.get_backend_name() == "sqlite" and url.database:
            status = os.stat(url.database)
            return status.st_dev, status.st_ino
    return None


class _OwnFiles(BaseConverter):
    """Copies what a learner handed in beside the notebooks, but follows no link out of the folder."""

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        source = Path(self._format_source(assignment_id, student_id))
        for path in _entries(source):
            name = path.relative_to(source)
            ignored = [*self.coursedir.ignore, "*.ipynb", f"*{verdicts.SUFFIX}"]
            if any(fnmatch.fnmatch(part, pattern) for part in name.parts for pattern in ignored):
                continue
            if not stat.S_ISREG(path.lstat().st_mode):
                self.log.warning("Left out, for it is no file: %s", path)
                continue
            target = Path(self._format_dest(assignment_id, student_id), name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


class _OneSubmission(Autograde, _OwnFiles):
    """nbgrader's Autograde for one submission, into a folder of its own, and with its errors as they are.

    Names are taken literally: nbgrader would take ``[ab]`` for a pattern, and find another learner's notebook.
    """

    def __init__(self, student: str, assignment: str, folder: Path, coursedir: CourseDirectory, **options: Any) -> None:
        super().__init__(coursedir, **options)
        self.student, self.assignment, self.folder = student, assignment, folder
        coursedir.student_id, coursedir.assignment_id = student, assignment  # for the hooks

    def init_notebooks(self) -> None:
        """Find the notebooks that were handed in."""
        paths = notebooks(submitted_folder(self.coursedir, self.student, self.assignment))
        if not paths:
            raise NbGraderException("no notebook was handed in")
        self.notebooks = list(map(str, paths))

    def convert_notebooks(self) -> None:
        """Grade them."""
        self.run_pre_convert_hook()
        self.init_assignment(self.assignment, self.student)
        for notebook in self.notebooks:
            self.convert_single_notebook(notebook)
        self.set_permissions(self.assignment, self.student)
        self.run_post_convert_hook()

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Sanitize, then autograde, as nbgrader does; but the environment is left alone, for other threads read it."""
        graded = os.path.join(self.folder, os.path.basename(notebook_filename))
        for path, self._sanitizing in ((notebook_filename, True), (graded, False)):
            self._init_preprocessors()
            BaseConverter.convert_single_notebook(self, path)
        self._sanitizing = True

    def init_single_notebook_resources(self, notebook_filename: str) -> dict[str, Any]:
        """Say which notebook it is."""
        name = Path(notebook_filename).stem
        known = {
            "student": self.student,
            "assignment": self.assignment,
            "notebook": name,
            "db_url": self.coursedir.db_url,
        }
        return {"unique_key": name, "output_files_dir": f"{name}_files", "nbgrader": known}

    def _format_dest(self, assignment_id: str, student_id: str, escape: bool = False) -> str:
        return str(self.folder)


def submitted_folder(course: CourseDirectory, student: str, assignment: str) -> Path:
    """Where an instructor has what a learner handed in."""
    return Path(course.format_path(course.submitted_directory, student, assignment))


def source_folder(course: CourseDirectory, assignment: str) -> Path:
    """The instructor's own folder of an assignment."""
    return Path(course.format_path(course.source_directory, ".", assignment))


def _autograded(course: CourseDirectory, student: str, assignment: str) -> Path:
    return Path(course.format_path(course.autograded_directory, student, assignment))


def _graded_already(course: CourseDirectory, student: str, assignment: str) -> bool:
    submitted, graded = submitted_folder(course, student, assignment), _autograded(course, student, assignment)
    source = source_folder(course, assignment)
    try:
        known = {path.name for path in source.glob("*.ipynb")}
        names = [path.stem for path in notebooks(submitted) if path.name in known or not known]
        found = [verdicts.read(graded / f"{name}{verdicts.SUFFIX}") for name in names]
    except (NbGraderException, OSError, ValueError):
        return False
    return bool(found) and {one.submission for one in found} == {digest(submitted)}


def _entries(folder: Path) -> list[Path]:
    """All that is in a folder and in those inside it, but no folders and no checkpoints; links are not followed."""
    found = []
    for parent, folders, files in os.walk(folder, onerror=_fail):
        folders[:] = [name for name in folders if name != CHECKPOINTS]
        found += [Path(parent, name) for name in files]
        found += [Path(parent, name) for name in folders if os.path.islink(os.path.join(parent, name))]
    return sorted(found, key=os.fsencode)


def _fail(error: OSError) -> None:
    raise error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one grader at a time work in a learner's folder; the lock ends with its process."""
    folder.mkdir(parents=True, exist_ok=True)
    number = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system may have no locks
            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(number, fcntl.LOCK_UN)  # a child may have inherited the file, and its lock
        os.close(number)


def _reason(error: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(error, DBAPIError):
        return f"the gradebook says: {error.orig}"
    text = " ".join(str(error).split())
    if isinstance(error, NbGraderException):
        return text
    return f"{type(error).__name__}: {text}".rstrip(": ")
