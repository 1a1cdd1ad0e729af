"""Fixtures of the judge's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jupyter_client.manager import start_new_kernel

from tests.judge.kernels import Kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """One kernel for a module's tests, with `check` imported; the tests show that none harms it."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        started = Kernel(manager, client)
        started.run("import os, socket, sys, time\nfrom autograder import check")
        yield started
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
