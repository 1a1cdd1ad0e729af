"""What a learner has earned so far, kept in one small JSON file beside the course.

    {"version": 1, "exercises": {"serve_echo": {"points": 8.0, "max_points": 8.0}}}

The file is `.autograder/progress.json` in the course's folder, or in the home folder
where the course can't be written to (a shared, read-only installation). It holds the
best result of each exercise and nothing else: no names, no times, no code.

A file that can't be read is never thrown away: it is renamed to `progress.json.bad`
(`.bad2`, `.bad3` … if there is one already), and the reader is told so.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

VERSION = 1
STATE_VARIABLE = "AUTOGRADER_STATE"  # names another folder: tests and graders keep out of the learner's


class Score(NamedTuple):
    """The best result of one exercise, in points."""

    points: float
    max_points: float

    @property
    def full(self) -> bool:
        """Whether every point was earned."""
        return self.points >= self.max_points


class Progress(NamedTuple):
    """What the file says.

    `scores` maps the name of an exercise to its best result; `note` is a sentence for the
    learner if the file could not be read, else empty.
    """

    scores: dict[str, Score]
    note: str = ""


def state_folder() -> Path:
    """The folder for the learner's state; it need not exist yet."""
    if named := os.environ.get(STATE_VARIABLE):
        return Path(named)
    course = Path(__file__).resolve().parent.parent
    if (course / "course").is_dir() and os.access(course, os.W_OK):
        return course / ".autograder"
    return Path.home() / ".autograder"


def load(folder: Path | None = None) -> Progress:
    """Read the learner's progress.

    Args:
        folder: where `progress.json` lies; by default `state_folder()`.

    Returns:
        The scores; none, and perhaps a note, if there is no readable file. Never raises for what the file
        contains: a lesson must open whatever lies there.
    """
    path = (folder or state_folder()) / "progress.json"
    try:
        return Progress(_parse(path.read_bytes()))
    except FileNotFoundError:
        return Progress({})
    except OSError as error:
        return Progress({}, f"Your progress could not be read ({error.strerror}). {path.name} is untouched.")
    except ValueError as error:
        return Progress({}, _set_aside(path, str(error)))


def record(exercise: str, points: float, max_points: float, *, folder: Path | None = None) -> bool:
    """Remember the result of one exercise, if it is the best so far.

    A later, worse try takes nothing away. If the exercise is worth another number of points than before, it
    has changed, and the new result replaces the old one. The file is replaced in one step, so that a reader
    sees the old one or the new one and never a half.

    Args:
        exercise: the exercise's name, "serve_echo".
        points: what was earned.
        max_points: what could be earned.
        folder: where `progress.json` lies; by default `state_folder()`.

    Returns:
        True if the file now holds a result at least this good; False if it could not be written. An unwritable
        file raises nothing: a check must not fail because of it.
    """
    folder = folder or state_folder()
    before = load(folder)
    if before.note and (folder / "progress.json").exists():
        return False  # neither readable nor movable: writing would lose what it holds
    scores = dict(before.scores)
    known = scores.get(exercise)
    if known is not None and known.max_points == max_points and known.points >= points:
        return True
    scores[exercise] = Score(float(points), float(max_points))
    plain = {
        "version": VERSION,
        "exercises": {name: score._asdict() for name, score in sorted(scores.items())},
    }
    try:
        _replace(folder / "progress.json", json.dumps(plain, indent=1) + "\n")
    except OSError:
        return False
    return True


def _parse(data: bytes) -> dict[str, Score]:
    """The scores in the file's bytes; ValueError, in words, for anything else than `record` writes."""
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    known = isinstance(plain, dict) and plain.get("version") == VERSION
    exercises = plain.get("exercises") if known else None
    if not isinstance(exercises, dict):
        raise ValueError(f"it is not a progress file of version {VERSION}")
    scores = {}
    for name, entry in exercises.items():
        if not isinstance(entry, dict):
            raise ValueError(f"the entry of {name!r} is not an object")
        score = Score(_number(entry.get("points"), name), _number(entry.get("max_points"), name))
        if not 0 <= score.points <= score.max_points:
            raise ValueError(f"the points of {name!r} are not between 0 and its maximum")
        scores[name] = score
    return scores


def _number(value: object, name: str) -> float:
    # a comparison with NaN, which Python's JSON reader lets through, is false
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9:
        return float(value)
    raise ValueError(f"the points of {name!r} are not usable numbers")


def _set_aside(path: Path, reason: str) -> str:
    """Rename a file that can't be understood; the sentence that tells the learner."""
    bad, number = path.with_name(f"{path.name}.bad"), 1
    while bad.exists():
        number += 1
        bad = path.with_name(f"{path.name}.bad{number}")
    try:
        path.rename(bad)
    except OSError:
        return f"Your progress could not be understood ({reason}). {path.name} is untouched."
    return (
        f"Your progress in {path.name} could not be understood ({reason}). "
        f"It is kept as {bad.name}, and counting starts again."
    )


def _replace(path: Path, text: str) -> None:
    """Write a file in one step: a temporary neighbour, then a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
