"""What a learner's process may use, and how it and everything it started is ended.

Limits are set by the process itself before any learner code runs (setrlimit(2), where the platform has it); the
judge's watch enforces the rest. Linux: all of them. macOS: memory only by the watch. Windows: memory, output and
processes only by the watch.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

if sys.platform != "win32":
    import resource

MIB = 1024 * 1024

PRINTED = "printed"
"""The file in a learner process's folder that takes what it prints."""

_CHILDREN_FILES = Path("/proc/self/task").is_dir() and any(Path("/proc/self/task").glob("*/children"))
"""Does the kernel list a process's children (Linux with CONFIG_PROC_CHILDREN)? Else every process is looked at."""


@dataclass(frozen=True)
class Limits:
    """What one learner process and its children may use."""

    memory: int = 2048 * MIB
    """Bytes of address space of one process. Threads reserve much and use little, so this is not tighter."""
    open_files: int = 256
    """Open files and sockets of one process: a usual soft limit, well above what an exercise needs."""
    output: int = 1 * MIB
    """Bytes printed; more is a loop that prints, and ends the process."""
    processes: int = 32
    """Processes at once, counted over the whole tree."""
    file_size: int = 64 * MIB
    """Bytes of one file, printed output included, so that a flood can't fill the disk between two looks."""


def apply(limits: Limits) -> None:
    """Set the limits of this process, for good: soft and hard are the same, and no core is dumped."""
    if sys.platform == "win32":
        return
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_FSIZE: limits.file_size,
    }
    if sys.platform == "linux":
        wanted[resource.RLIMIT_AS] = limits.memory
    for which, value in wanted.items():
        _, hard = resource.getrlimit(which)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(which, (value, value))


def adopt_orphans() -> None:
    """Make this process the one that orphans below it go to (PR_SET_CHILD_SUBREAPER, prctl(2)); Linux only."""
    if sys.platform == "linux":
        pr_set_child_subreaper = 36
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def children(pid: int) -> set[int]:
    """The ids of the direct children of a process; empty if it is gone."""
    if not _CHILDREN_FILES:
        try:
            return {child.pid for child in psutil.Process(pid).children()}
        except psutil.Error:
            return set()
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found.update(map(int, task.read_text().split()))
        except OSError:
            continue
    return found


def descendants(pid: int) -> set[int]:
    """The ids of all processes below a process."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        new = children(waiting.pop()) - found
        found |= new
        waiting.extend(new)
    return found


def thread_states(pid: int) -> list[str]:
    """The state letters of a process's threads (proc(5): R can run, S waits, …); empty where there is no /proc."""
    states = []
    for task in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            states.append(task.read_text().rpartition(")")[2].split()[0])
        except (OSError, IndexError):
            continue
    return states


def memory_of(pid: int) -> int:
    """Bytes of memory in use (resident) by a process; 0 if it is gone."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def end_tree(pid: int) -> None:
    """Kill a process, its process group and everything below it. Does not wait for the process itself."""
    for _ in range(20):  # a fork bomb may add processes while we kill; each round stops and kills what is there
        found = descendants(pid)
        if sys.platform != "win32":
            _send(-pid, signal.SIGKILL)
        for one in found | {pid}:
            _send(one, getattr(signal, "SIGKILL", signal.SIGTERM))
        if not found:
            return


def end_strays(known: set[int]) -> int:
    """Kill and reap every child of this process that is not in `known`; return how many there were.

    With `adopt_orphans`, what a learner's process left behind (a daemon that made its own session, too) becomes a
    child of the judge when its parent dies, so this finds all of it.
    """
    ended = 0
    until = time.monotonic() + 2.0
    while time.monotonic() < until:
        strays = children(os.getpid()) - known
        if not strays:
            break
        for stray in strays:
            end_tree(stray)
            try:
                os.waitpid(stray, 0)
            except OSError:
                continue
            ended += 1
    return ended


def _send(pid: int, signal_number: int) -> None:
    try:
        if pid < 0:
            os.killpg(-pid, signal_number)
        else:
            os.kill(pid, signal_number)
    except OSError:
        pass
