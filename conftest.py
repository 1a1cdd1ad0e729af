"""What every test run shares: an activated environment, and what must stay together when tests run side by side."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# nbgrader starts programs of its environment by their bare names, also when nobody activated it.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

# A run of the lessons or of a check is not the learner's progress.
_state = tempfile.TemporaryDirectory()
os.environ["AUTOGRADER_STATE"] = _state.name

# A generated example is the same in every run, and a busy machine is no failure.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes in one piece, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: item.path.name not in ("test_attacks.py", "test_bank.py"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Spread single tests over the processes (`-n 4`), but keep together what is prepared once.

    That is a notebook's kernel, the browser's JupyterLab, and the courses that nbgrader's and the classroom's tests
    grade. xdist's own
    groups, `--dist loadgroup`, lost their effect with pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class InOnePiece(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.split("::")[0]
            if path.endswith(".ipynb"):
                return path
            folder = path.rpartition("/")[0]
            if folder.startswith("tests/classroom"):
                return path
            return folder if folder in ("tests/browser", "tests/nbgrader") else nodeid

    return InOnePiece(config, log)
