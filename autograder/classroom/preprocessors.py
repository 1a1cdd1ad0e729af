"""The steps that nbgrader_config.py puts in place of two of nbgrader's own in `nbgrader autograde`.

``JudgedExecute`` runs the notebook in the sandbox and has the judge decide; ``SaveVerdicts`` writes what was decided
into the gradebook, whatever the notebook's outputs say, and beside the notebook what reports are made of. Cells that
are not checks of ours go on as with nbgrader: a person decides, or nbgrader's rule, which reads the cell's outputs.
"""

from __future__ import annotations

import atexit
import json
import threading
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute, SaveAutoGrades
from traitlets import Enum, Integer

from autograder.classroom import active_content, files, keys, restore, sandbox
from autograder.classroom.execution import GraderBroke
from autograder.classroom.gradebook import digest, source_folder, submitted_folder
from autograder.classroom.station import Station
from autograder.classroom.submission import Submission
from autograder.classroom.verdicts import CellVerdict, Event, Verdicts
from autograder.judge.client import JudgeBroke

Done = tuple[NotebookNode, Verdicts]

DONE: dict[tuple[str, str, str], Done] = {}
"""Notebooks that were run elsewhere, by student, assignment and notebook: `JudgedExecute` takes them as they are."""


class JudgedExecute(Execute):
    """Runs the notebook in the sandbox; its check cells are decided by the judge."""

    sandbox = Enum(
        ["bubblewrap", "none"],
        "bubblewrap",
        help="What learner code is locked up in. 'none' runs it with the rights of the grader.",
    ).tag(config=True)

    timeout = Integer(30, allow_none=False, help="Longest time of one cell, in seconds.").tag(config=True)

    notebook_timeout = Integer(
        240,
        help="Longest time of all cells of a notebook together, in seconds, the judge's work apart.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Run it, unless that was done elsewhere."""
        known = resources["nbgrader"]
        student, assignment, notebook = known["student"], known["assignment"], known["notebook"]
        done = DONE.pop((student, assignment, notebook), None)
        if done is None:
            coursedir = self.parent.parent.coursedir
            files.forget_links(
                submitted_folder(coursedir, student, assignment),
                source_folder(coursedir, assignment),
                Path(resources["metadata"]["path"]),
            )
            done = self._run(self.submission(coursedir, student, assignment, notebook, nb))
        nb, verdicts = done
        resources["nbgrader"]["verdicts"] = verdicts
        active_content.remove(nb, {cell.grade_id for cell in verdicts.cells})
        return nb, resources

    def submission(
        self, course: CourseDirectory, student: str, assignment: str, notebook: str, nb: NotebookNode
    ) -> Submission:
        """A notebook, with all that it needs to be run and judged.

        Args:
            notebook: its name.
            nb: as the sanitizing steps left it; what these noted in it is taken out.

        Raises:
            OSError, ValueError: of what was handed in beside it.
        """
        handed_in = submitted_folder(course, student, assignment)
        events = restore.events_of(nb)
        return Submission(
            student=student,
            assignment=assignment,
            notebook=notebook,
            source=json.dumps(nb),
            digest=digest(handed_in),
            key=keys.grading_key(Path(course.root)),
            files=files.beside_the_notebook(handed_in, source_folder(course, assignment)),
            events=events + files.configuration(handed_in),
            cell_seconds=self.timeout,
            notebook_seconds=self.notebook_timeout,
        )

    def _run(self, submission: Submission) -> Done:
        try:
            chosen = sandbox.choose(self.sandbox)
            if not chosen.locked:
                self.log.warning(sandbox.NO_SANDBOX)
            with _working:
                return _station(chosen).run(submission)
        except (sandbox.SandboxUnavailable, GraderBroke, JudgeBroke) as error:
            self.log.error("%s", error)
            raise NbGraderException(str(error)) from error


class SaveVerdicts(SaveAutoGrades):
    """Saves the points: the judge's for check cells, and for the other cells what nbgrader makes of them."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Save the points of all cells, and the verdicts beside the notebook."""
        self._verdicts: Verdicts = resources["nbgrader"]["verdicts"]
        nb, resources = super().preprocess(nb, resources)
        self._verdicts.write(Path(resources["metadata"]["path"]))
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Save the points of one cell; those of a task are a person's."""
        if utils.is_task(cell):
            marks = cell.metadata["nbgrader"]
            self._verdicts.cells.append(CellVerdict(marks["grade_id"], "manual", float(marks["points"])))
        return super().preprocess_cell(cell, resources, cell_index)

    def _add_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        name = cell.metadata["nbgrader"]["grade_id"]
        verdict = self._verdicts.of(name)
        if verdict is None:
            verdict = self._by_nbgrader(cell)
            self._verdicts.cells.append(verdict)
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        grade.auto_score = verdict.points
        grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        self.gradebook.db.commit()

    def _by_nbgrader(self, cell: NotebookNode) -> CellVerdict:
        name, most = cell.metadata["nbgrader"]["grade_id"], float(cell.metadata["nbgrader"]["points"])
        try:
            points, _ = utils.determine_grade(cell, self.log)
        except (KeyError, ValueError) as error:
            # It claims more points than there are, or there is no text in it: nbgrader alone would give all up.
            self._verdicts.events.append(Event("tampering", name, f"The output of this cell is no score: {error}"))
            points = 0.0
        return CellVerdict(name, "manual" if points is None else "nbgrader", most, points)


_working = threading.Lock()
_stations: dict[bool, Station] = {}


def _station(chosen: sandbox.Sandbox) -> Station:
    """One station for all submissions that this process grades one after the other."""
    if chosen.locked not in _stations:
        _stations[chosen.locked] = Station(chosen)
        atexit.register(_stations[chosen.locked].close)
    return _stations[chosen.locked]
