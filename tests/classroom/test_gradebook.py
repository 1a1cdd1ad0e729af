"""One submission into nbgrader's gradebook: all of it or nothing, whoever pulls the plug, and when."""

from __future__ import annotations

import logging
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from nbconvert.writers import FilesWriter
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.api import Gradebook, InvalidEntry
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from traitlets.config.loader import PyFileConfigLoader

from autograder.classroom import gradebook, verdicts
from autograder.classroom.gradebook import NotRecorded, digest, graded_already, one_transaction, record, submissions
from tests.nbgrader.classroom import Classroom

OSI = "01-osi-model"
FULL = {"layer_of": 4, "parse_ethernet": 7, "internet_checksum": 6, "parse_ipv4": 7, "parse_tcp": 8, "peel": 8}
NONE = dict.fromkeys(FULL, 0)

QUIET = logging.getLogger("tests.classroom.gradebook")
QUIET.setLevel(logging.CRITICAL)


class Marks(NbGraderPreprocessor):
    """Stands in for the run: an answer that says ``right`` has full marks, any other has none."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        answer = ""
        for cell in nb.cells:
            known = cell.metadata.get("nbgrader", {})
            if known.get("solution"):
                answer = cell.source
            elif known.get("grade"):
                points = str(known["points"] if answer == "right" else 0)
                cell.outputs = [new_output("execute_result", {"text/plain": points}, execution_count=1)]
        return nb, resources


class WriteVerdicts(NbGraderPreprocessor):
    """Leaves verdicts beside the notebook, as the course's own step does."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        known = resources["nbgrader"]
        coursedir = self.parent.parent.coursedir
        handed_in = Path(coursedir.format_path("submitted", known["student"], known["assignment"]))
        made = verdicts.Verdicts(known["student"], known["assignment"], known["notebook"], digest(handed_in))
        made.write(Path(resources["metadata"]["path"]))
        return nb, resources


class Course:
    """A course of a test's own: what is handed in, what is recorded, and what that leaves behind."""

    def __init__(self, root: Path) -> None:
        self.classroom = Classroom(root.parent, root.parent)
        self.root = root
        self.database = root / "gradebook.db"
        self.url = f"sqlite:///{self.database}"
        self.config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
        self.config.Autograde.sanitize_preprocessors.append(CheckCellMetadata)
        self.config.Autograde.autograde_preprocessors = [
            Marks,
            SaveAutoGrades,
            AssignLatePenalties,
            WriteVerdicts,
            CheckCellMetadata,
        ]

    def hand_in(self, student: str, *, right: bool = True) -> Path:
        """Hand the assignment in; all answers are right or none is."""
        answer = "right" if right else "wrong"
        return self.classroom.hand_in(student, OSI, dict.fromkeys(FULL, answer))

    def record(self, student: str, assignment: str = OSI, *, force: bool = False) -> None:
        """Record a submission."""
        record(self.config, student, assignment, force=force, log=QUIET)

    def graded_already(self, student: str) -> bool:
        return graded_already(self.config, student, OSI)

    def folder(self, student: str) -> Path:
        """Where the graded submission belongs."""
        return self.root / "autograded" / student / OSI

    def points(self, student: str) -> dict[str, float]:
        """What the gradebook holds of a student."""
        scores = self.classroom.scores(student, OSI)
        return {name: score.points or 0.0 for name, score in scores.items()}

    def students(self) -> set[str]:
        """The students whom the gradebook knows."""
        with closing(sqlite3.connect(self.database)) as connection:
            return {name for (name,) in connection.execute("SELECT id FROM student")}

    def rows(self) -> list[str]:
        """All that the gradebook holds."""
        with closing(sqlite3.connect(self.database)) as connection:
            return list(connection.iterdump())


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A course with one assignment that is released."""
    made = Classroom.make(tmp_path_factory.mktemp("gradebook"), OSI)
    try:
        made.generate_assignment(OSI)
        yield made.root
    finally:
        made.remove()


@pytest.fixture
def course(released: Path, tmp_path: Path) -> Course:
    """A copy of that course."""
    root = tmp_path / "course"
    shutil.copytree(released, root)
    return Course(root)


def in_child(work: Callable[[], object], *, wait: bool = True) -> int:
    """Do something in a fork of this process.

    Returns:
        Its exit code, negative for a signal, or its process id when it isn't waited for.
    """
    number = os.fork()
    if number == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return code_of(number) if wait else number


def code_of(number: int) -> int:
    """Wait for a child, and return its exit code."""
    try:
        _, status = os.waitpid(number, 0)
    except BaseException:  # the test has taken too long
        os.kill(number, signal.SIGKILL)
        raise
    return os.waitstatus_to_exitcode(status)


def die() -> None:
    """What `kill -9` does to a process."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_submission_is_recorded_and_its_folder_is_there(course: Course) -> None:
    course.hand_in("ada")
    course.record("ada")
    assert course.points("ada") == FULL
    names = {path.name for path in course.folder("ada").iterdir()}
    assert names == {f"{OSI}.ipynb", f"{OSI}{verdicts.SUFFIX}"}
    assert [path.name for path in course.folder("ada").parent.iterdir()] == [OSI]
    assert course.graded_already("ada")


def test_the_rows_are_those_of_nbgrader_alone(course: Course, tmp_path: Path) -> None:
    other = Course(shutil.copytree(course.root, tmp_path / "other" / "course"))
    late = "2030-01-01 10:00:00 UTC\n"
    for each in (course, other):
        with Gradebook(each.url, "learn-network-programming") as opened:
            opened.update_or_create_assignment(OSI, duedate="2029-12-31 10:00:00 UTC")
        for student in ("ada", "bob"):
            path = each.hand_in(student, right=student == "ada")
            (path.parent / "timestamp.txt").write_text(late, encoding="utf-8")
    course.record("ada")
    course.record("bob")
    nbgrader = CourseDirectory(config=other.config, assignment_id=OSI, log=QUIET)
    Autograde(coursedir=nbgrader, config=other.config, log=QUIET).start()
    assert without_ids(course) == without_ids(other)
    for student in ("ada", "bob"):
        assert course.classroom.autograded(student, OSI) == other.classroom.autograded(student, OSI)
        (mine, theirs) = (each.folder(student) / f"{OSI}.ipynb" for each in (course, other))
        assert mine.stat().st_mode == theirs.stat().st_mode
        assert course.folder(student).stat().st_mode == other.folder(student).stat().st_mode


def without_ids(course: Course) -> list[Any]:
    """All rows about submissions. nbgrader makes random ids, so names stand for them."""
    query = """
        SELECT student.id, student.first_name, submitted_assignment.timestamp, submitted_assignment.extension,
               submitted_notebook.flagged, submitted_notebook.late_submission_penalty, base_cell.name,
               grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade,
               comment.auto_comment, comment.manual_comment
        FROM student
        JOIN submitted_assignment ON submitted_assignment.student_id = student.id
        JOIN submitted_notebook ON submitted_notebook.assignment_id = submitted_assignment.id
        JOIN base_cell ON base_cell.notebook_id = submitted_notebook.notebook_id
        LEFT JOIN grade ON grade.cell_id = base_cell.id AND grade.notebook_id = submitted_notebook.id
        LEFT JOIN comment ON comment.cell_id = base_cell.id AND comment.notebook_id = submitted_notebook.id
        ORDER BY student.id, base_cell.name
    """
    tables = [name for (name,) in sql(course, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    numbers = [(name, *sql(course, f"SELECT count(*) FROM {name}")) for name in tables]
    found = sql(course, query)
    assert len(found) == 2 * 2 * len(FULL)
    return numbers + found + sql(course, "SELECT id FROM course ORDER BY id")


def sql(course: Course, query: str) -> list[Any]:
    with closing(sqlite3.connect(course.database)) as connection:
        return list(connection.execute(query))


def test_a_graded_submission_is_graded_anew_only_when_it_changed_or_by_force(course: Course) -> None:
    course.hand_in("ada", right=False)
    course.record("ada")
    rows, made = course.rows(), course.folder("ada").stat().st_ino

    course.record("ada")
    assert course.folder("ada").stat().st_ino == made

    course.record("ada", force=True)
    assert course.folder("ada").stat().st_ino != made
    assert course.rows() == rows

    course.hand_in("ada", right=True)
    assert not course.graded_already("ada")
    course.record("ada")
    assert course.graded_already("ada")
    assert course.points("ada") == FULL


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"cells": 5}', None])
def test_a_folder_without_verdicts_on_these_files_is_graded_anew(content: str | None, course: Course) -> None:
    course.hand_in("ada")
    course.record("ada")
    path = course.folder("ada") / f"{OSI}{verdicts.SUFFIX}"
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert not course.graded_already("ada")
    course.record("ada")
    assert course.graded_already("ada")


def test_what_a_person_decided_is_kept(course: Course) -> None:
    course.hand_in("ada", right=False)
    course.record("ada")
    with Gradebook(course.url) as opened:
        opened.find_grade("check-peel", OSI, OSI, "ada").manual_score = 5
        opened.db.commit()
    course.record("ada", force=True)
    with Gradebook(course.url) as opened:
        grade = opened.find_grade("check-peel", OSI, OSI, "ada")
        assert (grade.auto_score, grade.manual_score, grade.needs_manual_grade) == (0, 5, True)


ODD_NAMES = ["[ab]", "a", "b", "*", "?", "o'hara; DROP TABLE grade", "Ünal", " spaced ", "{x}", "-r", "a+b", "a\nb"]


def test_names_are_taken_literally(course: Course) -> None:
    for name in ODD_NAMES:
        course.hand_in(name)
    assert submissions(course.config, OSI) == sorted(ODD_NAMES)
    recorded: set[str] = set()
    for name in ODD_NAMES:
        course.record(name)
        recorded.add(name)
        assert course.students() == recorded
        assert course.points(name) == FULL
        assert course.graded_already(name)


def test_submissions_are_the_folders_that_were_handed_in(course: Course) -> None:
    assert submissions(course.config, OSI) == []
    for name in ("bob", "ada", "eve", ".hidden"):
        course.hand_in(name)
    (course.root / "submitted" / "readme.txt").touch()
    (course.root / "submitted" / "carl" / "02-another").mkdir(parents=True)
    (course.root / "submitted" / "dora").mkdir()
    (course.root / "submitted" / "dora" / OSI).touch()
    course.config.CourseDirectory.student_id_exclude = "eve,frank"
    assert submissions(course.config, OSI) == ["ada", "bob"]
    assert submissions(course.config, "*") == []


def test_another_directory_structure(course: Course) -> None:
    course.config.CourseDirectory.directory_structure = "{assignment_id}/{student_id}/{nbgrader_step}"
    course.config.CourseDirectory.source_directory = "."
    folder = course.root / OSI / "ada" / "submitted"
    shutil.move(course.hand_in("ada").parent, folder)
    assert submissions(course.config, OSI) == ["ada"]
    course.record("ada")
    assert course.points("ada") == FULL
    assert {path.name for path in folder.parent.iterdir()} == {"submitted", "autograded"}


def test_only_files_of_the_learners_own_are_copied(course: Course) -> None:
    folder = course.hand_in("ada").parent
    secret = course.root / "secret.txt"
    secret.write_text("the answers", encoding="utf-8")
    (folder / "data").mkdir()
    (folder / "data" / "mine.csv").write_text("1,2", encoding="utf-8")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "mine.pyc").touch()
    (folder / f"forged{verdicts.SUFFIX}").write_text("{}", encoding="utf-8")
    (folder / "link.txt").symlink_to(secret)
    (folder / "endless").symlink_to("/dev/zero")
    (folder / "broken").symlink_to("nowhere")
    (folder / "elsewhere").symlink_to(course.root / "solutions")
    os.mkfifo(folder / "pipe")
    course.record("ada")
    found = {path.relative_to(course.folder("ada")).as_posix() for path in course.folder("ada").rglob("*")}
    assert found == {f"{OSI}.ipynb", f"{OSI}{verdicts.SUFFIX}", "data", "data/mine.csv"}


def broken_json(course: Course) -> None:
    course.hand_in("ada").write_text('{"cells": [', encoding="utf-8")


def no_notebook(course: Course) -> None:
    course.hand_in("ada").rename(course.root / "submitted" / "ada" / OSI / "notes.txt")


def linked_notebook(course: Course) -> None:
    path = course.hand_in("ada")
    path.unlink()
    path.symlink_to(course.hand_in("bob"))


def unknown_notebook(course: Course) -> None:
    path = course.hand_in("ada")
    path.rename(path.with_name("mine.ipynb"))


def unknown_assignment(course: Course) -> None:
    course.hand_in("ada")
    with closing(sqlite3.connect(course.database)) as connection, connection:
        connection.execute("DELETE FROM assignment")


def broken_step(course: Course) -> None:
    class Broken(NbGraderPreprocessor):
        def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
            raise ArithmeticError("two\nlines")

    course.hand_in("ada")
    course.config.Autograde.autograde_preprocessors.append(Broken)


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (broken_json, "NotJSONError: Notebook does not appear to be JSON"),
        (no_notebook, "no notebook was handed in"),
        (linked_notebook, f"{OSI}.ipynb is a link or a folder, and no file"),
        (unknown_notebook, "No notebooks found"),
        (unknown_assignment, f"No assignment with ID '{OSI}' exists in the database"),
        (broken_step, "ArithmeticError: two lines"),
    ],
)
def test_what_is_not_recorded_has_a_reason_and_leaves_nothing(
    happens: Callable[[Course], None], words: str, course: Course
) -> None:
    course.hand_in("bob")
    course.record("bob")
    happens(course)
    rows = course.rows()
    with pytest.raises(NotRecorded) as caught:
        course.record("ada")
    assert str(caught.value).startswith(f"{OSI} of ada is not recorded: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert course.rows() == rows
    assert list((course.root / "autograded" / "ada").iterdir()) == []


@pytest.mark.parametrize("student", ["nobody", "", ".", "..", "../submitted/ada", "ada/.."])
def test_who_handed_nothing_in_is_not_recorded(student: str, course: Course) -> None:
    course.hand_in("ada")
    with pytest.raises(NotRecorded, match="not recorded"):
        course.record(student)
    assert course.students() == set()
    assert not (course.root / "autograded").exists()


def test_a_failure_leaves_what_was_graded_before(course: Course) -> None:
    course.hand_in("ada", right=False)
    course.record("ada")
    rows, made = course.rows(), course.folder("ada").stat().st_ino
    broken_json(course)
    with pytest.raises(NotRecorded):
        course.record("ada")
    assert course.rows() == rows
    assert course.folder("ada").stat().st_ino == made
    assert [path.name for path in course.folder("ada").parent.iterdir()] == [OSI]
    assert not course.graded_already("ada")


def test_an_interrupt_takes_everything_back(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    course.hand_in("ada", right=False)
    course.record("ada")
    rows = course.rows()
    course.hand_in("ada", right=True)
    when_called(monkeypatch, SaveAutoGrades, "preprocess_cell", 15, interrupt)
    with pytest.raises(KeyboardInterrupt):
        course.record("ada")
    monkeypatch.undo()
    assert course.rows() == rows
    assert [path.name for path in course.folder("ada").parent.iterdir()] == [OSI]
    course.record("ada")
    assert course.points("ada") == FULL


def interrupt() -> None:
    """What Ctrl-C does."""
    raise KeyboardInterrupt


def when_called(
    patch: pytest.MonkeyPatch, owner: type, name: str, call: int, happens: Callable[[], None], *, after: bool = False
) -> None:
    """Let something happen at the n-th call of a method, before it or after it."""
    original = getattr(owner, name)
    calls = 0

    def method(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and not after:
            happens()
        answer = original(*arguments, **named)
        if calls == call and after:
            happens()
        return answer

    patch.setattr(owner, name, method)


KILLED = {
    "before anything is written": (FilesWriter, "write", 1, False),
    "when the notebook is restored": (FilesWriter, "write", 1, True),
    "at the first cell": (SaveAutoGrades, "preprocess_cell", 1, False),
    "among the cells": (SaveAutoGrades, "preprocess_cell", 13, False),
    "at the last cell": (SaveAutoGrades, "preprocess_cell", 22, True),
    "when the notebook is finished": (FilesWriter, "write", 2, True),
    "before the commit": (gradebook._Session, "commit_all", 1, False),
    "after the commit": (gradebook._Session, "commit_all", 1, True),
}


@pytest.mark.parametrize("graded", [False, True], ids=["first", "again"])
@pytest.mark.parametrize("when", KILLED)
def test_a_killed_grader_leaves_all_or_nothing(
    when: str, graded: bool, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    if graded:
        course.hand_in("ada", right=False)
        course.record("ada")
    course.hand_in("ada", right=True)
    rows = course.rows()
    owner, name, call, after = KILLED[when]

    def killed() -> None:
        when_called(monkeypatch, owner, name, call, die, after=after)
        course.record("ada")

    assert in_child(killed) == -signal.SIGKILL

    if when == "after the commit":
        assert course.points("ada") == FULL
    else:
        assert course.rows() == rows
    if course.folder("ada").exists():
        assert graded and "commit" not in when, "a folder is never of another run than the rows"
        assert verdicts.read(course.folder("ada") / f"{OSI}{verdicts.SUFFIX}").assignment == OSI
    assert not course.graded_already("ada")

    course.record("ada")
    assert course.points("ada") == FULL
    assert course.graded_already("ada")
    assert [path.name for path in course.folder("ada").parent.iterdir()] == [OSI]


@pytest.mark.parametrize("room", ["no notebook", "no row"])
def test_a_file_that_may_not_grow_is_a_clear_error(room: str, course: Course) -> None:
    """A limit for files stands in for a disk without room; the next test has a real one."""
    path = course.hand_in("ada")
    rows = course.rows()
    limit = path.stat().st_size // 2 if room == "no notebook" else 2 * path.stat().st_size
    assert limit < course.database.stat().st_size

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        with pytest.raises(NotRecorded, match="File too large|disk I/O error|disk is full"):
            course.record("ada")

    assert in_child(limited) == 0
    assert course.rows() == rows
    assert list(course.folder("ada").parent.iterdir()) == []
    course.record("ada")
    assert course.points("ada") == FULL


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a file system can be mounted only by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_a_clear_error_and_changes_nothing(released: Path, small_disk: Path) -> None:
    course = Course(shutil.copytree(released, small_disk / "course"))
    course.hand_in("ada", right=False)
    course.record("ada")
    course.hand_in("ada", right=True)
    rows = course.rows()
    refused = set()
    for free in range(0, 400, 20):  # KiB: the room ends at the first file, at the last one, at the commit
        (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free - free * 1024))
        try:
            course.record("ada")
        except NotRecorded as error:
            refused.add("No space left on device" if "No space left on device" in str(error) else str(error))
        (small_disk / "filler").unlink()
        if course.graded_already("ada"):
            break
        assert course.rows() == rows
        assert course.folder("ada").exists()
    assert "No space left on device" in refused
    assert all("No space left" in words or "disk is full" in words for words in refused)
    assert course.points("ada") == FULL


def test_two_graders_at_once(course: Course) -> None:
    students = [f"learner-{number:02}" for number in range(16)]
    for student in students:
        course.hand_in(student)

    def grade(mine: list[str]) -> None:
        for student in mine:
            course.record(student)

    halves = students[::2] + students[-1:], students[1::2]  # and both have the last one
    children = [in_child(partial(grade, mine), wait=False) for mine in halves]
    assert [code_of(number) for number in children] == [0, 0]
    assert course.students() == set(students)
    for student in students:
        assert course.points(student) == FULL
        assert course.graded_already(student)
        assert [path.name for path in course.folder(student).parent.iterdir()] == [OSI]


def test_a_locked_gradebook_is_a_clear_error(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradebook, "PATIENCE", 0.01)
    course.hand_in("ada")
    with closing(sqlite3.connect(course.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotRecorded, match="the gradebook says: database is locked"):
            course.record("ada")
    course.record("ada")
    assert course.points("ada") == FULL


def test_rows_are_seen_by_others_only_at_the_end(course: Course) -> None:
    original = Gradebook.__init__, Gradebook.close
    with one_transaction(course.url):
        for student in ("ada", "bob"):
            with Gradebook(course.url, "learn-network-programming") as opened:
                opened.add_student(student)
        with Gradebook(course.url) as opened:
            assert {student.id for student in opened.students} == {"ada", "bob"}
        assert course.students() == set()
    assert course.students() == {"ada", "bob"}
    assert (Gradebook.__init__, Gradebook.close) == original


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_exception_takes_everything_back(error: type[BaseException], course: Course) -> None:
    original = Gradebook.__init__, Gradebook.close
    rows = course.rows()
    with pytest.raises(error), one_transaction(course.url):
        with Gradebook(course.url) as opened:
            opened.add_student("ada")
        raise error
    assert course.rows() == rows
    assert (Gradebook.__init__, Gradebook.close) == original
    with one_transaction(course.url), Gradebook(course.url) as opened:
        opened.add_student("ada")
    assert course.students() == {"ada"}


def test_what_nbgrader_takes_back_takes_back_all(course: Course) -> None:
    rows = course.rows()
    with pytest.raises(RuntimeError, match="took back"), one_transaction(course.url):
        with Gradebook(course.url) as opened:
            opened.add_student("ada")
            with pytest.raises(InvalidEntry):
                opened.add_student("ada")
            opened.add_student("bob")
    assert course.rows() == rows


def test_another_gradebook_and_another_transaction_are_errors(course: Course, tmp_path: Path) -> None:
    with one_transaction(course.url):
        with pytest.raises(RuntimeError, match=r"this gradebook is sqlite:///.*other\.db"):
            Gradebook(f"sqlite:///{tmp_path / 'other.db'}")
        with pytest.raises(RuntimeError, match="a transaction is open"), one_transaction(course.url):
            pass
        with Gradebook(course.url) as opened:
            opened.add_student("ada")
    assert course.students() == {"ada"}


def test_another_thread_has_a_gradebook_of_its_own(course: Course) -> None:
    seen: list[list[str]] = []

    def look() -> None:
        with Gradebook(course.url) as opened:
            seen.append([student.id for student in opened.students])

    with one_transaction(course.url):
        with Gradebook(course.url) as opened:
            opened.add_student("ada")
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [[]]
    look()
    assert seen == [[], ["ada"]]


def test_a_gradebook_that_was_open_before_can_be_closed(course: Course) -> None:
    before = Gradebook(course.url)
    with one_transaction(course.url):
        before.close()
        with Gradebook(course.url) as opened:
            opened.add_student("ada")
    assert course.students() == {"ada"}


def test_a_new_database_in_the_place_of_the_old_one(course: Course) -> None:
    for student in ("ada", "bob"):
        with one_transaction(course.url), Gradebook(course.url) as opened:
            opened.add_student(student)
        assert course.students() == {student}
        course.database.rename(course.database.with_suffix(".old"))


def test_a_digest_is_of_names_and_contents(tmp_path: Path) -> None:
    def changed() -> bool:
        seen.append(digest(tmp_path))
        return seen.count(seen[-1]) == 1

    seen = [digest(tmp_path)]
    assert len(seen[0]) == 64
    (tmp_path / "a").write_bytes(b"bc")
    assert changed()
    (tmp_path / "a").rename(tmp_path / "ab")
    assert changed()
    (tmp_path / "ab").write_bytes(b"c")
    assert changed()
    (tmp_path / "inside").mkdir()
    (tmp_path / "ab").rename(tmp_path / "inside" / "ab")
    assert changed()
    (tmp_path / "inside" / "empty").touch()
    assert changed()
    assert digest(shutil.copytree(tmp_path, tmp_path.parent / f"{tmp_path.name}-copy")) == seen[-1]


def test_a_digest_follows_no_link_and_opens_no_pipe(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "to-folder").symlink_to(outside)
    (folder / "to-file").symlink_to(outside / "file")
    (folder / "to-itself").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    before = digest(folder)
    (outside / "file").write_bytes(b"x")
    assert digest(folder) == before
    (folder / "to-file").unlink()
    (folder / "to-file").symlink_to(outside / "another")
    assert digest(folder) != before


def test_checkpoints_are_not_handed_in(course: Course) -> None:
    folder = course.hand_in("ada").parent
    before = digest(folder)
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / f"{OSI}-checkpoint.ipynb").touch()
    assert digest(folder) == before
    (folder / "timestamp.txt").write_text("2030-01-01 10:00:00 UTC", encoding="utf-8")
    assert digest(folder) != before
