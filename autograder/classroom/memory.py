"""Keeps the grader's memory from growing with the class. Nothing is kept of a submission, but the C library keeps what
was freed, in pieces, for each thread apart: of every hundred submissions a megabyte more. For glibc; elsewhere nothing
is done.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Any

_C: Any = ctypes.CDLL(None) if sys.platform == "linux" else None


def share_one_arena() -> None:
    """Let all threads allocate from the same memory (M_ARENA_MAX, mallopt(3)); before there are many threads."""
    if hasattr(_C, "mallopt"):
        m_arena_max = -8
        _C.mallopt(m_arena_max, 1)


def give_back() -> None:
    """Give memory that is free, or that only cycles of garbage hold, back to the system (malloc_trim(3))."""
    gc.collect()
    if hasattr(_C, "malloc_trim"):
        _C.malloc_trim(0)
