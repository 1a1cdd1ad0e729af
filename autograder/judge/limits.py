"""What a learner's process may use, and how it and everything it started is ended.

Limits are set by the process itself before any learner code runs (setrlimit(2), where the platform has it); the
judge's watch enforces the rest. Linux: all of them. macOS: memory only by the watch. Windows: memory, output and
processes only by the watch.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

if sys.platform != "win32":
    import resource

if sys.platform == "linux":
    _C = ctypes.CDLL(None, use_errno=True)

MIB = 1024 * 1024

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
    open_in_all: int = 512
    """Open files, sockets and pipes of the whole tree: what lies in their buffers is no process's memory."""
    files: int = 10_000
    """Files in a sandbox's own folders: each takes a kilobyte of the system's memory, however little is in it."""
    file_size: int = 64 * MIB
    """Bytes of one file, printed output included, so that a flood can't fill the disk between two looks."""
    tasks: int = 512
    """Processes and threads of one sandbox's user, as the kernel counts them; a fork bomb stops there at once."""


def apply(limits: Limits, *, sandboxed: bool = False) -> None:
    """Set the limits of this process, for good: soft and hard are the same, and no core is dumped.

    Args:
        limits: what is allowed.
        sandboxed: this process's user id, or user namespace, is its sandbox's own, so that its tasks can be counted.
    """
    if sys.platform == "win32":
        return
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_FSIZE: limits.file_size,
    }
    if sys.platform == "linux":
        wanted[resource.RLIMIT_AS] = limits.memory
        if sandboxed:
            wanted[resource.RLIMIT_NPROC] = limits.tasks
    for which, value in wanted.items():
        _, hard = resource.getrlimit(which)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(which, (value, value))


def die_first() -> None:
    """When memory runs out, let the kernel end this process, or one that it starts, and not the judge; Linux only."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "wb", buffering=0) as file:
        file.write(b"1000")


def adopt_orphans() -> None:
    """Make this process the one that orphans below it go to (PR_SET_CHILD_SUBREAPER, prctl(2)); Linux only."""
    if sys.platform == "linux":
        pr_set_child_subreaper = 36
        _C.prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def allow_tracing(allowed: bool) -> None:
    """May processes of the same user trace this one, and read its memory (PR_SET_DUMPABLE, prctl(2))? Linux only."""
    if sys.platform == "linux":
        pr_set_dumpable = 4
        _C.prctl(pr_set_dumpable, int(allowed), 0, 0, 0)


def children(pid: int) -> set[int]:
    """The ids of the direct children of a process; empty if it is gone."""
    if not _CHILDREN_FILES:
        try:
            return {child.pid for child in psutil.Process(pid).children()}
        except psutil.Error:
            return set()
    found: set[int] = set()
    for text in _of_tasks(pid, "children"):
        found.update(map(int, text.split()))
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


def pids_inside(pid: int) -> list[int]:
    """A process's ids from this pid namespace down to its own (pid_namespaces(7)); empty if it is gone, or no Linux."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return []
    return [int(number) for line in status.splitlines() if line.startswith("NSpid:") for number in line.split()[1:]]


def thread_states(pid: int) -> list[str]:
    """The state letters of a process's threads (proc(5): R can run, S waits, …); empty where there is no /proc."""
    return [text.rpartition(b")")[2].split()[0].decode() for text in _of_tasks(pid, "stat")]


def _of_tasks(pid: int, name: str) -> list[bytes]:
    """What /proc says in the file of this name about each thread of a process."""
    # Called many times a second, and pathlib takes several times as long.
    texts = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/{name}", "rb", buffering=0) as file:
                texts.append(file.read())
    return texts


def memory_of(pids: Iterable[int]) -> int:
    """Bytes of memory that processes use together; one that is gone uses none.

    Pages that forked processes share are counted for each of them.
    """
    return sum(_memory(pid, exactly=False) for pid in pids)


def uses_more(pids: Collection[int], memory: int) -> bool:
    """Do processes use more than so many bytes of memory together, shared pages counted once where Linux tells?"""
    return memory_of(pids) > memory and sum(_memory(pid, exactly=True) for pid in pids) > memory


def _memory(pid: int, *, exactly: bool) -> int:
    try:
        process = psutil.Process(pid)
        if exactly and sys.platform == "linux":
            with contextlib.suppress(psutil.AccessDenied):
                return int(process.memory_full_info().pss)  # takes milliseconds
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def open_files(pids: Iterable[int]) -> int:
    """How many files, sockets and pipes processes have open, those that they share counted once; Linux only."""
    found = set()
    for pid in pids:
        folder = f"/proc/{pid}/fd"
        with contextlib.suppress(OSError):
            for number in os.listdir(folder):
                with contextlib.suppress(OSError):
                    found.add(os.readlink(f"{folder}/{number}"))
    return len(found)


def files_in_scratch(pid: int) -> int:
    """How many files the file systems hold on which a process, in a sandbox perhaps, has its /tmp and /dev/shm."""
    count = 0
    for folder in ("/tmp", "/dev/shm"):
        with contextlib.suppress(OSError, AttributeError):
            system = os.statvfs(f"/proc/{pid}/root{folder}")
            count += system.f_files - system.f_ffree
    return count


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


def end_strays(known: set[int]) -> dict[int, int]:
    """Kill and reap every child of this process that is not in `known`; return their ids and wait statuses.

    With `adopt_orphans`, what a learner's process left behind (a daemon that made its own session, too) becomes a
    child of this process when its parent dies, so this finds all of it.
    """
    ended: dict[int, int] = {}
    until = time.monotonic() + 2.0
    while time.monotonic() < until:
        strays = children(os.getpid()) - known
        if not strays:
            break
        for stray in strays:
            end_tree(stray)
            try:
                pid, status = os.waitpid(stray, 0)
            except OSError:
                continue
            ended[pid] = status
    return ended


def _send(pid: int, signal_number: int) -> None:
    try:
        if pid < 0:
            os.killpg(-pid, signal_number)
        else:
            os.kill(pid, signal_number)
    except OSError:
        pass
