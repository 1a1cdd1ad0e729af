"""pyproject.toml and environment.yml name the same packages, and the code imports no others."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[1]

# conda-forge's names where they differ from PyPI's.
CONDA_NAMES = {"msgpack-python": "msgpack"}
# What every JupyterLab and nbgrader bring along: kernels and their messages (zmq), notebooks, the templates of pages
# (jinja2 and its markupsafe), nbgrader's gradebook (sqlalchemy).
JUPYTER = {
    "IPython",
    "jinja2",
    "jupyter_client",
    "jupyter_core",
    "jupyter_server",
    "markupsafe",
    "nbclient",
    "nbconvert",
    "nbformat",
    "sqlalchemy",
    "traitlets",
    "zmq",
}
# Who grades on a cluster installs this. The module that imports it is imported by a function, which says it is missing.
ON_A_CLUSTER = {"distributed"}
CLUSTER = ROOT / "autograder" / "classroom" / "cluster.py"
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)\s*(.*)")


def split(requirement: str) -> tuple[str, str]:
    """("pytest", ">=8.3,<10") from "pytest>=8.3,<10"."""
    match = REQUIREMENT.fullmatch(requirement)
    assert match, f"not a requirement: {requirement!r}"
    return match[1].lower(), match[2]


def pyproject() -> dict[str, dict[str, str]]:
    """Name and bounds of every requirement, for the learner and for development."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "learner": dict(map(split, project["dependencies"])),
        "dev": dict(map(split, project["optional-dependencies"]["dev"])),
        "python": {"python": project["requires-python"]},
    }


def test_conda_and_pip_get_the_same_packages() -> None:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = dict(split(entry) for entry in entries if isinstance(entry, str))
    (pip,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    assert "--editable ." in pip, "the package of this repository has to be installed too"
    assert conda.pop("pip") == "", "conda wants pip named when it has a pip section"

    named = {CONDA_NAMES.get(name, name): bounds for name, bounds in conda.items()}
    named |= dict(split(entry) for entry in pip if entry != "--editable .")
    ours = pyproject()
    assert named == {**ours["python"], **ours["learner"], **ours["dev"]}


def test_every_bound_has_both_ends() -> None:
    ours = pyproject()
    for name, bounds in {**ours["learner"], **ours["dev"]}.items():
        assert re.fullmatch(r">=[\d.]+,<[\d.]+", bounds), f"{name}{bounds} must look like >=4.4,<5"


def imported(source: str) -> set[str]:
    """The top-level names of the modules that a piece of Python imports by absolute name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


def cells(notebook: Path) -> str:
    """All code of a notebook, without the lines that only IPython understands."""
    code = [cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
    code = [source for source in code if not source.startswith("%%")]
    lines = "\n".join(code).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))


def undeclared(sources: dict[Path, str], declared: set[str]) -> list[str]:
    """Imports of packages that are neither declared, nor ours, nor Python's own; as "file imports name"."""
    ours = {"autograder", "tests"} | {path.stem for path in (ROOT / "course").iterdir()}
    # _typeshed is there for type checkers only.
    known = declared | JUPYTER | sys.stdlib_module_names | ours | {"_typeshed"}
    owners = metadata.packages_distributions()
    found = []
    for path, source in sources.items():
        for name in sorted(imported(source) - known):
            if not any(owner.lower() in declared for owner in owners.get(name, [])):
                found.append(f"{path.relative_to(ROOT)} imports {name}")
    return found


def python_files(folder: str) -> dict[Path, str]:
    """The text of every Python file in a folder of the repository."""
    return {path: path.read_text(encoding="utf-8") for path in (ROOT / folder).rglob("*.py")}


def notebooks(folder: str) -> dict[Path, str]:
    """The code of every notebook in a folder of the repository."""
    paths = (path for path in (ROOT / folder).rglob("*.ipynb") if path.parent.name != ".ipynb_checkpoints")
    return {path: cells(path) for path in paths}


def test_what_a_learner_runs_needs_the_learner_s_packages_only() -> None:
    sources = python_files("autograder") | python_files("course")
    sources |= notebooks("course") | notebooks("solutions")
    # Recording the captures again is work on the course, not a learner's.
    sources = {path: text for path, text in sources.items() if path != ROOT / "course/captures/record.py"}
    cluster = {CLUSTER: sources.pop(CLUSTER)}
    assert undeclared(sources, set(pyproject()["learner"])) == []
    assert undeclared(cluster, set(pyproject()["learner"]) | ON_A_CLUSTER) == []


def test_without_a_cluster_nothing_of_one_is_needed() -> None:
    code = "import sys\nfrom autograder.classroom import command, grade\nprint(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    loaded = set(ended.stdout.split())
    assert "autograder.classroom.grade" in loaded
    assert not loaded & {"distributed", "dask", "autograder.classroom.cluster"}


def test_reading_a_notebook_makes_no_parser_of_international_urls() -> None:
    """It takes two seconds, and every program of Jupyter's reads notebooks."""
    code = "import sys\nimport nbformat\nnbformat.validate(nbformat.v4.new_notebook())\nprint(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    loaded = set(ended.stdout.split())
    assert "jsonschema" in loaded or "fastjsonschema" in loaded
    assert not loaded & {"rfc3987_syntax", "lark"}


def test_work_on_the_course_needs_declared_packages_only() -> None:
    ours = pyproject()
    sources = python_files("tests") | python_files("course")
    sources = {path: text for path, text in sources.items() if "answers" not in path.parts}
    assert undeclared(sources, set(ours["learner"]) | set(ours["dev"])) == []
