"""The secret of a course: made once, whoever comes first, and nobody else's to read."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograder.classroom.keys import NAME, grading_key


def test_all_who_come_at_once_get_the_same_whole_key(tmp_path: Path) -> None:
    together = threading.Barrier(12)

    def come(root: Path) -> bytes:
        together.wait(30)
        return grading_key(root)

    with ThreadPoolExecutor(12) as pool:
        for number in range(40):
            found = set(pool.map(come, [tmp_path / str(number)] * 12))
            assert len(found) == 1 and all(len(key) == 32 for key in found)


def test_it_stays_the_same_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    assert grading_key(tmp_path) == grading_key(tmp_path)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / NAME).parent.iterdir()] == [NAME.name]
    assert grading_key(tmp_path / "another") != grading_key(tmp_path)


def test_one_that_is_not_whole_is_an_error_with_its_cure(tmp_path: Path) -> None:
    grading_key(tmp_path)
    (tmp_path / NAME).write_bytes(b"short")
    with pytest.raises(ValueError, match="is not whole: remove it, and a new one is made"):
        grading_key(tmp_path)
