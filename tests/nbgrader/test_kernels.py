"""`check` knows whether nbgrader runs the kernel, also when nbgrader's variables were left in the environment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from autograder import progress
from tests.judge.kernels import Kernel
from tests.nbgrader.classroom import Classroom

WRONG = "from autograder import check\ndef layer_of(name): return 1\ncheck(layer_of)"
VALIDATING = {"NBGRADER_VALIDATING": "1", "NBGRADER_EXECUTION": "validate"}


@pytest.fixture
def course(tmp_path: Path) -> Iterator[Classroom]:
    """An empty course: for its environment."""
    course = Classroom.make(tmp_path)
    yield course
    course.remove()


@contextmanager
def kernel(course: Classroom, variables: dict[str, str], options: list[str]) -> Iterator[Kernel]:
    """A kernel with these variables in its environment."""
    manager = KernelManager(kernel_name="python3", transport="ipc", ip=str(course.sockets / "kernel"))
    # The path makes `import autograder` mean the one under test.
    paths = {"PYTHONPATH": str(Path(progress.__file__).parents[1])}
    manager.start_kernel(env=course.environment | paths | variables, extra_arguments=options)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_session_of_jupyterlab_is_not_being_validated(course: Classroom) -> None:
    with kernel(course, VALIDATING | {"JPY_SESSION_NAME": "03-tcp-sockets.ipynb"}, []) as session:
        outputs = session.run(WRONG)
    assert "layer_of" in outputs.text
    assert not outputs.error
    assert progress.load(course.progress).scores.keys() == {"layer_of"}


def test_nbgrader_is_believed_also_when_it_was_started_from_a_notebook(course: Classroom) -> None:
    variables = VALIDATING | {"JPY_SESSION_NAME": "grading.ipynb"}
    with kernel(course, variables, ["--HistoryManager.hist_file=:memory:"]) as validate:
        outputs = validate.run(WRONG)
    assert "layer_of" in outputs.error
    assert not course.progress.exists()
