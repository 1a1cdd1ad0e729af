"""course/execute.py: outputs that are the same on the next machine, and a refusal of those that are not."""

from __future__ import annotations

import sys
from pathlib import Path

import execute
import nbformat
import pytest


def notebook_with(folder: Path, *sources: str, tags: tuple[str, ...] = ()) -> Path:
    path = folder / "lesson.ipynb"
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{index}") for index, source in enumerate(sources)]
    for cell in cells:
        cell.metadata.update({"tags": list(tags), "execution": {"iopub.status.busy": "yesterday"}})
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"widgets": {}}), path)
    return path


def test_a_lesson_is_run_in_its_folder_and_written_with_clean_outputs(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("answer = 42\n", encoding="utf-8")
    widget = "import ipywidgets; ipywidgets.IntSlider(description='how many')"
    path = notebook_with(tmp_path, "from beside import answer\nanswer", "print('one'); print('two')", widget)
    assert execute.execute(path) == []
    lesson = nbformat.read(path, as_version=4)
    assert lesson.cells[0].outputs[0].data == {"text/plain": "42"}
    assert [output.text for output in lesson.cells[1].outputs] == ["one\ntwo\n"]
    assert set(lesson.cells[2].outputs[0].data) == {"text/plain"}
    assert [cell.id for cell in lesson.cells] == ["cell-0", "cell-1", "cell-2"]
    assert all(set(cell.metadata) == {"tags"} for cell in lesson.cells)
    assert set(lesson.metadata) == {"kernelspec", "language_info"}


@pytest.mark.parametrize(
    ("source", "trouble"),
    [
        ("import sys; print('careful', file=sys.stderr)", "cell cell-0 writes to standard error: careful"),
        ("print(object())", "an output of cell cell-0 has a memory address"),
        ("print('read', '/home/someone/notes.txt')", "an output of cell cell-0 names a path: /home/someone/notes.txt"),
        ("1 / 0", "a cell failed"),
    ],
)
def test_what_should_not_be_committed_leaves_the_file_as_it_was(tmp_path: Path, source: str, trouble: str) -> None:
    path = notebook_with(tmp_path, source)
    before = path.read_bytes()
    assert trouble in execute.execute(path)[0]
    assert path.read_bytes() == before


def test_paths_of_this_machine_are_shortened() -> None:
    inside = Path("autograder", "wire", "quoting.py")
    traceback = {"traceback": [f"File {execute.REPOSITORY / inside}:3"]}
    assert execute.without_paths(traceback) == {"traceback": [f"File {inside}:3"]}
    assert execute.without_paths(f"File {sys.prefix}/lib/x.py") == "File <python>/lib/x.py"
    assert execute.without_paths("File /tmp/ipykernel_123/456.py:1") == "File <cell>:1"


def test_without_a_notebook_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute.main([]) == 2
    assert capsys.readouterr().out.startswith("Usage: python course/execute.py NOTEBOOK")
