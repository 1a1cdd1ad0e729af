"""The learner's progress file: kept, never lost, and never in the way of a check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder import progress
from autograder.progress import Score, load, record


def test_nothing_recorded_yet(tmp_path: Path) -> None:
    assert load(tmp_path) == progress.Progress({}, "")
    assert list(tmp_path.iterdir()) == []  # reading makes nothing


def test_what_is_recorded_is_read_back(tmp_path: Path) -> None:
    folder = tmp_path / "not made yet"
    assert record("serve_echo", 8, 8, folder=folder)
    assert record("layer_of", 1.5, 3, folder=folder)
    assert load(folder).scores == {"serve_echo": Score(8, 8), "layer_of": Score(1.5, 3)}
    assert load(folder).scores["serve_echo"].full and not load(folder).scores["layer_of"].full
    assert [path.name for path in folder.iterdir()] == ["progress.json"]  # no temporary file stays


def test_a_worse_try_takes_nothing_away(tmp_path: Path) -> None:
    record("fetch", 6, 8, folder=tmp_path)
    record("fetch", 2, 8, folder=tmp_path)
    assert load(tmp_path).scores["fetch"] == Score(6, 8)


def test_a_changed_exercise_counts_anew(tmp_path: Path) -> None:
    record("fetch", 6, 6, folder=tmp_path)
    record("fetch", 5, 8, folder=tmp_path)
    assert load(tmp_path).scores["fetch"] == Score(5, 8)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 2, "exercises": {}}',
        '{"version": 1, "exercises": []}',
        '{"version": 1, "exercises": {"a": 3}}',
        '{"version": 1, "exercises": {"a": {"points": "1", "max_points": 2}}}',
        '{"version": 1, "exercises": {"a": {"points": true, "max_points": 2}}}',
        '{"version": 1, "exercises": {"a": {"points": 3, "max_points": 2}}}',
        '{"version": 1, "exercises": {"a": {"points": NaN, "max_points": 2}}}',
        '{"version": 1, "exercises": {"a": {"points": 1, "max_points": Infinity}}}',
        '{"version": 1, "exercises": {"a": {"points": 1, "max_points": 1' + "0" * 400 + "}}}",
        "[" * 100_000,
        "\xff\xfe",
    ],
)
def test_a_file_that_makes_no_sense_is_set_aside_and_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "progress.json"
    path.write_bytes(text.encode("latin-1"))
    found = load(tmp_path)
    assert found.scores == {}
    assert "progress.json.bad" in found.note
    assert (tmp_path / "progress.json.bad").read_bytes() == text.encode("latin-1")
    assert load(tmp_path).note == ""


def test_a_second_bad_file_does_not_replace_the_first(tmp_path: Path) -> None:
    for text in ("first", "second", "third"):
        (tmp_path / "progress.json").write_text(text)
        load(tmp_path)
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    expected = {"": "first", "2": "second", "3": "third"}
    assert kept == {f"progress.json.bad{number}": text for number, text in expected.items()}


def test_recording_over_a_bad_file_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "progress.json").write_text("nonsense")
    assert record("fetch", 1, 1, folder=tmp_path)
    assert (tmp_path / "progress.json.bad").read_text() == "nonsense"
    written = json.loads((tmp_path / "progress.json").read_text())
    assert written["exercises"] == {"fetch": {"points": 1.0, "max_points": 1.0}}


def test_a_place_that_cannot_be_written_is_said_and_raises_nothing(tmp_path: Path) -> None:
    blocker = tmp_path / "a file"
    blocker.write_text("in the way")
    assert record("fetch", 1, 1, folder=blocker) is False
    assert load(blocker).scores == {}
    (tmp_path / "progress.json").mkdir()
    assert "could not be read" in load(tmp_path).note
    assert record("fetch", 1, 1, folder=tmp_path) is False


def test_where_the_file_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(progress.STATE_VARIABLE, raising=False)
    root = Path(progress.__file__).resolve().parent.parent
    assert progress.state_folder() == root / ".autograder"
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert progress.state_folder() == tmp_path / ".autograder"
    monkeypatch.setenv(progress.STATE_VARIABLE, str(tmp_path / "elsewhere"))
    assert progress.state_folder() == tmp_path / "elsewhere"


def test_a_file_that_cannot_be_read_or_moved_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "progress.json").write_text("nonsense")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    assert record("fetch", 1, 1, folder=tmp_path) is False
    assert (tmp_path / "progress.json").read_text() == "nonsense"
