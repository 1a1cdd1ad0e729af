"""What one submission can leave for the next at the same station: nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator

import nbformat
import pytest

from autograder.classroom import sandbox
from autograder.classroom.station import Station
from autograder.classroom.submission import Submission
from tests import bank

pytestmark = pytest.mark.skipif(bool(sandbox.why_not()), reason=sandbox.why_not() or "bubblewrap works")

EXERCISE = "layer_of"

LEAVE = """
import contextlib, os, pathlib, socket, subprocess, time

def leave():
    for place in ("/tmp", "/dev/shm", os.path.expanduser("~"), "/", "/handed-in", "/var/tmp", "/run"):
        with contextlib.suppress(OSError):
            pathlib.Path(place, "left-behind").write_text("of the first")
            os.makedirs(f"{place}/left-deep/a/b", mode=0o700, exist_ok=True)
            os.chmod(f"{place}/left-deep", 0)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            held = socket.socket(socket.AF_UNIX)
            held.bind("\\0left-behind")
            held.listen()
            with contextlib.suppress(OSError):
                port = socket.create_server(("127.0.0.1", 47123))
            os.environ["LEFT"] = "behind"
            time.sleep(1000)
        os._exit(0)

leave()
"""

FIND = """
import os, pathlib, socket, sys

def found():
    things = []
    for folder, names, files in os.walk("/", onerror=lambda error: None):
        if folder.startswith(("/proc", "/usr", sys.prefix, sys.base_prefix)):
            names[:] = []
        things += [os.path.join(folder, name) for name in names + files if name.startswith("left-")]
    for address in ("\\0left-behind", ("127.0.0.1", 47123)):
        with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as client:
            if client.connect_ex(address) == 0:
                things.append(str(address))
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        if process.name not in ("1", str(os.getpid())):
            things.append((process / "cmdline").read_text())
    return things

"""


@pytest.fixture(scope="module")
def station() -> Iterator[Station]:
    station = Station(sandbox.choose("bubblewrap"))
    yield station
    station.close()


def submission(student: str, *cells: str) -> Submission:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    marks = {"grade": True, "locked": True, "solution": False, "points": 4, "grade_id": f"check-{EXERCISE}"}
    check = nbformat.v4.new_code_cell(f"check({EXERCISE})", metadata={"nbgrader": marks})
    notebook.cells.append(check)
    return Submission(student, "01-osi-model", "01-osi-model", json.dumps(notebook), "0" * 64, b"k" * 32)


def test_nothing_is_left_for_the_next_kernel(station: Station) -> None:
    station.run(submission("first", LEAVE))
    notebook, _ = station.run(submission("second", FIND + "found()"))
    (output,) = notebook.cells[0].outputs
    assert output.data["text/plain"] == "[]"


def test_nothing_is_left_for_the_next_learner_process(station: Station) -> None:
    solution = bank.solutions()[EXERCISE]
    once = "once = []\nright = layer_of\ndef layer_of(name):\n    if not once:\n        once.append(0)\n"
    leaving = f"{LEAVE.rsplit('leave()', 1)[0]}\n{solution}\n{once}        leave()\n    return right(name)"
    _, first = station.run(submission("first", leaving))
    looking = f"{FIND}\n{solution}\n{once}        assert found() == []\n    return right(name)"
    _, second = station.run(submission("second", looking))
    assert first.points == second.points == first.max_points, [cell.report for cell in second.cells]
