"""The course in a folder, and who is to be graded there: what `grade` was asked for, or what is wrong with that."""

from __future__ import annotations

import difflib
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.apps import AutogradeApp
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.classroom.gradebook import submissions
from autograder.cli import BadInput

OUR_STEPS = {
    "sanitize_preprocessors": "autograder.classroom.restore.RestoreCells",
    "autograde_preprocessors": "autograder.classroom.preprocessors.JudgedExecute",
}


def course_config(folder: Path) -> Config:
    """nbgrader's configuration as `nbgrader autograde` reads it in a folder, with our steps in it.

    Raises:
        BadInput: the folder is no course, or its configuration can't be read or does not name our steps.
    """
    if not (folder / "nbgrader_config.py").is_file():
        raise BadInput(f"There is no nbgrader_config.py in {folder}: start this in the folder of the course.")
    application = AutogradeApp()
    application.log_level = "CRITICAL"
    application.raise_config_file_errors = True
    try:
        application.initialize([], root=str(folder))
    except Exception as error:  # it is a program, so it may raise anything
        raise BadInput(f"nbgrader_config.py can't be read. {type(error).__name__}: {error}") from error
    config = application.config
    for name, ours in OUR_STEPS.items():
        steps = [step if isinstance(step, str) else step.__name__ for step in config.Autograde.get(name, [])]
        if not any(step.endswith(ours.rpartition(".")[2]) for step in steps):
            raise BadInput(
                f"nbgrader_config.py does not name our steps (c.Autograde.{name} is without {ours}): "
                "take these lines from the repository's own."
            )
    return config


def students_of(config: Config, assignment: str, wanted: list[str] | None) -> list[str]:
    """Whose submissions are to be graded, sorted.

    Args:
        wanted: only these; None or empty: all that handed the assignment in.

    Raises:
        BadInput: there is no such assignment, or nothing of such a student.
    """
    course = CourseDirectory(config=config)
    known = _known(course)
    if assignment not in known:
        there = sorted(path.name for path in Path(course.root, course.source_directory).glob("*") if path.is_dir())
        if assignment in there:
            raise BadInput(
                f"{assignment} is not in the gradebook yet: "
                f"nbgrader generate_assignment {assignment} --force puts it there."
            )
        raise BadInput(f"There is no assignment {assignment!r}.{_near(assignment, sorted({*known, *there}))}")
    handed_in = submissions(config, assignment)
    if not handed_in:
        raise BadInput(
            f"Nobody has handed in {assignment}: collect it, or put files into "
            f"{course.submitted_directory}/<learner>/{assignment}/."
        )
    for student in wanted or []:
        if student not in handed_in:
            raise BadInput(f"{student!r} has not handed in {assignment}.{_near(student, handed_in)}")
    return sorted(set(wanted)) if wanted else handed_in


def _known(course: CourseDirectory) -> list[str]:
    """The assignments in the gradebook. One that is not there is not made."""
    url = make_url(course.db_url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_file():
        return []
    try:
        with Gradebook(course.db_url, course.course_id) as gradebook:
            return [item.name for item in gradebook.assignments]
    except ModuleNotFoundError as error:
        driver = f"The package {error.name}, by which {url.drivername} is reached, is not installed"
        raise BadInput(f"{driver}: python -m pip install it.") from error
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error)
        raise BadInput(
            f"The gradebook {url.render_as_string()} can't be read: {said}. "
            "If nbgrader was updated since it was made: keep a copy, then nbgrader db upgrade."
        ) from error


def _near(name: str, there: list[str]) -> str:
    near = difflib.get_close_matches(name, there, n=2, cutoff=0.5)
    return f" Did you mean {' or '.join(near)}?" if near else ""
