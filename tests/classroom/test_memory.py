"""What the C library keeps of freed memory, looked at from the system's side."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LIBC: Any = ctypes.CDLL(None) if sys.platform == "linux" else None

pytestmark = pytest.mark.skipif(not hasattr(LIBC, "malloc_trim"), reason="this is about glibc")

ROOT = Path(__file__).resolve().parents[2]

THREADS_THAT_ALLOCATE = """
import ctypes, sys, threading
from autograder.classroom import memory

if sys.argv[1] == "one arena":
    memory.share_one_arena()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
all_there, addresses = threading.Barrier(4), []


def allocate():
    all_there.wait()
    addresses.append(libc.malloc(1000))
    all_there.wait()


threads = [threading.Thread(target=allocate) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
heap = next(line.split()[0] for line in open("/proc/self/maps") if line.endswith("[heap]\\n"))
start, end = (int(text, 16) for text in heap.split("-"))
print(sum(not start <= address < end for address in addresses))
"""

FREED_IN_PIECES = """
import ctypes
import psutil
from autograder.classroom import memory

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
size = 100 * 1024  # larger blocks would not come from the heap
blocks = [libc.malloc(size) for _ in range(1000)]
for block in blocks:
    ctypes.memset(block, 1, size)
for number, block in enumerate(blocks):
    if number % 100 != 99:  # and the others hold the heap where it is
        libc.free(block)
before = psutil.Process().memory_info().rss
memory.give_back()
print(before - psutil.Process().memory_info().rss)
"""


def printed(program: str, *arguments: str) -> int:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_threads_share_one_arena() -> None:
    assert printed(THREADS_THAT_ALLOCATE, "as it is") > 0
    assert printed(THREADS_THAT_ALLOCATE, "one arena") == 0


def test_freed_memory_goes_to_the_system() -> None:
    assert printed(FREED_IN_PIECES) > 50 * 1024 * 1024
