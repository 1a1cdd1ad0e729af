"""A released course for each test that grades a small class."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.classroom import small_class
from tests.nbgrader.classroom import Classroom


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    """The course as it is when nobody has handed anything in."""
    made = small_class.release(tmp_path_factory.mktemp("small-class") / "class")
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture
def course(released: Classroom, tmp_path: Path) -> Classroom:
    """That course, for one test alone."""
    return small_class.copy(released, tmp_path / "class")
