"""Make the notebooks that learners get from the instructor's: solutions/ -> exercises/.

Run it as `python -m autograder.release [--check]`, or `make release`. nbgrader's own converter does the work,
with the settings of nbgrader_config.py but without a gradebook, so a release neither needs nor changes the
gradebook of a class.
"""

import argparse
import filecmp
import logging
import shutil
import sys
import tempfile
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader


class ReleaseError(Exception):
    """The release could not be made; the message says which notebook and why."""


def assignments(course: Path) -> list[str]:
    """The names of all assignments: the folders in solutions/ that hold a notebook, sorted.

    Args:
        course: the root of the repository.
    """
    return sorted({notebook.parent.name for notebook in (course / "solutions").glob("*/*.ipynb")})


def generate(course: Path, target: Path) -> list[str]:
    """Write the release of every assignment to `target`, one folder each.

    Args:
        course: the root of the repository, with solutions/ and nbgrader_config.py.
        target: an existing folder; folders of the assignments' names in it are replaced.

    Returns:
        The names of the assignments.

    Raises:
        ReleaseError: a notebook in solutions/ is not one that nbgrader can release.
    """
    names = assignments(course)
    for name in names:
        config = _config(course, name, target)
        logger = _logger()
        directory = CourseDirectory(config=config, log=logger)
        converter = GenerateAssignment(coursedir=directory, config=config, log=logger, force=True)
        # nbgrader stops with an exception or with SystemExit, and has logged the reason before.
        try:
            converter.start()
        except (Exception, SystemExit) as error:
            raise ReleaseError(f"{name} was not released: {error}") from error
    return names


def differences(fresh: Path, committed: Path) -> list[str]:
    """What differs between two releases, as sentences; none when they are equal byte for byte.

    Args:
        fresh: a release just made.
        committed: the release to compare it with.
    """
    new, old = _files(fresh), _files(committed)
    found = [f"{name} is missing" for name in sorted(new - old)]
    found += [f"{name} has no source in solutions/" for name in sorted(old - new)]
    for name in sorted(new & old):
        if not filecmp.cmp(fresh / name, committed / name, shallow=False):
            found.append(f"{name} differs from what solutions/ generates")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Write exercises/, or with --check only compare it.

    Args:
        arguments: the command line after the program's name; that of this process unless given.

    Returns:
        The exit code: 0, 1 when --check found a difference, 2 when the release could not be made.
    """
    parser = argparse.ArgumentParser(
        prog="python -m autograder.release", description="Make exercises/ from solutions/."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; say what differs, exit with 1")
    options = parser.parse_args(arguments)

    course = Path(__file__).resolve().parents[1]
    exercises = course / "exercises"
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        try:
            names = generate(course, fresh)
        except ReleaseError as error:
            print(error, file=sys.stderr)
            return 2
        found = differences(fresh, exercises)
        if options.check:
            for sentence in found:
                print(f"exercises/{sentence}")
            if found:
                print("Run `make release` and commit exercises/.")
            return 1 if found else 0
        _replace(fresh, exercises)
    print(f"Released {', '.join(names)}." if names else "solutions/ holds no assignment.")
    return 0


def _config(course: Path, assignment: str, target: Path) -> Config:
    loader = PyFileConfigLoader("nbgrader_config.py", path=str(course))
    config = loader.load_config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.assignment_id = assignment
    # nbgrader joins this to the root, and an absolute path wins there.
    config.CourseDirectory.release_directory = str(target.resolve())
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    return config


def _logger() -> logging.Logger:
    # Its progress is of no interest here; its errors name the cell that is wrong.
    logger = logging.getLogger("autograder.release")
    logger.setLevel(logging.ERROR)
    return logger


def _files(folder: Path) -> set[str]:
    hidden = {".ipynb_checkpoints", "__pycache__"}
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".gitkeep" and not hidden & set(path.relative_to(folder).parts)
    }


def _replace(fresh: Path, exercises: Path) -> None:
    exercises.mkdir(exist_ok=True)
    for name in _files(exercises) - _files(fresh):
        (exercises / name).unlink()
    for folder in [path for path in exercises.iterdir() if path.is_dir() and not _files(path)]:
        shutil.rmtree(folder)
    shutil.copytree(fresh, exercises, dirs_exist_ok=True)


if __name__ == "__main__":
    sys.exit(main())
