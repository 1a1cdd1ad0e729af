"""The system calls that learner code may not make: a seccomp filter (seccomp(2)), as a file for `bwrap --seccomp`.

libseccomp writes it, since it knows each machine's call numbers and their second and third ways in. What is refused:

- memory that is no process's own, so that nobody who counts a process's memory sees it, and that outlives its process:
  files without a name, System V's shared memory and queues, POSIX message queues, keys, shared anonymous pages;
- a hand on other processes, the zygote above all: tracing it, reading its memory, taking its files, setting its limits
  or its priority;
- namespaces and mounts of its own, in which a program has rights that it has not got outside;
- kinds of sockets that a network namespace does not hold, such as those to a virtual machine's host (vsock(7));
- large parts of the kernel that no exercise needs, where mistakes were found often.

Threads, asyncio, subprocess, multiprocessing and servers do without all of these.
"""

from __future__ import annotations

import ctypes
import errno
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ALLOW = 0x7FFF_0000
"""SCMP_ACT_ALLOW, seccomp_init(3)."""

REFUSE = 0x0005_0000
"""SCMP_ACT_ERRNO: or it with the error number."""

LEFT_OUT = (
    # memory of nobody
    *("memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "semget", "msgget", "mq_open"),
    *("add_key", "request_key", "keyctl"),
    # other processes
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease"),
    *("pidfd_getfd", "kcmp", "migrate_pages", "move_pages", "ioprio_set"),
    # namespaces and mounts
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot"),
    *("move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"),
    # parts of the kernel
    *("bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("name_to_handle_at", "open_by_handle_at", "personality", "quotactl", "acct", "syslog", "vhangup"),
    *("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "swapon", "swapoff", "reboot"),
)
"""Calls refused altogether (EPERM)."""

NAMESPACES = 0x7E02_0000
"""The flags of clone(2) that make a namespace."""

MAP_SHARED_ANONYMOUS = 0x21
"""Flags of mmap(2), the same on x86 and Arm."""

FAMILIES = frozenset({socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, 16})
"""Address families that sockets may have; 16 is AF_NETLINK, by which the C library asks for interfaces."""

_Comparison = Literal["!=", "==", ">", "&"]
_COMPARISONS: dict[_Comparison, int] = {"!=": 1, "==": 4, ">": 6, "&": 7}


class NoFilter(Exception):
    """The filter can't be made here; the text says why."""


@dataclass(frozen=True)
class Refused:
    """One call that fails, with an error number, where all conditions on its arguments hold."""

    name: str
    error: int = errno.EPERM
    conditions: tuple[tuple[int, _Comparison, int, int], ...] = ()
    """Number of an argument, comparison, value; for ``&`` a mask and what must be left of the argument under it."""


def refused() -> Iterator[Refused]:
    """All that is refused."""
    for name in LEFT_OUT:
        yield Refused(name)
    # The C library takes clone instead, whose flags can be looked at; clone3's are behind a pointer.
    yield Refused("clone3", errno.ENOSYS)
    for bit in range(64):
        if NAMESPACES >> bit & 1:
            yield Refused("clone", errno.EPERM, ((0, "&", 1 << bit, 1 << bit),))
    yield Refused("mmap", errno.EPERM, ((3, "&", MAP_SHARED_ANONYMOUS, MAP_SHARED_ANONYMOUS),))
    # 0 is the caller itself; libraries name their own threads by number (ZeroMQ does), and 1 is the zygote.
    yield Refused("prlimit64", errno.EPERM, ((0, "!=", 0, 0),))
    for name in ("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"):
        yield Refused(name, errno.EPERM, ((0, "==", 1, 0),))
    yield Refused("setpriority", errno.EPERM, ((0, "!=", 0, 0),))
    yield Refused("setpriority", errno.EPERM, ((1, "!=", 0, 0),))
    for family in set(range(max(FAMILIES))) - FAMILIES:
        yield Refused("socket", errno.EAFNOSUPPORT, ((0, "==", family, 0),))
    yield Refused("socket", errno.EAFNOSUPPORT, ((0, ">", max(FAMILIES), 0),))
    netlink, route = 16, 0
    yield Refused("socket", errno.EPROTONOSUPPORT, ((0, "==", netlink, 0), (2, "!=", route, 0)))


def write_filter(path: Path, rules: Iterable[Refused] | None = None) -> None:
    """Write the filter's program for this machine.

    Args:
        path: of the file, which is made.
        rules: instead of `refused`.

    Raises:
        NoFilter: there is no libseccomp.
    """
    library = _library()
    context = library.seccomp_init(ALLOW)
    try:
        for rule in refused() if rules is None else rules:
            number = library.seccomp_syscall_resolve_name(rule.name.encode())
            if number == -1:
                continue  # newer than this libseccomp, or of no use on this machine
            comparisons = (_Argument * len(rule.conditions))(
                *(_Argument(which, _COMPARISONS[how], value, left) for which, how, value, left in rule.conditions)
            )
            result = library.seccomp_rule_add_array(
                context, REFUSE | rule.error, number, len(rule.conditions), comparisons
            )
            if result != 0:
                raise NoFilter(f"libseccomp can't refuse {rule.name}: error {-result}")
        with path.open("wb") as file:
            if library.seccomp_export_bpf(context, file.fileno()) != 0:
                raise NoFilter(f"libseccomp can't write {path}")
    finally:
        library.seccomp_release(context)


class _Argument(ctypes.Structure):
    """struct scmp_arg_cmp, seccomp_rule_add(3)."""

    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def _library() -> Any:
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError as error:
        raise NoFilter(f"the library libseccomp, version 2, is not installed ({error})") from None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(_Argument),
    ]
    library.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    return library
