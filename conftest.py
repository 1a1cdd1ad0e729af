"""What every test run shares: an activated environment, and what must stay together when tests run side by side."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

# nbgrader starts programs of its environment by their bare names, also when nobody activated it.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Spread single tests over the processes (`-n 3`), but a notebook and the browser's tests in one piece each.

    xdist's own groups, `--dist loadgroup`, lost their effect with pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class InOnePiece(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.split("::")[0]
            if path.endswith(".ipynb"):
                return path
            if path.startswith("tests/browser/"):
                return "tests/browser"
            return nodeid

    return InOnePiece(config, log)
