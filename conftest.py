"""What every test run shares: an activated environment, and notebooks that stay in one piece."""

import os
import sys
from pathlib import Path

import pytest

# nbgrader starts programs of its environment by their bare names, also when nobody activated it.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the cells of a notebook run in one process and in their order (`-n 3 --dist loadgroup`)."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
