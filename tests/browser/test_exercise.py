"""A learner solves an exercise in JupyterLab: a wrong answer, the right one, and Validate."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.jupyterlab import Lab

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
EXERCISE = "exercises/03-tcp-sockets/03-tcp-sockets.ipynb"
SOLUTION = "solutions/03-tcp-sockets/03-tcp-sockets.ipynb"
SERVE_ECHO = "serve-echo-solution"
CHECK = "check-serve-echo"

# One recv is taken for the whole conversation.
WRONG = '''\
def serve_echo(listener: socket.socket) -> None:
    """Echo every byte to every client until the listener is closed."""
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        with conn:
            data = conn.recv(4096)
            conn.sendall(data)
'''
RIGHT = '''\
def serve_echo(listener: socket.socket) -> None:
    """Echo every byte to every client until the listener is closed."""
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        with conn:
            try:
                while data := conn.recv(65536):
                    conn.sendall(data)
            except ConnectionError:
                pass
'''


@pytest.fixture
def exercise(lab: Lab, copy: Path) -> Lab:
    """The exercise notebook as a learner gets it, open and with its first cell run."""
    shutil.copy(ROOT / EXERCISE, copy / EXERCISE)
    lab.open(EXERCISE)
    lab.run("imports")
    return lab


def validate(lab: Lab, picture: str) -> str:
    """Click Validate, and return what its dialog says."""
    lab.save()
    lab.page.get_by_role("button", name="Validate", exact=True).click()
    # It runs the whole notebook first.
    dialog = lab.dialog()
    text = dialog.inner_text()
    lab.picture(picture)
    dialog.get_by_role("button").last.click()
    expect(dialog).to_be_hidden()
    return text


def test_a_stub_says_that_it_is_not_written(exercise: Lab) -> None:
    exercise.run(SERVE_ECHO)
    assert "not written yet" in exercise.run(CHECK)


def test_wrong_then_right_then_validate(exercise: Lab) -> None:
    exercise.write(SERVE_ECHO, WRONG)
    exercise.run(SERVE_ECHO)
    report = exercise.run(CHECK)
    exercise.portrait("check-serve-echo", SERVE_ECHO, (880, 800))
    assert "one recv is not the whole conversation" in report
    # Under load the kernel may reset what the answer closes; both are the truth.
    assert re.search("your side (closed|reset) the connection", report)
    assert "check(serve_echo)" in validate(exercise, "validate-wrong")

    exercise.write(SERVE_ECHO, RIGHT)
    exercise.run(SERVE_ECHO)
    report = exercise.run(CHECK)
    exercise.picture("check-serve-echo-right")
    assert "10 of 10 points" in report
    # The other exercises are still stubs, and Validate names those only.
    verdict = validate(exercise, "validate-right")
    assert "check(fetch)" in verdict
    assert "serve_echo" not in verdict


def test_validate_passes_a_solved_notebook(exercise: Lab, copy: Path) -> None:
    solved = nbformat.read(copy / SOLUTION, as_version=4)
    for cell in solved.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            exercise.write(cell.id, cell.source)
    assert "Success" in validate(exercise, "validate-all")
