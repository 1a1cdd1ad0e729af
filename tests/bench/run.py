"""``make bench``: what a check costs, how fast the solutions are beside a library that does the same, and a class.

Every figure is of one run on one machine, and those of checks are medians; on a noisy machine trust the ratios. The
class takes half an hour or more: ``make bench ARGS="--only checks"`` leaves it out, ``ARGS="--only class"`` is that
alone.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import sys
import time
from pathlib import Path
from types import ModuleType

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from autograder.classroom.command import JOBS  # noqa: E402
from autograder.judge.client import Judge  # noqa: E402
from autograder.report.text import check_text  # noqa: E402
from tests import bank  # noqa: E402
from tests.bench import a_class, direct, http_files, line_reader, websockets_echo  # noqa: E402
from tests.judge.kernels import fresh_kernel  # noqa: E402

GOALS = {"warm": 0.5, "first": 1.5, "hanging": 8.0}
"""Seconds, from the issue that asked for them."""

HANGING = "import time\ndef serve_echo(listener):\n    time.sleep(1000)\n"
HANGING_SUM = "import time\ndef internet_checksum(data):\n    time.sleep(1000)\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a check costs, and a class.")
    parser.add_argument("--only", choices=("checks", "class"), help="this part alone")
    parser.add_argument("--rounds", type=int, default=11, help="repetitions of a check; medians are printed")
    parser.add_argument(
        "--submissions", type=int, default=60, metavar="N", help="of the class that is graded both ways"
    )
    parser.add_argument("--large", type=int, default=1000, metavar="N", help="submissions of the large class; 0: none")
    parser.add_argument("--jobs", type=int, default=JOBS, help="submissions at work at once")
    options = parser.parse_args()
    if options.only != "class":
        checks(options)
    if options.only != "checks":
        a_whole_class(options)


def checks(options: argparse.Namespace) -> None:
    """Checks, and the solutions."""
    right = bank.solutions()["serve_echo"]
    module = importlib.import_module("autograder.checks.tcp_sockets.test_serve_echo")

    print(f"Medians of {options.rounds} rounds; Python {sys.version.split()[0]}, {psutil.cpu_count()} cores")
    directly = _direct(module, right, options.rounds)
    _line("the exchanges of serve_echo, directly", directly)
    judge = Judge()
    warm = [_check(judge, "serve_echo", right) for _ in range(options.rounds + 1)][1:]
    _line("a warm check of a right serve_echo", statistics.median(warm), GOALS["warm"], directly)
    _memory(judge, "when idle after these checks")
    small = [_check(judge, "internet_checksum", bank.solutions()["internet_checksum"]) for _ in range(options.rounds)]
    _line("a warm check of a right internet_checksum", statistics.median(small), GOALS["warm"], directly)
    first = [_first(right) for _ in range(max(3, options.rounds // 3))]
    _line("the first check in a fresh kernel", statistics.median(total for total, _ in first), GOALS["first"], directly)
    _line("  of that, importing check", statistics.median(importing for _, importing in first))
    for exercise, answer in (("serve_echo", HANGING), ("internet_checksum", HANGING_SUM)):
        seconds = statistics.median(_check(judge, exercise, answer) for _ in range(3))
        _line(f"the verdict on a {exercise} that hangs in everything", seconds, GOALS["hanging"], directly)
    judge.close()

    print("\nThe solutions beside a library that does the same work")
    print(line_reader.line(*line_reader.measure(options.rounds)))
    for line in http_files.lines(http_files.measure(options.rounds)):
        print(line, flush=True)
    for throughput in websockets_echo.measure(options.rounds):
        print(throughput, flush=True)


def a_whole_class(options: argparse.Namespace) -> None:
    """A class."""
    print(f"\nA class: {options.submissions} submissions of {a_class.ASSIGNMENT}, the sandbox on", flush=True)
    for line in a_class.lines(*a_class.measure(options.submissions, options.jobs)):
        print(line, flush=True)
    print("\nWhere the time goes, in the same class once more", flush=True)
    for line in a_class.lines_of_parts(a_class.parts(options.submissions, options.jobs)):
        print(line, flush=True)
    if options.large:
        print("\nA large class", flush=True)
        for line in a_class.lines_of_memory(a_class.large(options.large, options.jobs)):
            print(line, flush=True)


def _direct(module: ModuleType, text: str, rounds: int) -> float:
    names: dict[str, object] = {}
    exec(text, names)
    answer = names["serve_echo"]
    assert callable(answer)
    return statistics.median(direct.run(module, answer, seed=round_) for round_ in range(rounds))


def _check(judge: Judge, exercise: str, text: str) -> float:
    started = time.perf_counter()
    report = bank.judge_text(judge, exercise, ROOT / "answer.py", text, seed=7)
    seconds = time.perf_counter() - started
    hangs = "time.sleep(1000)" in text
    assert report.points == 0 if hangs else report.full_marks, check_text(report)
    return seconds


def _first(text: str) -> tuple[float, float]:
    """Seconds from the first cell of a kernel that is ready to the verdict, and those of the import alone."""
    with fresh_kernel() as kernel:
        kernel.run("1")
        importing = kernel.run("from autograder import check").seconds
        defining = kernel.run(text).seconds
        checked = kernel.run("check(serve_echo)")
        assert "All" in checked.text, checked.text
        return importing + defining + checked.seconds, importing


def _memory(judge: Judge, when: str) -> None:
    processes = [psutil.Process(judge.pid), *psutil.Process(judge.pid).children(recursive=True)]
    sizes = [process.memory_full_info().pss for process in processes]
    parts = json.dumps([round(size / 2**20) for size in sizes])
    print(f"{'the judge memory, ' + when:<62} {sum(sizes) / 2**20:6.0f} MiB  (judge, zygote: {parts})")


def _line(what: str, seconds: float, goal: float | None = None, directly: float | None = None) -> None:
    ratio = f"{seconds / directly:6.1f} times direct" if directly else ""
    aim = f"  (goal {goal:g} s: {'met' if seconds <= goal else 'MISSED'})" if goal else ""
    print(f"{what:<62} {seconds:6.3f} s  {ratio}{aim}", flush=True)


if __name__ == "__main__":
    main()
