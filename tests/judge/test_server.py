"""The judge process and its environment."""

from __future__ import annotations

import time

import pytest

from autograder.judge.client import Judge
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
