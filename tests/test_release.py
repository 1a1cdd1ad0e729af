"""exercises/ is what nbgrader makes of solutions/, and making it touches nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import release

ROOT = Path(__file__).resolve().parents[1]

SOLUTION = '''def answer() -> int:
    """Return the answer."""
    ### BEGIN SOLUTION
    return 42
    ### END SOLUTION
'''


def nbgrader_metadata(name: str, *, grade: bool, solution: bool) -> dict[str, object]:
    """What nbgrader keeps in a cell's metadata."""
    metadata: dict[str, object] = {"grade_id": name, "schema_version": 3, "cell_type": "code", "task": False}
    metadata |= {"grade": grade, "solution": solution, "locked": grade}
    if grade:
        metadata["points"] = 2
    return {"nbgrader": metadata}


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course of one assignment, in a folder with a space in its name."""
    root = tmp_path / "a course"
    folder = root / "solutions" / "01-sample"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# A sample", id="title"),
            new_code_cell(
                SOLUTION, id="answer", metadata=nbgrader_metadata("answer", grade=False, solution=True)
            ),
            new_code_cell(
                "check(answer)",
                id="check-answer",
                metadata=nbgrader_metadata("check-answer", grade=True, solution=False),
            ),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, folder / "01-sample.ipynb")
    return root


def generate(course: Path, target: Path) -> Path:
    target.mkdir()
    assert release.generate(course, target) == ["01-sample"]
    return target


def test_exercises_are_what_the_solutions_generate(tmp_path: Path) -> None:
    release.generate(ROOT, tmp_path)
    assert release.differences(tmp_path, ROOT / "exercises") == [], "run `make release` and commit exercises/"


def test_a_solution_becomes_a_stub(course: Path, tmp_path: Path) -> None:
    target = generate(course, tmp_path / "release")
    notebook = nbformat.read(target / "01-sample" / "01-sample.ipynb", as_version=4)
    assert [cell.id for cell in notebook.cells] == ["title", "answer", "check-answer"]
    stub = notebook.cells[1].source
    assert "42" not in stub
    assert "SOLUTION" not in stub
    # What is left is a whole function, with its docstring, that says by itself that it is not written.
    names: dict[str, object] = {}
    exec(stub, names)
    with pytest.raises(NotImplementedError, match="not written yet"):
        names["answer"]()  # type: ignore[operator]


def test_two_releases_are_equal(course: Path, tmp_path: Path) -> None:
    first = generate(course, tmp_path / "first")
    second = generate(course, tmp_path / "second")
    assert release.differences(first, second) == []


def test_nbgrader_s_own_command_makes_the_same(course: Path, tmp_path: Path) -> None:
    ours = generate(course, tmp_path / "release")
    assert not (course / "gradebook.db").exists(), "our release must not make a gradebook"
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "01-sample"]
    environment = {**os.environ, "HOME": str(tmp_path)}
    subprocess.run(command, cwd=course, env=environment, check=True, capture_output=True, timeout=120)
    assert release.differences(ours, course / "exercises") == []


def test_a_difference_is_named(course: Path, tmp_path: Path) -> None:
    fresh = generate(course, tmp_path / "release")
    edited = tmp_path / "edited"
    shutil.copytree(fresh, edited)
    (edited / "01-sample" / "01-sample.ipynb").write_text("{}")
    (edited / "02-gone").mkdir()
    (edited / "02-gone" / "02-gone.ipynb").write_text("{}")
    assert release.differences(fresh, edited) == [
        "02-gone/02-gone.ipynb has no source in solutions/",
        "01-sample/01-sample.ipynb differs from what solutions/ generates",
    ]
    shutil.rmtree(edited / "01-sample")
    assert "01-sample/01-sample.ipynb is missing" in release.differences(fresh, edited)


def test_a_notebook_that_is_none_is_named(course: Path, tmp_path: Path) -> None:
    (course / "solutions" / "01-sample" / "01-sample.ipynb").write_text("this is no notebook")
    target = tmp_path / "release"
    target.mkdir()
    with pytest.raises(release.ReleaseError, match="01-sample"):
        release.generate(course, target)
