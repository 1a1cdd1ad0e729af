"""The frames in the checks of assignment 01 are what scapy and the captures give: written again, they are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.checks.osi_model import frames, make_frames


def test_frames_are_what_make_frames_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_frames, "TARGET", tmp_path / "frames.py")
    make_frames.main()
    again = (tmp_path / "frames.py").read_text(encoding="utf-8")
    assert again == Path(frames.__file__).read_text(encoding="utf-8"), "run make_frames, and commit frames.py"
