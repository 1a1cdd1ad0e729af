"""A submitted notebook's cells, as the gradebook knows them: the first step of `nbgrader autograde`.

A notebook is a JSON file, so a learner's may say anything about its cells. nbgrader 0.9.6 by itself gives the whole
submission up for much of it, and for an accident, too:

=======================================================  ====================================================
in the notebook                                          raises
=======================================================  ====================================================
a copy of a check or answer cell (copy, paste)           SchemaTooOldError in CheckCellMetadata
``nbgrader`` of a cell is no object                      AttributeError in DeduplicateIds
a known cell without ``grade_id``                        KeyError in DeduplicateIds
``points`` are missing, or no number                     KeyError, TypeError or ValueError in OverwriteCells
an answer cell with ``grade: true``                      MissingEntry in OverwriteCells
a check cell with ``grade: false``, ``solution: true``   RuntimeError in OverwriteCells, of its checksum
another ``schema_version``, more keys, ``locked: "no"``  ValidationError and others in CheckCellMetadata
a ``grade_id`` that the gradebook doesn't know           ValidationError in CheckCellMetadata
what the notebook format forbids: an odd id, odd tags    ValidationError in nbconvert
half of a surrogate pair in a text                       UnicodeEncodeError when the notebook is written
=======================================================  ====================================================

Other things pass and decide: a check cell that is tagged ``skip-execution`` has no output, and to nbgrader that is full
marks; one that is missing is not graded and keeps the points of an earlier submission. Here all of this becomes
what the gradebook says, before any other step reads it.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import Any, get_args
from uuid import uuid4

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, GradeCell, SolutionCell, SourceCell, TaskCell
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum

from autograder.classroom.verdicts import Event, Happening

KEY = "autograder_events"
"""Where the events wait in the notebook's metadata: nbgrader executes in a second pass, which sees only the file."""

_LOCKED = {"deletable": False, "editable": False}
_MINOR = 5  # of notebook format 4: cells have an id
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class RestoreCells(NbGraderPreprocessor):
    """Makes the cells of a submitted notebook what the gradebook says they are.

    It belongs first into ``Autograde.sanitize_preprocessors``. What nobody does by accident it notes in
    ``resources["nbgrader"]["events"]``, and in the notebook for the steps of the second pass, see `events_of`.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Restore the notebook in place."""
        known = resources["nbgrader"]
        with Gradebook(known["db_url"]) as gradebook:
            events = restore(nb, gradebook, known["notebook"], known["assignment"])
        known.setdefault("events", []).extend(events)
        nb.metadata[KEY] = [asdict(event) for event in events]
        return nb, resources


def restore(nb: NotebookNode, gradebook: Gradebook, notebook_id: str, assignment_id: str) -> list[Event]:
    """Make the cells of a submitted notebook, in place, what the gradebook says they are.

    Afterwards every cell with nbgrader metadata is one that the gradebook knows, is there once and has the gradebook's
    own metadata; every locked code cell that carries points is there; and every cell is of a form that the notebook
    format allows. Outputs are gone. Of several cells with one name the last stays what it was, among answers the last
    that was written in; the others are plain cells from now on.

    Returns:
        What nobody does by accident: a locked cell that was removed or edited. Text and points that agree with the
        checksum that nbgrader once wrote into the cell are those of an earlier release, so they are no such case.

    Raises:
        nbgrader.api.MissingEntry: the gradebook doesn't know the notebook.
    """
    nb.metadata.pop(KEY, None)  # a learner may have planted it
    _make_sound(nb)
    cells = _known_cells(gradebook, notebook_id, assignment_id)
    copies: dict[str, list[NotebookNode]] = {}
    for cell in nb.cells:
        copies.setdefault(_name(cell), []).append(cell)
    events = []
    kept = {}
    for name, truth in cells.items():
        if name in copies:
            kept[name] = truth.chosen(copies[name])
            changes = truth.changes(kept[name])
        else:
            changes = ["it had been removed"]
        if truth.locked and changes:
            sentence = f"The locked cell {name} had been changed by hand: {', '.join(changes)}."
            events.append(Event("tampering", name, sentence))

    for cell in nb.cells:
        if kept.get(_name(cell)) is not cell:
            cell.metadata.pop("nbgrader", None)
    for name, cell in kept.items():
        cells[name].put_into(cell)
    missing = [truth for name, truth in cells.items() if truth.is_check and name not in kept]
    nb.cells += [truth.new_cell() for truth in missing]
    _give_ids(nb.cells)
    return events


def events_of(nb: NotebookNode) -> list[Event]:
    """The events that `RestoreCells` noted in the notebook; they are removed from it."""
    noted = nb.metadata.pop(KEY, [])
    return [Event(**one) for one in noted if _is_event(one)] if isinstance(noted, list) else []


def _is_event(plain: Any) -> bool:
    """Is this what became of an `Event` in a notebook?"""
    if not isinstance(plain, dict) or plain.keys() != {field.name for field in fields(Event)}:
        return False
    return all(isinstance(value, str) for value in plain.values()) and plain["kind"] in get_args(Happening)


@dataclass(frozen=True)
class _KnownCell:
    """What the gradebook knows about one cell."""

    cell_type: str
    source: str
    locked: bool
    metadata: dict[str, Any]

    @property
    def is_check(self) -> bool:
        """Does the cell's outcome earn points, by itself?"""
        return bool(self.locked and self.metadata["grade"] and self.cell_type == "code")

    def chosen(self, copies: list[NotebookNode]) -> NotebookNode:
        """The one cell of several with this name that counts."""
        written = [cell for cell in copies if _settled(cell.source) != _settled(self.source)]
        return copies[-1] if self.locked or not written else written[-1]

    def changes(self, cell: NotebookNode) -> list[str]:
        """How a submitted cell differs from this one, in words; the space at line ends is no difference."""
        found = []
        submitted = cell.metadata.nbgrader
        changed = {key for key, value in self.metadata.items() if submitted.get(key) != value}
        if _as_released(cell):
            changed -= {"checksum", "points"}
        elif _settled(cell.source) != _settled(self.source):
            found.append("its source was edited")
            changed.discard("checksum")
        if cell.cell_type != self.cell_type:
            found.append(f"it was turned into a {cell.cell_type} cell")
        if "points" in changed:
            changed.remove("points")
            points = reprlib.repr(submitted.get("points"))
            found.append(f"its points were changed from {self.metadata['points']} to {points}")
        if changed:
            found.append(f"its metadata was edited ({', '.join(sorted(changed))})")
        return found

    def put_into(self, cell: NotebookNode) -> None:
        """Make a submitted cell this one; an answer keeps what the learner wrote."""
        _set_type(cell, self.cell_type)
        if self.locked:
            cell.source = self.source
            cell.metadata = nbformat.from_dict(_LOCKED)  # no tag of a learner's, either
        cell.metadata["nbgrader"] = nbformat.from_dict(self.metadata)

    def new_cell(self) -> NotebookNode:
        """This cell in the place of one that is missing."""
        cell = nbformat.from_dict({"cell_type": "raw", "id": "", "metadata": {}, "source": ""})
        self.put_into(cell)
        return cell


def _known_cells(gradebook: Gradebook, notebook_id: str, assignment_id: str) -> dict[str, _KnownCell]:
    """The gradebook's cells of a notebook by their names, and in the order of these."""
    number = gradebook.find_notebook(notebook_id, assignment_id).id

    def of(kind: Any) -> Iterable[Any]:
        return gradebook.db.query(kind).filter(kind.notebook_id == number)

    graded = {cell.name: cell.max_score for cell in of(GradeCell)}
    tasks = {cell.name: cell.max_score for cell in of(TaskCell)}
    solutions = {cell.name for cell in of(SolutionCell)}
    known = {}
    for cell in sorted(of(SourceCell), key=lambda cell: str(cell.name)):
        metadata = {
            "cell_type": cell.cell_type,
            "checksum": cell.checksum,
            "grade": cell.name in graded,
            "grade_id": cell.name,
            "locked": cell.locked,
            "schema_version": SCHEMA_VERSION,
            "solution": cell.name in solutions,
            "task": cell.name in tasks,
        }
        points = (graded | tasks).get(cell.name)
        if points is not None:
            metadata["points"] = int(points) if points == int(points) else points
        known[cell.name] = _KnownCell(cell.cell_type, cell.source, cell.locked, metadata)
    return known


def _name(cell: NotebookNode) -> str:
    """The nbgrader name of a cell, if it has one."""
    metadata = cell.metadata.get("nbgrader")
    name = metadata.get("grade_id") if isinstance(metadata, dict) else ""
    return name if isinstance(name, str) else ""


def _as_released(cell: NotebookNode) -> bool:
    """Does the cell agree with its own checksum, which covers its text and its points?

    A cell of an earlier release does, and so does one whose hidden tests were left out of the release.
    """
    checksum = cell.metadata.nbgrader.get("checksum")
    for source in (cell.source, _settled(cell.source)):
        with suppress(KeyError, OverflowError, TypeError, ValueError):  # of its points, which may be anything
            if compute_checksum(NotebookNode({**cell, "source": source})) == checksum:
                return True
    return False


def _settled(source: str) -> str:
    """A text without the space at line ends and at its own, which editors add and remove."""
    return "\n".join(line.rstrip() for line in source.splitlines()).rstrip()


def _make_sound(nb: NotebookNode) -> None:
    """Give a notebook, in place, a form that the notebook format allows, and no outputs."""
    cells = nb.cells if isinstance(nb.cells, list) else []
    plain = {"nbformat": 4, "nbformat_minor": _MINOR, "metadata": nb.metadata, "cells": list(map(_sound, cells))}
    # JSON may hold half of a surrogate pair, a file in UTF-8 may not.
    text = json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace")
    nb.clear()
    nb.update(nbformat.from_dict(json.loads(text)))
    _give_ids(nb.cells)
    if _is_valid(nb):
        return
    for cell in nb.cells:
        if not _is_valid(cell, f"{cell.cell_type}_cell"):
            cell.pop("attachments", None)
            cell.metadata = NotebookNode({key: cell.metadata[key] for key in ("nbgrader",) if key in cell.metadata})
    if not _is_valid(nb):
        nb.metadata = NotebookNode()


def _sound(cell: NotebookNode) -> NotebookNode:
    """What is usable of a cell."""
    source = cell.get("source")
    sound = NotebookNode(
        cell_type="raw",
        id=cell.get("id"),
        metadata=cell.metadata,
        source=source if isinstance(source, str) else "",
    )
    if "attachments" in cell:
        sound.attachments = cell.attachments
    if cell.get("cell_type") in ("code", "markdown"):
        _set_type(sound, cell.cell_type)
    return sound


def _set_type(cell: NotebookNode, cell_type: str) -> None:
    """Make a cell of this type; the outputs of a code cell are none."""
    cell.cell_type = cell_type
    for key in ("outputs", "execution_count"):
        cell.pop(key, None)
    if cell_type == "code":
        cell.pop("attachments", None)
        cell.update(outputs=[], execution_count=None)


def _give_ids(cells: list[NotebookNode]) -> None:
    """Give every cell an id of its own where it has none."""
    seen: set[str] = set()
    for cell in cells:
        if not isinstance(cell.id, str) or not _ID.fullmatch(cell.id) or cell.id in seen:
            cell.id = uuid4().hex[:8]
        seen.add(cell.id)


def _is_valid(node: NotebookNode, kind: str | None = None) -> bool:
    """Does the notebook format allow this notebook, or this cell of the given kind?"""
    try:
        nbformat.validate(node, ref=kind, version=4, version_minor=_MINOR)
    except nbformat.ValidationError:
        return False
    return True
