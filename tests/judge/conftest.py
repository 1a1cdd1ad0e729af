"""Fixtures of the judge's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.judge.kernels import Kernel, fresh_kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """One kernel for a module's tests, with `check` imported; the tests show that none harms it."""
    with fresh_kernel() as started:
        started.run("import os, socket, sys, time\nfrom autograder import check")
        yield started
