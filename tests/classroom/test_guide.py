"""The guide for instructors says what is true: commands and options, files, settings, limits and messages are there."""

from __future__ import annotations

import importlib
import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from autograder import cli
from autograder.classroom import execution, files, outputs, provisioner, sandbox
from autograder.classroom.preprocessors import JudgedExecute
from autograder.judge.limits import MIB, Limits

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "autograder" / "README.md"
TEXT = GUIDE.read_text(encoding="utf-8")
PROSE = re.sub(r"^ *```.*?^ *```", "", TEXT, flags=re.MULTILINE | re.DOTALL)
INLINE = re.findall(r"`([^`\n]+)`", PROSE)

MOST_LINES = 350

MADE_BY_A_CLASS = (".autograder", ".venv", "autograded", "downloaded", "feedback", "gradebook.db", "submitted")
"""Files and folders of the course that are not in the repository."""

CONFIGURABLE = (
    "autograder.classroom.preprocessors",
    "nbgrader.converters",
    "nbgrader.coursedir",
    "nbgrader.exchange.default",
    "nbgrader.plugins",
)
"""Modules whose classes a configuration file may name."""


def commands() -> list[list[str]]:
    """The commands that the guide shows, each in words: those after a prompt, and those in a sentence."""
    blocks = re.findall(r"^ *```console\n(.*?)^ *```", TEXT, re.MULTILINE | re.DOTALL)
    lines = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    lines += [text for text in INLINE if re.match(r"(?:python -m|nbgrader|make|dask|sudo|chmod) .", text)]
    return [shlex.split(part, comments=True) for line in lines for part in line.split(" && ")]


def of_program(*program: str) -> list[list[str]]:
    """What follows a program's name in the commands that start it."""
    found = [words[len(program) :] for words in commands() if words[: len(program)] == list(program)]
    assert found, f"the guide shows no command {' '.join(program)}"
    return found


def options_of(words: list[str]) -> set[str]:
    """The options among the words of a command, without their values."""
    return {word.partition("=")[0] for word in words if word.startswith("-")}


def anchor(heading: str) -> str:
    """What GitHub calls a heading in an address."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    """The headings of a file that a link may lead to."""
    return {anchor(found) for found in re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)}


def test_it_is_short_enough_to_be_read() -> None:
    assert len(TEXT.splitlines()) < MOST_LINES


def test_its_links_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", PROSE) if not link.startswith("https://")]
    assert links
    for link in links:
        name, _, place = link.partition("#")
        target = (GUIDE.parent / name).resolve() if name else GUIDE
        assert target.exists(), link
        assert not place or place in anchors(target), link


def test_others_link_to_it() -> None:
    assert "(autograder/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "autograder/README.md" in sandbox.WAYS_OUT


def options_in_help(name: str) -> set[str]:
    """The options that a command of ours has, as its help shows them."""
    with redirect_stdout(io.StringIO()) as shown, pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0, f"there is no command {name}"
    return set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", shown.getvalue()))


def test_our_commands_have_these_options() -> None:
    for name, *words in of_program("python", "-m", "autograder"):
        assert options_of(words) <= options_in_help(name), (name, words)


def nbgrader_command(words: list[str]) -> tuple[Any, list[str]]:
    """The nbgrader program that these words start, and what is left for it."""
    from nbgrader.apps import NbGraderApp

    program: Any = NbGraderApp()
    while words and words[0] in program.subcommands:
        program = program.subcommands[words[0]][0]()
        words = words[1:]
    return program, words


def test_nbgraders_commands_have_these_options() -> None:
    for words in of_program("nbgrader"):
        program, rest = nbgrader_command(words)
        assert len(rest) < len(words), f"nbgrader has no command {words[0]}"
        assert not program.subcommands, f"nbgrader {' '.join(words)} wants one word more"
        keys = [key for names in (program.flags, program.aliases) for key in names]
        names = {name for key in keys for name in ([key] if isinstance(key, str) else key)}
        assert options_of(rest) <= {f"--{name}" for name in names} | {"-f"}, words


def test_dasks_commands_have_these_options() -> None:
    from distributed.cli import dask_scheduler, dask_worker

    known = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}
    for name, *words in of_program("dask"):
        there = {option for item in known[name].params for option in (*item.opts, *item.secondary_opts)}
        assert options_of(words) <= there, words
        assert {"--tls-ca-file", "--tls-cert", "--tls-key"} <= there


def test_make_has_these_targets() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {words[0] for words in of_program("make")} <= targets


def test_make_grade_is_our_command() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert '-m autograder grade "$(ASSIGNMENT)" $(ARGS)' in makefile


def test_the_files_that_it_names_are_there() -> None:
    known = {path.name for path in ROOT.iterdir()}
    named = {text for text in INLINE if text.partition("/")[0] in known and re.fullmatch(r"[\w./-]+", text)}
    assert named
    for name in named:
        assert name.startswith(MADE_BY_A_CLASS) or (ROOT / name).exists(), name


def test_what_it_calls_ignored_is_ignored() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    for name in ("gradebook.db*", "submitted/", "autograded/", "feedback/"):
        assert f"/{name}" in ignored
    assert ".autograder/" in ignored


def test_the_settings_that_it_names_are_there() -> None:
    modules = [importlib.import_module(name) for name in CONFIGURABLE]
    named = set(re.findall(r"\bc\.(\w+)\.(\w+)", TEXT))
    assert named
    for owner, setting in named:
        found = [getattr(module, owner) for module in modules if hasattr(module, owner)]
        assert found, owner
        assert setting in found[0].class_trait_names(config=True), f"{owner}.{setting}"


def test_file_names_of_a_learning_platform_are_read_as_it_says() -> None:
    (expression,) = re.findall(r'named_regexp = r"(.+)"', TEXT)
    (example,) = re.findall(r"for example `(\w+\S+\.ipynb)`", TEXT)
    found = re.match(expression, f"/a_folder/{example}")
    assert found is not None
    assert found.groupdict() == {"student_id": "ada", "file_id": "03-tcp-sockets"}


# Limits.


def test_the_limits_are_those_of_the_code() -> None:
    learner = Limits()
    kernel = JudgedExecute()
    for row in (
        ("time", f"{kernel.timeout} s a cell, {kernel.notebook_timeout} s all", f"{execution.CHECK_SECONDS} s a check"),
        ("memory in all", _mib(provisioner.MEMORY), _mib(learner.memory)),
        ("memory of one process (address space)", _mib(sandbox.KERNEL_MEMORY), _mib(learner.memory)),
        ("processes", provisioner.PROCESSES, learner.processes),
        ("processes and threads", sandbox.PROCESSES, learner.tasks),
        ("open files of one process", sandbox.OPEN_FILES, learner.open_files),
        ("open files, sockets and pipes in all", provisioner.OPEN_IN_ALL, learner.open_in_all),
        ("files made", f"{provisioner.FILES:,}", f"{learner.files:,}"),
        ("size of one file", _mib(sandbox.SCRATCH), _mib(learner.file_size)),
        ("home, `/tmp` and `/dev/shm`, each", _mib(sandbox.SCRATCH), _mib(sandbox.SCRATCH)),
        ("output", f"{_mib(outputs.OUTPUT)} a cell is kept, {_mib(outputs.FLOOD)} end", _mib(learner.output)),
        ("files handed in beside the notebook", f"{files.MOST // 10**6} MB", "the same files"),
    ):
        cells = [rf"\| {re.escape(str(cell))}\b[^|]*" if cell else r"\| " for cell in row[1:]]
        assert re.search(rf"^\| {re.escape(str(row[0]))} {''.join(cells)}\|$", TEXT, re.MULTILINE), row
    assert f"After {execution.DEATHS + 1} deaths" in TEXT


def _mib(count: int) -> str:
    assert count % MIB == 0
    return f"{count // MIB} MiB"


def test_the_configuration_has_the_times_of_the_code() -> None:
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    for setting in ("timeout", "notebook_timeout"):
        assert f"c.JudgedExecute.{setting} = {getattr(JudgedExecute(), setting)}\n" in config


# Messages.


def messages() -> Iterator[str]:
    """The messages of the guide's last section, in the first column of its table."""
    section = TEXT.partition("## When something goes wrong")[2]
    yield from re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE)


def program_text() -> str:
    """The text of the package's modules, with the pieces of long messages joined."""
    paths = sorted((ROOT / "autograder" / "classroom").rglob("*.py"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return re.sub(r'"\s*\n\s*f?"', "", text)


def test_the_messages_are_those_of_the_code() -> None:
    found = list(messages())
    text = program_text()
    assert len(found) > 5
    for message in found:
        for piece in message.split("…"):
            said_by_sqlite = piece.strip() == "database is locked"
            assert said_by_sqlite or piece.strip() in text, message


def test_the_lines_of_the_summary_are_those_of_the_code() -> None:
    text = program_text()
    section = TEXT.partition("### Grade")[2].partition("### Return")[0]
    for words in re.findall(r"^\| ([a-z][a-z …P]+) \|", section, re.MULTILINE):
        if words != "line":
            assert words.strip(" …") in text, words
