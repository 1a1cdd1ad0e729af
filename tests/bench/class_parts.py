"""``python -m autograder grade`` with clocks in it: prints where its processor time went, as JSON, in its last line.

Seconds of all submissions together, by part. What is below this process is asked for its time before it is ended.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import psutil

from autograder import cli
from autograder.classroom import grade, station
from autograder.judge.client import Judge
from autograder.judge.starting import Zygote

KERNELS = "kernels and their cells"
CHECKS = "judges and their checks"
NBGRADER = "nbgrader: restoring, converting, the gradebook"
TALKING = "talking to kernels and judges"
REST = "the rest: starting, telling"

_seconds = dict.fromkeys((KERNELS, CHECKS, NBGRADER, TALKING), 0.0)
_adding = threading.Lock()


def _add(part: str, seconds: float) -> None:
    with _adding:
        _seconds[part] += seconds


def _timed(part: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """The same, and the processor time of its thread is counted."""

    def timed(*arguments: Any, **options: Any) -> Any:
        started = time.thread_time()
        try:
            return call(*arguments, **options)
        finally:
            _add(part, time.thread_time() - started)

    return timed


def _asked_before(part: str, close: Callable[[Any], None], pid_of: Callable[[Any], int]) -> Callable[[Any], None]:
    """The same, and before it the processor time of a process and all below it is counted."""
    closed: weakref.WeakSet[Any] = weakref.WeakSet()

    def asked(one: Any) -> None:
        with _adding:
            first = one not in closed
            closed.add(one)
        if first:
            _add(part, _of_tree(pid_of(one)))
        close(one)

    return asked


def _of_tree(pid: int) -> float:
    """Processor time of a process and all below it, those included that were waited for."""
    total = 0.0
    try:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return total
    for process in processes:
        try:
            total += sum(process.cpu_times()[:4])  # its own, user and system, and that of its children
        except psutil.Error:
            continue
    return total


def main() -> int:
    """Grade, and tell."""
    replaced: Any = grade, station, Judge, Zygote
    replaced[0].prepare = _timed(NBGRADER, grade.prepare)
    replaced[0].record = _timed(NBGRADER, grade.record)
    replaced[1].run = _timed(TALKING, station.run)
    replaced[2].close = _asked_before(CHECKS, Judge.close, lambda judge: judge.pid)
    replaced[3].close = _asked_before(KERNELS, Zygote.close, lambda zygote: zygote._process.pid)
    code = cli.main(["grade", *sys.argv[1:]])
    rest = time.process_time() - _seconds[NBGRADER] - _seconds[TALKING]
    print(json.dumps(_seconds | {REST: rest}))
    return code


if __name__ == "__main__":
    raise SystemExit(main())
