"""A course of its own in a scratch folder, and the real nbgrader commands run in it.

Nothing of the checkout changes: solutions/ and nbgrader_config.py are copied, the gradebook and the learners'
progress are new, and so is the home folder.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode
from traitlets.config.loader import PyFileConfigLoader

ROOT = Path(__file__).resolve().parents[2]
MARKED = re.compile(r"^ *### (BEGIN|END) SOLUTION\n?", re.MULTILINE)

# Validate's kernels, started while other programs open sockets, may find their TCP ports taken, so here they talk over
# files. The path is absolute, for kernel and client run in different folders, and short, for the system allows 107
# characters; the process id keeps two commands apart. Autograding's kernels in their sandbox always talk over files.
CONFIG = """
import os
c.KernelManager.transport = "ipc"
c.KernelManager.ip = os.path.join({folder!r}, str(os.getpid()))
"""


class Command:
    """A program that runs beside the tests; `result` waits for its end."""

    def __init__(self, arguments: list[str], folder: Path, environment: dict[str, str], log: Path) -> None:
        self.arguments, self.log = arguments, log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """What it has written so far, both streams together."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def result(self, seconds: float = 200) -> str:
        """Wait for its end, which must be a good one, and return its output."""
        code = self.process.wait(seconds)
        assert code == 0, f"{' '.join(self.arguments)} ended with {code}:\n{self.output}"
        return self.output

    def end(self) -> None:
        """End it with everything that it started."""
        for number, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
            if self.process.poll() is None:
                os.killpg(self.process.pid, number)
                try:
                    self.process.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue


class Score(NamedTuple):
    """What the gradebook holds for one cell."""

    points: float | None
    max_points: float


@dataclass
class Classroom:
    """One course, with a folder of its own for what the programs leave behind."""

    folder: Path
    sockets: Path

    @classmethod
    def make(cls, folder: Path, *assignments: str) -> Classroom:
        """A course with these assignments of solutions/."""
        made = cls(folder, Path(tempfile.mkdtemp(prefix="ipc")))
        made.home.mkdir(parents=True)
        made.root.mkdir()
        for name in assignments:
            shutil.copytree(ROOT / "solutions" / name, made.root / "solutions" / name)
        config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
        config += CONFIG.format(folder=str(made.sockets))
        (made.root / "nbgrader_config.py").write_text(config, encoding="utf-8")
        return made

    @property
    def root(self) -> Path:
        """The course itself."""
        return self.folder / "course"

    @property
    def home(self) -> Path:
        """The home folder of all programs."""
        return self.folder / "home"

    @property
    def progress(self) -> Path:
        """Where `check` would note a learner's progress."""
        return self.folder / "progress"

    @property
    def runtime(self) -> Path:
        """Where Jupyter servers say that they run."""
        return self.folder / "runtime"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of all programs: no settings of the user's, and another folder for progress."""
        mine = ("JUPYTER", "XDG_", "NBGRADER", "IPYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
        return kept | {
            "HOME": str(self.home),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "AUTOGRADER_STATE": str(self.progress),
            "PYTHONUNBUFFERED": "1",
        }

    def start(self, *arguments: str, folder: Path | None = None) -> Command:
        """Start ``python -m`` with these arguments in the course."""
        number = len(list(self.folder.glob("*.log")))
        return Command(list(arguments), folder or self.root, self.environment, self.folder / f"{number}.log")

    def remove(self) -> None:
        """Remove what lies outside the test's own folder."""
        shutil.rmtree(self.sockets, ignore_errors=True)

    def generate_assignment(self, assignment: str) -> None:
        """Make the release, and put the assignment into the gradebook."""
        # Imported here, for it takes seconds, and every process of a parallel run reads this file.
        from nbgrader.apps.api import NbGraderAPI
        from nbgrader.coursedir import CourseDirectory

        config = PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config()
        answer = NbGraderAPI(CourseDirectory(config=config), config=config).generate_assignment(assignment)
        assert answer["success"], answer

    def hand_in(self, learner: str, assignment: str, answers: dict[str, str]) -> Path:
        """Put the release, filled in, where an instructor puts what a learner handed in."""
        path = self.root / "submitted" / learner / assignment / f"{assignment}.ipynb"
        return self.write(path, assignment, answers)

    def write(self, path: Path, assignment: str, answers: dict[str, str]) -> Path:
        """Write the release with some solution cells replaced; `answers` goes by the names of these cells."""
        notebook = read(self.root / "exercises" / assignment / f"{assignment}.ipynb")
        for name, source in answers.items():
            cells(notebook)[name].source = source
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return path

    def solutions(self, assignment: str) -> dict[str, str]:
        """The course's own answers, as a learner would have typed them."""
        notebook = read(self.root / "solutions" / assignment / f"{assignment}.ipynb")
        found = cells(notebook).items()
        return {name: MARKED.sub("", cell.source) for name, cell in found if cell.metadata.nbgrader["solution"]}

    def scores(self, learner: str, assignment: str) -> dict[str, Score]:
        """What the gradebook says, by exercise."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}", "learn-network-programming") as gradebook:
            (notebook,) = gradebook.find_submission(assignment, learner).notebooks
            assert not notebook.needs_manual_grade
            return {exercise_of(item.name): Score(item.auto_score, item.max_score) for item in notebook.grades}

    def autograded(self, learner: str, assignment: str) -> NotebookNode:
        """The notebook as autograding left it."""
        return read(self.root / "autograded" / learner / assignment / f"{assignment}.ipynb")

    def feedback(self, learner: str, assignment: str) -> dict[str, str]:
        """The reports on the page that the learner gets back: words without tags, by exercise."""
        path = self.root / "feedback" / learner / assignment / f"{assignment}.html"
        return reports(path.read_text(encoding="utf-8"))


def read(path: Path) -> NotebookNode:
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that nbgrader knows, by their names."""
    return {cell.metadata.nbgrader["grade_id"]: cell for cell in notebook.cells if "nbgrader" in cell.metadata}


def check_cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The check cells by the exercise that they check."""
    found = cells(notebook).items()
    return {exercise_of(name): cell for name, cell in found if cell.metadata.nbgrader["grade"]}


def exercise_of(check_cell: str) -> str:
    """The exercise that a check cell checks: check-serve-echo -> serve_echo."""
    return check_cell.removeprefix("check-").replace("-", "_")


def reports(page: str) -> dict[str, str]:
    """The words of all reports in an HTML text, by exercise."""
    found = re.findall(r'<section[^>]* aria-label="Check of (\w+)"[^>]*>(.*?)</section>', page, re.DOTALL)
    return {exercise: words(text) for exercise, text in found}


def words(text: str) -> str:
    """What is left of HTML, or of a report in lines, when it is read aloud."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def outcomes(cell: NotebookNode) -> dict[str, str]:
    """The outcome of every requirement, by name, as the report in a check cell's output shows it."""
    (page,) = (output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {}))
    found = re.findall(r'<li class="ag-([\w-]+)" data-requirement="(\w+)">', page)
    return {name: outcome for outcome, name in found}
