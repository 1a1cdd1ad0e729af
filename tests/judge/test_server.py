"""The judge process and its environment."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from autograder.judge import catalogue
from autograder.judge.client import Judge
from autograder.judge.payload import pack_file
from autograder.judge.plugin import CheckPlugin
from autograder.judge.process import ProcessFactory, ProcessHandle
from autograder.judge.session import CheckSession
from tests import bank


def test_megabytes_that_differ_take_no_longer_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest leaves nothing out of a difference where CI is set; a check has no use for that."""
    monkeypatch.setenv("CI", "true")
    right = next(answer for answer in bank.answers() if str(answer) == "fetch/right_recv_loop")
    judge = Judge()
    try:
        started = time.monotonic()
        text = right.path.read_text(encoding="utf-8").replace("def fetch(", "def fetch_(") + (
            "\n\ndef fetch(host, port, request):\n    answer = fetch_(host, port, request)\n"
            "    return answer if len(answer) < 2**20 else answer[::-1]\n"
        )
        report = bank.judge_text(judge, "fetch", right.path, text, seed=1)
        failed = [item.name for item in report.requirements if not item.holds]
        assert "test_four_mebibytes" in failed
        assert time.monotonic() - started < 30
    finally:
        judge.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import a_module_that_is_not_there", "No module named 'a_module_that_is_not_there'"),
        ("def test_something():\n    pass", "has no @exercise named broken"),
    ],
    ids=["import", "contract"],
)
def test_a_broken_check_file_is_the_graders_fault_and_says_why(tmp_path: Path, text: str, words: str) -> None:
    settings = Path(shutil.copy(catalogue.SETTINGS, tmp_path))
    path = tmp_path / "some" / "test_broken.py"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    plugin = CheckPlugin(ProcessFactory())
    session = CheckSession(settings, plugin)
    complaints: list[str] = []

    def twice() -> None:
        for _ in range(2):
            plugin.begin({}, lambda event: None, seed=1, hidden=False)
            complaints.append(session.run(path))

    session.serve(twice)
    assert len(complaints) == 2 and all(words in complaint for complaint in complaints)


def test_the_first_requirement_goes_on_in_the_process_in_which_the_answer_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factory = ProcessFactory()
    begun: list[ProcessHandle] = []
    start = factory.start

    def counted() -> ProcessHandle:
        begun.append(start())
        return begun[-1]

    monkeypatch.setattr(factory, "start", counted)
    plugin = CheckPlugin(factory)
    session = CheckSession(catalogue.SETTINGS, plugin)
    solution = bank.solutions()["layer_of"]
    reports = []

    def check() -> None:
        for text in (solution, "layer_of = 4"):
            plugin.begin(pack_file(Path("answer.py"), text), lambda event: None, seed=1, hidden=True)
            assert not session.run(catalogue.path_of("layer_of"))
            reports.append(plugin.report)
            assert all(process.over for process in begun)

    session.serve(check)
    right, refused = reports
    assert right.full_marks and refused.refused
    assert len(begun) == len(right.requirements) + 1
    factory.close()
