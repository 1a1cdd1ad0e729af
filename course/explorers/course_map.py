"""The map of the course: what each lesson teaches, what is written yet, and how far the reader has come.

    from explorers.course_map import course_map

    course_map()

Lessons and exercises are found in the folders of the course; the reader's marks come from
`autograder.progress`. One square stands for one exercise: ■ all points, ◧ some, □ none yet.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import autograder
from autograder import progress
from autograder.progress import Progress, Score

COURSE = Path(__file__).resolve().parent.parent
CHECKS = Path(autograder.__path__[0]) / "checks"
LEFT = "text-align: left"  # JupyterLab puts text in tables to the right
NO_BREAK = "\N{NO-BREAK SPACE}"
NOT_YET = "not written yet"


class Lesson(NamedTuple):
    """One lesson; `name` is that of its notebook and of its assignment, "03-tcp-sockets"."""

    name: str
    title: str
    teaches: str


PARTS: Mapping[str, tuple[Lesson, ...]] = {
    "Ground": (
        Lesson(
            "00-start-here",
            "Start here",
            "A conversation over a socket in two minutes; how the lessons and checks work; what this computer can do.",
        ),
        Lesson(
            "01-osi-model",
            "The networking onion",
            "Seven layers and what each promises the next; a captured frame taken apart byte by byte.",
        ),
        Lesson(
            "02-addresses",
            "Addresses, ports and names",
            "IPv4, IPv6 and CIDR; what a port is and what a socket is; how a name becomes an address.",
        ),
    ),
    "Streams": (
        Lesson(
            "03-tcp-sockets",
            "TCP sockets",
            "Every call from connect to close, what the kernel does in it, and the errors that happen.",
        ),
        Lesson(
            "04-framing",
            "Framing",
            "A stream has no messages: lengths, delimiters, limits, and text that is cut in two.",
        ),
        Lesson(
            "05-many-clients",
            "Many clients",
            "One at a time, threads, selectors and asyncio, measured with up to 2,000 clients.",
        ),
        Lesson(
            "06-inside-tcp",
            "Inside TCP",
            "Sequence numbers, retransmission, flow and congestion control, seen on a live socket.",
        ),
        Lesson(
            "07-tls",
            "TLS",
            "Encryption, integrity, identity; certificates that are good and certificates to refuse.",
        ),
    ),
    "Datagrams": (
        Lesson(
            "08-datagrams",
            "UDP datagrams",
            "One send, one datagram; loss, duplication and reordering on a link that you control.",
        ),
        Lesson(
            "09-reliable",
            "Reliable delivery",
            "Stop-and-wait, Go-Back-N and selective repeat over a link that loses things.",
        ),
        Lesson(
            "10-dns",
            "DNS from scratch",
            "The message format, byte by byte, and a walk from the root to an answer.",
        ),
    ),
    "The web": (
        Lesson(
            "11-http",
            "HTTP from bytes",
            "Requests, responses, bodies and their ends; a server that curl and a browser talk to.",
        ),
        Lesson(
            "12-rest",
            "REST",
            "Resources, methods that may be repeated, conditional updates, safe retries.",
        ),
        Lesson(
            "13-soap",
            "SOAP",
            "Envelopes, faults, namespaces, WSDL, and the same call as REST and XML-RPC.",
        ),
        Lesson(
            "14-websockets",
            "WebSockets",
            "The upgrade, frames bit by bit, and a server that a browser talks to.",
        ),
        Lesson(
            "15-choosing",
            "Choosing",
            "Polling, server-sent events, WebSocket, TCP and UDP compared by measurement.",
        ),
    ),
    "Beyond": (
        Lesson(
            "16-other-languages",
            "The same socket in other languages",
            "One protocol; clients in seven languages beside each other.",
        ),
        Lesson(
            "17-capstone",
            "Capstone",
            "A small chat service over everything above, worth showing.",
        ),
    ),
}


def exercises_of(lesson: Lesson) -> list[str]:
    """The names of a lesson's exercises, which are those of its check files."""
    line = f'ASSIGNMENT = "{lesson.name}"'
    folders = [path.parent for path in CHECKS.glob("*/__init__.py") if line in path.read_text(encoding="utf-8")]
    return sorted(path.stem.removeprefix("test_") for folder in folders for path in folder.glob("test_*.py"))


def square(score: Score | None) -> str:
    """■ all points, ◧ some, □ none yet."""
    if score is None or not score.points:
        return "□"
    return "■" if score.full else "◧"


class CourseMap:
    """The map as a table; in a notebook with links, elsewhere as text.

    Args:
        made: the reader's progress.
        course: the folder with the lessons.
    """

    def __init__(self, made: Progress, course: Path = COURSE) -> None:
        self._made = made
        self._course = course

    def squares(self, lesson: Lesson) -> str:
        """One square for each exercise of a lesson, and the count of those with all points: "■□□ 1 of 3"."""
        names = exercises_of(lesson)
        if not names:
            return ""
        scores = [self._made.scores.get(name) for name in names]
        signs = "".join("□" if not score or not score.points else "■" if score.full else "◧" for score in scores)
        return f"{signs} {signs.count('■')} of {len(names)}"

    def is_written(self, lesson: Lesson) -> bool:
        """Whether the lesson's notebook is there."""
        return (self._course / f"{lesson.name}.ipynb").exists()

    def __repr__(self) -> str:
        lines = []
        for part, lessons in PARTS.items():
            lines.append(part)
            for lesson in lessons:
                state = self.squares(lesson) if self.is_written(lesson) else NOT_YET
                lines.append(f"  {lesson.name[:2]} {lesson.title:36}{state}".rstrip())
        return "\n".join([*lines, *([self._made.note] if self._made.note else [])])

    def _repr_html_(self) -> str:
        rows = []
        for part, lessons in PARTS.items():
            rows.append(f'<tr><td></td><th colspan="3" style="{LEFT}">{html.escape(part)}</th></tr>')
            rows += [self._row(lesson) for lesson in lessons]
        note = f"<p><b>{html.escape(self._made.note)}</b></p>" if self._made.note else ""
        titles = ("", "lesson", "what it teaches", "your exercises")
        head = "<tr>" + "".join(f'<th style="{LEFT}">{title}</th>' for title in titles) + "</tr>"
        return f"{note}<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"

    def _row(self, lesson: Lesson) -> str:
        title, state = html.escape(lesson.title), NOT_YET
        if self.is_written(lesson):
            title = f'<a href="{lesson.name}.ipynb">{title}</a>'
            state = self.squares(lesson).replace(" ", NO_BREAK)
            exercises = Path("..", "exercises", lesson.name, f"{lesson.name}.ipynb")
            if state and (self._course / exercises).exists():
                state = f'<a href="{exercises.as_posix()}">{state}</a>'
        cells = (lesson.name[:2], title, html.escape(lesson.teaches), state)
        row = "".join(f'<td style="{LEFT}">{cell}</td>' for cell in cells)
        return f'<tr data-lesson="{lesson.name}">{row}</tr>'


def course_map() -> CourseMap:
    """The map with the progress that is recorded now; run the cell again to see more of it."""
    return CourseMap(progress.load())
