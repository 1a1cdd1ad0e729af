"""The doctor tells the truth about this machine, and about one that lacks something."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from typing import Any

import pytest

from autograder import cli, doctor
from autograder.classroom import sandbox
from autograder.doctor import Finding


def findings() -> dict[str, Finding]:
    return {finding.name: finding for finding in doctor.examine()}


def test_this_machine() -> None:
    found = findings()
    assert found["Python"].ok and platform.python_version() in found["Python"].sentence
    assert found["loopback, IPv4"] == Finding("loopback, IPv4", True, "127.0.0.1 answers", needed=True)
    assert found["curl"].ok is (shutil.which("curl") is not None)
    assert len(found) == len(doctor.examine()), "two findings of one name"


def test_every_finding_is_a_sentence_in_plain_words() -> None:
    for finding in doctor.examine():
        assert finding.sentence and "Traceback" not in finding.sentence and "\n" not in finding.sentence


def test_only_python_and_loopback_are_needed() -> None:
    assert [finding.name for finding in doctor.examine() if finding.needed] == ["Python", "loopback, IPv4"]


def no_sockets(family: socket.AddressFamily, monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket of this family can be bound, as on a machine where the family is switched off."""
    bind = socket.socket.bind

    class Without(socket.socket):
        def bind(self, address: Any, /) -> None:
            if self.family == family:
                raise OSError(99, "Cannot assign requested address")
            bind(self, address)

    monkeypatch.setattr(socket, "socket", Without)


def test_a_machine_without_ipv6(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    no_sockets(socket.AF_INET6, monkeypatch)
    finding = findings()["loopback, IPv6"]
    assert not finding.ok
    assert finding.sentence == (
        "no conversation over ::1 ([Errno 99] Cannot assign requested address); "
        "requirements about IPv6 are skipped, points given"
    )
    assert cli.main(["doctor"]) == 0, "the course works without"
    assert "no   loopback, IPv6" in capsys.readouterr().out


def test_a_machine_without_loopback_at_all(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    no_sockets(socket.AF_INET, monkeypatch)
    assert not findings()["loopback, IPv4"].ok
    assert cli.main(["doctor"]) == 1
    assert "no   loopback, IPv4" in capsys.readouterr().out


def test_a_python_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    monkeypatch.setattr(platform, "python_version", lambda: "3.10.0")
    assert findings()["Python"] == Finding("Python", False, "3.10.0: the course needs 3.11 or newer", needed=True)


def test_a_machine_without_any_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.why_not.cache_clear()
    monkeypatch.setattr(shutil, "which", lambda program: None)
    found = findings()
    assert found["sandbox"].sentence == "The program bwrap is not installed. Only grading a class needs it"
    assert found["Java"] == Finding("Java", False, "no javac: skipped where lesson 16 compiles a client with it")
    assert not any(found[name].ok for name in ("curl", "C", "C++", "Java", "JavaScript", "C#", "Ruby", "sandbox"))


def test_a_sandbox_that_cannot_be_made_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    sandbox.why_not.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    found = findings()["sandbox"]
    sandbox.why_not.cache_clear()
    assert not found.ok
    assert "bubblewrap can't make its sandbox here: bwrap: No permissions to create new namespace" in found.sentence


@pytest.mark.parametrize(("system", "ok"), [("linux", True), ("darwin", True), ("win32", False)])
def test_limits_are_told_for_every_system(monkeypatch: pytest.MonkeyPatch, system: str, ok: bool) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert doctor._limits().ok is ok


def test_the_command_prints_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = doctor.examine()
    assert len(lines) == len(found)
    for line, finding in zip(lines, found, strict=True):
        assert line.startswith("yes  " if finding.ok else "no   ")
        assert finding.name in line and finding.sentence in line
