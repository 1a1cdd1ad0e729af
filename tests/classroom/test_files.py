"""What belongs to a submission beside its notebooks, and what had better not."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.classroom import files


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """What was handed in, the instructor's folder, and nbgrader's copy of both."""
    made = tuple(tmp_path / name for name in ("handed-in", "source", "copied"))
    for folder in made:
        folder.mkdir()
    (tmp_path / "secret").write_text("of somebody else", encoding="utf-8")
    return made[0], made[1], made[2]


def test_the_instructors_files_come_last_and_links_do_not_count(folders: tuple[Path, Path, Path]) -> None:
    handed_in, source, _ = folders
    (handed_in / "deep").mkdir()
    (handed_in / "deep" / "data.txt").write_text("mine", encoding="utf-8")
    (handed_in / "given.txt").write_text("changed", encoding="utf-8")
    (source / "given.txt").write_text("as given", encoding="utf-8")
    (handed_in / "link.txt").symlink_to(handed_in.parent / "secret")
    (handed_in / "03.ipynb").write_text("{}", encoding="utf-8")
    (handed_in / "03.verdicts.json").write_text("{}", encoding="utf-8")
    found = files.beside_the_notebook(handed_in, source)
    assert found == {"deep/data.txt": b"mine", "given.txt": b"as given"}


def test_too_much_is_refused(folders: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST", 10)
    (folders[0] / "large").write_bytes(bytes(11))
    with pytest.raises(ValueError, match="more than 10 bytes together"):
        files.beside_the_notebook(folders[0])


@pytest.mark.parametrize(
    "name", ["nbgrader_config.py", "jupyter_server_config.json", "ipython_config.py", "jupyter_config.py"]
)
def test_a_configuration_is_a_reason_to_look(folders: tuple[Path, Path, Path], name: str) -> None:
    (folders[0] / "deep").mkdir()
    (folders[0] / "deep" / name).write_text("", encoding="utf-8")
    (folders[0] / "my_config.py").write_text("", encoding="utf-8")
    (event,) = files.configuration(folders[0])
    assert event.kind == "tampering" and f"deep/{name}" in event.sentence


def test_a_copy_made_of_a_link_is_removed_but_not_what_the_instructor_gave(folders: tuple[Path, Path, Path]) -> None:
    handed_in, source, copied = folders
    for name in ("link.txt", "given.txt"):
        (handed_in / name).symlink_to(handed_in.parent / "secret")
        (copied / name).write_text("copied", encoding="utf-8")
    (source / "given.txt").write_text("as given", encoding="utf-8")
    files.forget_links(handed_in, source, copied)
    assert [path.name for path in copied.iterdir()] == ["given.txt"]
