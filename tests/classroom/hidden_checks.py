"""A copy of the package in which one requirement of the course is hidden: the course itself has no such one."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import autograder

HIDDEN = "test_unknown"
"""A requirement of layer_of."""


@contextmanager
def with_hidden_requirements() -> Iterator[Path]:
    """A folder for PYTHONPATH; in its package, `HIDDEN` is hidden."""
    # Not below /tmp: in the sandbox that is a folder of its own.
    folder = tempfile.mkdtemp(prefix="hidden-", dir="/var/tmp" if os.path.isdir("/var/tmp") else None)
    root = Path(folder)
    try:
        root.chmod(0o755)
        package = Path(autograder.__file__).parent
        shutil.copytree(package, root / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
        path = root / "autograder" / "checks" / "osi_model" / "test_layer_of.py"
        text = path.read_text(encoding="utf-8")
        changed, times = re.subn(rf"(@requirement\()([^@]*\)\ndef {HIDDEN}\()", r"\1hidden=True, \2", text)
        assert times == 1
        path.write_text(changed, encoding="utf-8")
        yield root
    finally:
        shutil.rmtree(root)
