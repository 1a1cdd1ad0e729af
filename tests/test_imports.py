"""Imports run one way, and the process that decides a point opens nothing that learner code wrote."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "autograder"

# What each part may import of ours; the plain files of the package itself (cli, notebook, …) may import all parts.
ALLOWED = {
    "wire": set[str](),
    "loopback": {"wire"},
    "report": {"wire"},
    "judge": {"report", "loopback", "wire", "checks"},
    "checks": {"judge", "loopback", "wire"},
    "classroom": {"judge", "report", "loopback", "cli"},  # its command is one of cli's
}
PARTS = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}


def files(part: str = "") -> list[Path]:
    return sorted((PACKAGE / part).rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Every module, and every name from one, that a file imports anywhere: line and dotted name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}, line {node.lineno}: a relative import"
            yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)


def ours(path: Path) -> Iterator[tuple[int, str]]:
    """The parts of this package that a file imports: line and name of the part, or of the plain file."""
    for line, name in imported(path):
        top, _, rest = name.partition(".")
        if top == "autograder":
            yield line, rest.partition(".")[0]


def test_the_parts_are_the_ones_known_here() -> None:
    assert set(ALLOWED) == PARTS


@pytest.mark.parametrize("part", ALLOWED)
def test_a_part_imports_only_what_lies_below_it(part: str) -> None:
    assert files(part)
    for path in files(part):
        wrong = [(line, name) for line, name in ours(path) if name not in ALLOWED[part] | {part, ""}]
        assert not wrong, f"{path.relative_to(PACKAGE)} imports {wrong}"


def test_only_the_commands_import_the_classroom() -> None:
    importing = {
        (path.name, name)
        for path in files()
        if "classroom" not in path.relative_to(PACKAGE).parts
        for _, name in imported(path)
        if name.startswith("autograder.classroom")
    }
    assert importing == {("cli.py", "autograder.classroom.command"), ("doctor.py", "autograder.classroom.sandbox")}
    # A check in a terminal does not pay for nbgrader.
    assert not loaded_by("import autograder.cli") & {"autograder.classroom.command", "nbgrader", "nbconvert"}


SERVICES = {"asgi.py", "rest_api.py", "soap_service.py", "soap_client.py"}
"""Of loopback: real services on real libraries, imported only by who asks for one."""


@pytest.mark.parametrize("part", ["wire", "loopback"])
def test_wire_and_loopback_need_the_standard_library_only(part: str) -> None:
    for path in files(part):
        if path.parent.name == "loopback" and path.name in SERVICES:
            continue
        for line, name in imported(path):
            top = name.partition(".")[0]
            known = top in {"autograder", "_typeshed"} or top in sys.stdlib_module_names
            assert known, f"{path}, line {line}: {name}"


def loaded_by(statement: str) -> set[str]:
    """The modules that are there after a statement in a fresh Python."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return set(ended.stdout.split())


@pytest.mark.parametrize("part", ["wire", "loopback"])
def test_a_lesson_does_not_pay_for_the_judge(part: str) -> None:
    modules = loaded_by(f"import autograder.{part}")
    assert f"autograder.{part}" in modules
    assert not [name for name in modules if name.startswith(("autograder.judge", "autograder.notebook"))]
    assert not modules & {"pytest", "cloudpickle", "msgpack", "multiprocessing", "fastapi", "uvicorn", "lxml"}


def test_a_notebook_does_not_pay_for_what_only_the_judge_needs() -> None:
    modules = loaded_by("from autograder import check")
    assert "autograder.notebook" in modules
    heavy = {"autograder.judge.plugin", "autograder.judge.server", "autograder.judge.learner_process", "scapy"}
    assert not modules & heavy


# The line that is never crossed.

OPENS = {"loads", "load", "Unpickler"}
PICKLES = {"pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"}
ONE_THAT_MAY = PACKAGE / "judge" / "learner_process.py"


def openings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where Python objects are made of bytes, or text is run: line and what it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in PICKLES:
            yield from ((node.lineno, name.name) for name in node.names if name.name in OPENS)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in PICKLES and node.attr in OPENS:
                yield node.lineno, f"{node.value.id}.{node.attr}"
            if node.value.id in ("multiprocessing", "context") and node.attr in ("Queue", "SimpleQueue", "Manager"):
                yield node.lineno, f"{node.value.id}.{node.attr}, which pickles"
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id="eval" | "exec" as name):
                    yield node.lineno, name
                case ast.Attribute(attr="recv") if not node.args:
                    yield node.lineno, "Connection.recv, which unpickles"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_learners_process_opens_what_a_learner_wrote(path: Path) -> None:
    found = list(openings(ast.parse(path.read_text(encoding="utf-8"))))
    if path == ONE_THAT_MAY:
        assert sorted(what for _, what in found) == ["cloudpickle.loads", "exec"]
    else:
        assert not found


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import pickle\npickle.loads(data)", "pickle.loads"),
        ("from cloudpickle import loads", "loads"),
        ("pickle.Unpickler(file)", "pickle.Unpickler"),
        ("connection.recv()", "Connection.recv, which unpickles"),
        ("context.Queue()", "context.Queue, which pickles"),
        ("eval(text)", "eval"),
    ],
)
def test_the_search_finds_what_it_looks_for(code: str, what: str) -> None:
    assert [found for _, found in openings(ast.parse(code))] == [what]


def test_the_learners_process_is_run_in_a_process_of_its_own_only() -> None:
    """Its module is imported by the judge for the names of `main` and `prepare`, which new processes call."""
    for path in files("judge"):
        if path == ONE_THAT_MAY:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.value.id == "learner_process":
                    assert path.name in ("starting.py", "zygote.py") and node.attr in ("main", "prepare")
            if isinstance(node, ast.ImportFrom):
                assert node.module != "autograder.judge.learner_process", path
