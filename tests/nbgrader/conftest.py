"""One scratch course for each assignment, released, handed in and autograded once, by the real commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from autograder.classroom import sandbox
from tests.nbgrader.classroom import Classroom, Command
from tests.nbgrader.hand_ins import ASSIGNMENTS, misbehaving, partly, sources
from tests.nbgrader.server import Server

Graded = Callable[[str], Classroom]


@pytest.fixture(scope="session")
def classrooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Classroom]]:
    """A course for each assignment, with its release; by the assignment's name."""
    folder = tmp_path_factory.mktemp("nbgrader")
    made = {name: Classroom.make(folder / name, name) for name in ASSIGNMENTS}
    try:
        for name, course in made.items():
            course.generate_assignment(name)
        yield made
    finally:
        for course in made.values():
            course.remove()


@pytest.fixture(scope="session")
def autograding(classrooms: dict[str, Classroom]) -> Iterator[dict[str, Command]]:
    """Everything is handed in, and `nbgrader autograde` is at work; by the assignment's name."""
    reason = sandbox.why_not()
    if reason:
        pytest.skip(reason)
    for name, course in classrooms.items():
        solutions = course.solutions(name)
        course.hand_in("solution", name, solutions)
        course.hand_in("untouched", name, {})
        course.hand_in("partly", name, sources(partly(name)))
        course.hand_in("misbehaving", name, sources(misbehaving(name, solutions)))
    # Both at once: an assignment's time is mostly waiting.
    started = {name: course.start("nbgrader", "autograde", name) for name, course in classrooms.items()}
    try:
        yield started
    finally:
        for command in started.values():
            command.end()


@pytest.fixture(scope="session")
def server(classrooms: dict[str, Classroom], autograding: dict[str, Command]) -> Iterator[Server]:
    """A Jupyter server in the course of assignment 01, which is autograded."""
    with Server(classrooms["01-osi-model"]) as server:  # it starts while the commands are at work
        autograding["01-osi-model"].result()
        yield server


@pytest.fixture(scope="session")
def validating(classrooms: dict[str, Classroom], server: Server) -> Iterator[Command]:
    """`nbgrader validate` at work on two notebooks of assignment 01, solution.ipynb and partly.ipynb."""
    name = "01-osi-model"
    course = classrooms[name]
    folder = course.folder / "mine"
    course.write(folder / "solution.ipynb", name, course.solutions(name))
    course.write(folder / "partly.ipynb", name, sources(partly(name)))
    command = course.start("nbgrader", "validate", str(folder / "solution.ipynb"), str(folder / "partly.ipynb"))
    try:
        yield command
    finally:
        command.end()


@pytest.fixture(scope="session")
def graded(
    classrooms: dict[str, Classroom], autograding: dict[str, Command], server: Server, validating: Command
) -> Graded:
    """Gives the course of an assignment when it is autograded and has its feedback, by the command or by the button."""
    done: dict[str, Classroom] = {}

    def wait(name: str) -> Classroom:
        if name not in done:
            autograding[name].result()
            if name == "01-osi-model":
                answer = server.post(f"/formgrader/api/assignment/{name}/generate_feedback")
                assert answer["success"], answer
            else:
                classrooms[name].start("nbgrader", "generate_feedback", name).result()
            done[name] = classrooms[name]
        return done[name]

    return wait
