"""The files that belong to a submission beside its notebooks: data, modules of the learner's own."""

from __future__ import annotations

import os
import re
from pathlib import Path

from autograder.classroom.verdicts import SUFFIX, Event

MOST = 50_000_000
"""Bytes of all files together: nbgrader_config.py's limit for a folder that is collected."""


CONFIGURATION = re.compile(r"(nbgrader|jupyter|ipython|ipykernel)\w*config\w*\.(py|json)")
"""Names of files that Jupyter's programs run or read where they are started or told to look: so may Formgrader."""


def beside_the_notebook(*folders: Path) -> dict[str, bytes]:
    """Read them, by relative path; a later folder's file takes the place of an earlier one's.

    Notebooks, what graders left, and symbolic links are left out.

    Raises:
        ValueError: they are more than `MOST` bytes.
    """
    found: dict[str, bytes] = {}
    for folder in folders:
        for directory, names, files in os.walk(folder):
            names[:] = [name for name in names if name not in (".ipynb_checkpoints", "__pycache__")]
            for name in files:
                path = Path(directory, name)
                if name.endswith((".ipynb", SUFFIX)) or path.is_symlink() or not path.is_file():
                    continue
                if path.stat().st_size + sum(map(len, found.values())) > MOST:
                    raise ValueError(f"the files beside the notebook are more than {MOST:,} bytes together")
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def configuration(folder: Path) -> list[Event]:
    """What was handed in that a program of the grader's might take for its own configuration, as reasons to look."""
    found = [path for path in sorted(folder.rglob("*")) if CONFIGURATION.fullmatch(path.name)]
    sentence = "{} was handed in, which Jupyter may run as configuration."
    return [Event("tampering", path.name, sentence.format(path.relative_to(folder))) for path in found]


def forget_links(handed_in: Path, source: Path, copied: Path) -> None:
    """Remove from a copy of a submission what stands there for a link: nbgrader copies what a link leads to.

    Args:
        handed_in: the submission.
        source: the instructor's folder of the assignment; what comes from there stays.
        copied: nbgrader's copy of both.
    """
    for directory, _, files in os.walk(handed_in):
        for path in (Path(directory, name) for name in files):
            name = path.relative_to(handed_in)
            if path.is_symlink() and not (source / name).exists():
                (copied / name).unlink(missing_ok=True)
