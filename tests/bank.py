"""The bank of right and wrong answers, and the judge's verdicts on them.

``tests/answers/<exercise>/right_<idea>.py`` earns full marks. ``wrong_<slip>.py`` begins with a line
``# fails: test_name | words``: that requirement fails, and its message contains these words.

Run as a program, ``python -m tests.bank --runs 100`` judges every answer so many times, many at once and so under
load, and says which verdicts were not the same each time; ``--exercise NAME`` for those of one exercise.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import nbformat

from autograder.judge import catalogue
from autograder.judge.client import Judge
from autograder.judge.payload import pack_file
from autograder.report import CheckReport
from autograder.report.text import check_text, message

ROOT = Path(__file__).resolve().parents[1]
ANSWERS = ROOT / "tests" / "answers"


@dataclass(frozen=True)
class Answer:
    """One answer of the bank."""

    path: Path

    @property
    def exercise(self) -> str:
        """The exercise that it answers: the folder's name."""
        return self.path.parent.name

    @property
    def is_right(self) -> bool:
        """Must it earn full marks?"""
        return self.path.name.startswith("right_")

    @property
    def slip(self) -> tuple[str, str]:
        """The requirement that a wrong answer fails, and the words that the message must contain."""
        first = self.path.read_text(encoding="utf-8").partition("\n")[0]
        head, _, rest = first.partition("fails:")
        requirement, bar, words = rest.partition("|")
        if head.strip() != "#" or not bar or not words.strip():
            raise ValueError(f"{self.path} must begin with '# fails: test_name | words', not with {first!r}")
        return requirement.strip(), words.strip()

    def __str__(self) -> str:
        return f"{self.exercise}/{self.path.stem}"


def answers() -> list[Answer]:
    """All answers, sorted."""
    return [Answer(path) for path in sorted(ANSWERS.glob("*/*.py"))]


def judge_text(judge: Judge, exercise: str, path: Path, text: str, seed: int) -> CheckReport:
    """The judge's report on a program text, hidden requirements included."""
    return CheckReport.collect(exercise, judge.check(exercise, pack_file(path, text), seed=seed, hidden=True))


def complaint(answer: Answer, report: CheckReport) -> str:
    """What is wrong with a verdict on an answer of the bank; an empty string if nothing is."""
    whole = f"seed {report.seed}\n{check_text(report)}"
    if answer.is_right:
        return "" if report.full_marks else f"{answer} is right and must earn full marks.\n{whole}"
    name, words = answer.slip
    failed = next((item for item in report.requirements if item.name == name), None)
    if failed is None or failed.outcome not in ("wrong", "no answer"):
        return f"{answer} must fail {name}.\n{whole}"
    if " ".join(words.split()).casefold() not in " ".join(message(failed).split()).casefold():
        return f"{answer} fails {name}, but its message lacks {words!r}.\n{whole}"
    return ""


def verdict(report: CheckReport) -> tuple[object, ...]:
    """What must be the same each time: for every requirement, whether it holds, fails or was not run."""
    return tuple(
        (item.name, "fails" if item.outcome in ("wrong", "no answer") else item.outcome) for item in report.requirements
    )


def solutions() -> dict[str, str]:
    """The program text of each exercise's solution, from the notebooks in solutions/."""
    return _programs(ROOT / "solutions")


def stubs() -> dict[str, str]:
    """The program text of each exercise as a learner gets it, from the notebooks in exercises/."""
    return _programs(ROOT / "exercises")


def _programs(folder: Path) -> dict[str, str]:
    """By exercise: all solution cells of its notebook up to the exercise's own, since one may build on another."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*/*.ipynb")):
        program = ""
        for cell in nbformat.read(path, as_version=4).cells:
            marks = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and not marks.get("grade"):
                program += cell.source + "\n\n"
            if cell.cell_type == "code" and marks.get("solution"):
                found[marks["grade_id"]] = program.replace("from autograder import check", "")
    return found


@contextmanager
def judges(count: int) -> Iterator[SimpleQueue[Judge]]:
    """So many judges, to be taken from the queue and put back; closed at the end."""
    made = [Judge() for _ in range(count)]
    waiting: SimpleQueue[Judge] = SimpleQueue()
    for judge in made:
        waiting.put(judge)
    try:
        yield waiting
    finally:
        for judge in made:
            judge.close()


def repeat(
    bank: Iterable[Answer], waiting: SimpleQueue[Judge], runs: int, seed: int
) -> Iterator[tuple[Answer, CheckReport]]:
    """Judge every answer `runs` times in a shuffled order, with all judges at work; yield the reports as they come."""
    rng = random.Random(seed)
    work = [(answer, rng.randrange(10**6)) for answer in bank for _ in range(runs)]
    rng.shuffle(work)
    with ThreadPoolExecutor(waiting.qsize()) as pool:

        def one(answer: Answer, check_seed: int) -> tuple[Answer, CheckReport]:
            judge = waiting.get()
            try:
                text = answer.path.read_text(encoding="utf-8")
                return answer, judge_text(judge, answer.exercise, answer.path, text, check_seed)
            finally:
                waiting.put(judge)

        for future in as_completed([pool.submit(one, *item) for item in work]):
            yield future.result()


def main() -> int:
    """Repeat the bank and report."""
    parser = argparse.ArgumentParser(description="Judge the whole bank many times under load.")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--at-once", type=int, default=12, help="judges at work at the same time")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--exercise", choices=catalogue.names())
    options = parser.parse_args()
    bank = [answer for answer in answers() if options.exercise in (None, answer.exercise)]
    started, done = time.monotonic(), 0
    verdicts: dict[Answer, set[tuple[object, ...]]] = {}
    complaints = []
    with judges(options.at_once) as waiting:
        for answer, report in repeat(bank, waiting, options.runs, options.seed):
            done += 1
            verdicts.setdefault(answer, set()).add(verdict(report))
            if wrong := complaint(answer, report):
                complaints.append(wrong)
                print(wrong, flush=True)
            if done % 500 == 0:
                print(f"{done} of {len(bank) * options.runs} checks, {time.monotonic() - started:.0f} s", flush=True)
    differing = [answer for answer, found in verdicts.items() if len(found) > 1]
    for answer in differing:
        print(f"{answer} got {len(verdicts[answer])} different verdicts")
    print(
        f"{len(bank)} answers, {options.runs} runs each, {options.at_once} at once, seed {options.seed}:"
        f" {len(complaints)} verdicts against the bank, {len(differing)} answers with differing verdicts,"
        f" {time.monotonic() - started:.0f} s"
    )
    return 1 if complaints or differing else 0


if __name__ == "__main__":
    sys.exit(main())
