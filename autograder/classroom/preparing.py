"""Makes of what a learner handed in what can be run anywhere: the restored notebooks, and the files beside them."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.classroom.gradebook import notebooks, submitted_folder
from autograder.classroom.preprocessors import JudgedExecute
from autograder.classroom.submission import Submission


class Unreadable(ValueError):
    """What was handed in can't be graded; the text says why, in a sentence."""


def prepare(config: Config, student: str, assignment: str) -> list[Submission]:
    """The notebooks of an assignment that a learner handed in, as nbgrader's sanitizing steps leave them.

    Only reads. The steps are those that the config names, as in `nbgrader autograde`.

    Raises:
        Unreadable: there is none, or a file is no notebook.
        Exception: of nbgrader's gradebook.
    """
    course = CourseDirectory(config=config)
    folder = submitted_folder(course, student, assignment)
    converter = Autograde(coursedir=course, config=config)
    exporter = converter.exporter_class(parent=converter, config=converter.config)
    for step in converter.sanitize_preprocessors:
        exporter.register_preprocessor(step, enabled=True)
    execute = JudgedExecute(config=config)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        expected = {notebook.name for notebook in gradebook.find_assignment(assignment).notebooks}
    try:
        paths = _wanted(notebooks(folder), expected, most=course.max_file_size * 1000)
    except (NbGraderException, OSError, ValueError) as error:
        raise Unreadable(_sentence(error)) from error
    made = []
    for path in paths:
        known = {"student": student, "assignment": assignment, "notebook": path.stem, "db_url": course.db_url}
        resources = {"metadata": {"name": path.stem, "path": str(folder)}, "nbgrader": known}
        text, _ = exporter.from_notebook_node(_read(path), resources=resources)
        notebook = nbformat.from_dict(json.loads(text))
        try:
            made.append(execute.submission(course, student, assignment, path.stem, notebook))
        except (OSError, ValueError) as error:
            raise Unreadable(_sentence(error)) from error
    return made


def _wanted(found: list[Path], expected: set[str], most: int) -> list[Path]:
    """Of the notebooks that are there those that belong to the assignment; `most` is how many bytes each may have."""
    wanted = [path for path in found if path.stem in expected]
    if not found:
        raise Unreadable("no notebook was handed in")
    if not wanted:
        names = [", ".join(sorted(one)) for one in ({path.name for path in found}, {f"{x}.ipynb" for x in expected})]
        raise Unreadable(f"{names[0]} is not the name of a notebook of this assignment: {names[1]}")
    for path in wanted:
        if path.stat().st_size > most:
            raise Unreadable(f"{path.name} has more than {most:,} bytes (CourseDirectory.max_file_size)")
    return wanted


def _read(path: Path) -> NotebookNode:
    """Read a notebook, which may be any file."""
    try:
        text = path.read_text(encoding="utf-8")
        if not text.strip():
            raise Unreadable(f"{path.name} is empty")
        notebook = nbformat.reads(text, as_version=4)
        if not isinstance(notebook.cells, list):
            raise ValueError("its cells are no list")
        return notebook
    except OSError as error:
        raise Unreadable(f"{path.name} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is no notebook: byte {error.start} is no text in UTF-8") from error
    except nbformat.reader.NotJSONError as error:
        cause = error.__cause__
        where = f", line {cause.lineno}: {cause.msg}" if isinstance(cause, json.JSONDecodeError) else ""
        raise Unreadable(f"{path.name} is no notebook, for it is not JSON{where}") from error
    except Unreadable:
        raise
    except Exception as error:  # what nbformat says about what is not one depends on what it is
        raise Unreadable(f"{path.name} is no notebook: {_sentence(error)}") from error


def _sentence(error: BaseException) -> str:
    """The first line of what an error says."""
    if isinstance(error, OSError):
        return f"{error.filename} can't be read: {error.strerror}"
    lines = str(error).splitlines()
    return lines[0][:200] if lines else type(error).__name__
