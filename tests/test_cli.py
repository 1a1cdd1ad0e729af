"""The command line: one clear sentence for each bad input, JSON for machines, exit codes that can be relied on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder import cli
from autograder.judge import catalogue
from autograder.judge.client import Judge

ROOT = Path(__file__).resolve().parents[1]

RIGHT = """\
def internet_checksum(data):
    if len(data) % 2:
        data += b"\\0"
    total = sum(data[i] << 8 | data[i + 1] for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
"""
# Fails one requirement, whatever the random data: an odd byte at the end is left out.
WRONG = RIGHT.replace('data += b"\\0"', "data = data[:-1]")
# Says, with each wrong answer, what the check's data were.
TELLS = "def internet_checksum(data):\n    print(data[:40].hex(), len(data))\n    return -1\n"

Write = Callable[[str | bytes], Path]


class Lasting(Judge):
    """A judge that outlives the command: starting one takes longer than most checks."""

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    made = Lasting()
    yield made
    Judge.close(made)


@pytest.fixture(autouse=True)
def _one_judge_for_all(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "the_judge", lambda: judge)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes answer.py into an empty current folder and returns its relative path."""
    monkeypatch.chdir(tmp_path)

    def to_file(content: str | bytes) -> Path:
        path = Path("answer.py")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to_file


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """What is said about bad input: one line on standard error, exit code 2, nothing on standard output."""
    code = cli.main(["check", *map(str, arguments)])
    said, complained = capsys.readouterr()
    assert code == 2
    assert said == ""
    assert complained.endswith("\n") and complained.count("\n") == 1
    return complained.strip()


def checked(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """The exit code and standard output of a check; nothing on standard error."""
    code = cli.main(["check", "internet_checksum", *map(str, arguments)])
    said, complained = capsys.readouterr()
    assert complained == ""
    return code, said


# Bad input.


def test_no_such_exercise(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(RIGHT)
    assert complaint(capsys, "internet_chekcsum", path) == (
        "There is no exercise named 'internet_chekcsum'. Did you mean internet_checksum?"
    )
    assert "`python -m autograder list` shows them all" in complaint(capsys, "zzzz", path)


def test_no_such_file(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write(RIGHT)
    assert complaint(capsys, "internet_checksum", "anser.py") == ("There is no file anser.py. Did you mean answer.py?")
    assert complaint(capsys, "internet_checksum", "zzzz.txt") == "There is no file zzzz.txt."
    assert complaint(capsys, "internet_checksum", "nowhere/answer.py") == "There is no file nowhere/answer.py."
    Path("folder.py").mkdir()
    assert complaint(capsys, "internet_checksum", "folder.py") == "There is no file folder.py."
    assert "There is no file" in complaint(capsys, "internet_checksum", "x" * 1000 + ".py")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("def internet_checksum(data):\nreturn 1\n", "answer.py, line 2 is not Python: expected an indented block"),
        ("x = (\n", "answer.py, line 1 is not Python: '(' was never closed: x = ("),
        ("x = 1\0\n", "answer.py is not Python: source code string cannot contain null bytes"),
        (b"x = '\xe9'\n", "answer.py is not text in UTF-8: byte 5 can't be read."),
        ("é = 1".encode("utf-16"), "answer.py is not text in UTF-8: byte 0 can't be read."),
    ],
)
def test_a_file_that_is_not_python(
    write: Write, capsys: pytest.CaptureFixture[str], content: str | bytes, said: str
) -> None:
    assert complaint(capsys, "internet_checksum", write(content)).startswith(said)


@pytest.mark.parametrize("json_too", [False, True])
def test_a_file_without_the_function(write: Write, capsys: pytest.CaptureFixture[str], json_too: bool) -> None:
    path = write("def internet_chekcsum(data): return 0\n")
    said = complaint(capsys, "internet_checksum", path, *["--json"] * json_too)
    assert said == (
        "The file has no internet_checksum; it defines internet_chekcsum. "
        "internet_checksum must be a plain function (def), written def internet_checksum(data)."
    )


def test_a_command_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["chekc"], ["check"], ["check", "internet_checksum", "x.py", "--seed", "three"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert ended.value.code == 2
    assert "invalid choice: 'chekc'" in capsys.readouterr().err


# What machines read.

KEYS = ["exercise", "points", "max_points", "seed", "seconds", "requirements"]
REQUIREMENT_KEYS = ["name", "sentence", "points", "max_points", "outcome", "message"]


def as_json(text: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(text)
    return report


def test_json_of_full_marks(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = checked(capsys, write(RIGHT), "--json", "--seed", "7")
    report = as_json(said)
    declared = catalogue.load("internet_checksum")
    assert code == 0
    assert list(report) == KEYS
    assert (report["exercise"], report["seed"]) == ("internet_checksum", 7)
    assert report["points"] == report["max_points"] == declared.max_points
    assert 0 < report["seconds"] < 60
    for found, wanted in zip(report["requirements"], declared.requirements, strict=True):
        assert list(found) == REQUIREMENT_KEYS
        assert (found["name"], found["sentence"]) == (wanted.name, wanted.sentence)
        assert found["points"] == found["max_points"] == wanted.points
        assert (found["outcome"], found["message"]) == ("passed", "")


def test_json_of_a_wrong_answer(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = checked(capsys, write(WRONG), "--json")
    report = as_json(said)
    assert code == 1
    assert list(report) == KEYS
    failed = [item for item in report["requirements"] if item["outcome"] != "passed"]
    assert [item["name"] for item in failed] == ["test_odd_length"]
    assert failed[0]["outcome"] == "wrong" and failed[0]["points"] == 0
    assert "GOT" in failed[0]["message"]
    assert report["points"] == report["max_points"] - failed[0]["max_points"]


def test_json_of_an_answer_of_the_wrong_shape(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = checked(capsys, write("async def internet_checksum(data): return 0\n"), "--json")
    report = as_json(said)
    assert code == 1
    assert report["points"] == 0
    assert list(report) == KEYS
    assert {item["outcome"] for item in report["requirements"]} == {"not run"}
    assert "Write def, not async def" in " ".join(report["requirements"][0]["message"].split())


def test_the_same_seed_gives_the_same_data(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(TELLS)
    messages = []
    for seed in (7, 7, 8):
        _, said = checked(capsys, path, "--json", "--seed", str(seed))
        report = as_json(said)
        assert report["seed"] == seed
        messages.append([item["message"] for item in report["requirements"]])
    assert all("PRINTED" in message for message in messages[0])
    assert messages[0] == messages[1]
    assert messages[0] != messages[2]


# What people read.


def test_a_terminal_shows_each_requirement_and_the_score(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = checked(capsys, write(WRONG), "--seed", "7")
    lines = said.splitlines()
    assert code == 1
    assert lines[0].startswith("internet_checksum: ")
    assert sum(line.startswith("ok  ") for line in lines) == 5
    assert sum(line.startswith("FAIL") for line in lines) == 1
    assert lines[-1].startswith("5 of 6 requirements hold: 5 of 6 points (") and lines[-1].endswith(" s, seed 7).")


def test_a_byte_order_mark_and_an_own_module_are_fine(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text("def turn(number): return ~number & 0xFFFF\n")
    text = "import mine\n" + RIGHT.replace("return ~total & 0xFFFF", "return mine.turn(total)")
    code, said = checked(capsys, write(b"\xef\xbb\xbf" + text.encode()))
    assert code == 0, said


def test_a_refused_answer_says_why_once(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = checked(capsys, write("class internet_checksum:\n    def __init__(self, data): pass\n"))
    assert code == 1
    assert said.count("Write def, not class") == 1


def test_a_file_that_fails_while_it_is_loaded(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = checked(capsys, write("1 / 0\n"))
    assert code == 1
    assert said.count("Your code could not be loaded: ZeroDivisionError: division by zero") == 1
    assert "answer.py, line 1: 1 / 0" in said


def test_list_names_every_exercise(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = [line.split()[0] for line in lines if line.startswith("  ")]
    assert listed == catalogue.names()
    assert [line for line in lines if not line.startswith("  ")] == sorted(
        {catalogue.load(name).assignment for name in listed}
    )


def program(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
    )


def test_the_real_program(write: Write, tmp_path: Path) -> None:
    write(RIGHT)
    ended = program("check", "internet_checksum", "answer.py", "--json", folder=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert as_json(ended.stdout)["points"] == 6


def test_the_real_program_where_the_terminal_knows_ascii_only(write: Write, tmp_path: Path) -> None:
    write("def internet_checksum(data):\n    print('caf\\xe9 \\u2713')\n    return 'na\\xefve'\n")
    ended = program("check", "internet_checksum", "answer.py", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "caf" in ended.stdout and "0 of 6 requirements hold" in ended.stdout


def test_the_real_program_with_bad_input(tmp_path: Path) -> None:
    ended = program("check", "serve_ecko", "answer.py", folder=tmp_path)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == "There is no exercise named 'serve_ecko'. Did you mean serve_echo or serve_ws_echo?\n"
