"""The map of the course: all lessons, the right links, the reader's own progress."""

from __future__ import annotations

import importlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder import progress
from autograder.judge import catalogue
from autograder.progress import Progress, Score
from explorers.course_map import COURSE, PARTS, CourseMap, Lesson, course_map, exercises_of

LESSONS = [lesson for lessons in PARTS.values() for lesson in lessons]


def lesson_named(name: str) -> Lesson:
    return next(lesson for lesson in LESSONS if lesson.name == name)


def test_eighteen_lessons_in_five_parts_in_order() -> None:
    assert len(PARTS) == 5
    assert [lesson.name[:3] for lesson in LESSONS] == [f"{number:02}-" for number in range(18)]


def test_the_readme_has_the_same_map() -> None:
    readme = (COURSE.parent / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d\d) \| (?:\[(.+?)\]\(.+?\)|(.+?)) \| (.+?) \|", readme, re.MULTILINE)
    told = [(number, linked or plain, teaches) for number, linked, plain, teaches in rows]
    assert told == [(lesson.name[:2], lesson.title, lesson.teaches) for lesson in LESSONS]


def test_every_notebook_and_every_exercise_is_on_the_map() -> None:
    assert {path.stem for path in COURSE.glob("[0-9]*.ipynb")} <= {lesson.name for lesson in LESSONS}
    shown = {name: lesson.name for lesson in LESSONS for name in exercises_of(lesson)}
    assert sorted(shown) == sorted(catalogue.names())
    for name, lesson in shown.items():
        folder = catalogue.path_of(name).parent.name
        assert importlib.import_module(f"autograder.checks.{folder}").ASSIGNMENT == lesson


def test_squares_show_all_some_and_none() -> None:
    lesson = lesson_named("03-tcp-sockets")
    assert CourseMap(Progress({})).squares(lesson) == "□□□□□ 0 of 5"
    scores = {
        "describe": Score(4, 4),
        "fetch": Score(0, 8),
        "fetch_within": Score(2, 6),
        "of_old": Score(1, 1),
    }
    assert CourseMap(Progress(scores)).squares(lesson) == "■□◧□□ 1 of 5"
    assert CourseMap(Progress({})).squares(lesson_named("17-capstone")) == ""


def test_text_and_html_tell_what_is_written_and_what_is_not(tmp_path: Path) -> None:
    course = tmp_path / "course"
    (tmp_path / "exercises" / "03-tcp-sockets").mkdir(parents=True)
    course.mkdir()
    for name in ("00-start-here", "01-osi-model", "03-tcp-sockets"):
        (course / f"{name}.ipynb").touch()
    (tmp_path / "exercises" / "03-tcp-sockets" / "03-tcp-sockets.ipynb").touch()
    shown = CourseMap(Progress({"serve_echo": Score(8, 8)}, note="A <note>."), course)
    assert "  03 TCP sockets                         □□□□■ 1 of 5\n" in repr(shown)
    assert "  04 Framing                             not written yet\n" in repr(shown)
    page = shown._repr_html_()
    assert re.findall(r'href="(.+?)"', page) == [
        "00-start-here.ipynb",
        "01-osi-model.ipynb",
        "03-tcp-sockets.ipynb",
        "../exercises/03-tcp-sockets/03-tcp-sockets.ipynb",
    ]
    assert page.count("not written yet") == 15
    assert "A &lt;note&gt;." in page and "A <note>." in repr(shown)
    assert balanced(page)


def test_the_learners_own_progress_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(progress.STATE_VARIABLE, str(tmp_path))
    assert "■" not in repr(course_map())
    progress.record("serve_echo", 8, 8)
    assert "■" in repr(course_map())
    (tmp_path / "progress.json").write_text("broken")
    assert "progress.json.bad" in repr(course_map()) and "■" not in repr(course_map())


def balanced(page: str) -> bool:
    """Whether every tag that opens is closed again, in order."""
    opened: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Reader().feed(page)
    return not opened
