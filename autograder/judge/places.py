"""Where learner code is: the file or notebook cell, the line, and the very call on it.

Runs in the learner's process; everything it returns is plain data.
"""

from __future__ import annotations

import ast
import asyncio
import linecache
import sys
import threading
from types import CodeType, CoroutineType, FrameType
from typing import Any

from autograder.judge.plain import NotPlain, encode

MAX_FRAMES = 6
"""Frames of learner code in one report: the innermost ones. More is a recursion, and says nothing new."""


class Sources:
    """The learner's source texts, by the file names that their code objects carry."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}

    def add(self, filename: str, label: str, text: str) -> None:
        """Make one text known under the name in its code objects; `label` is what a learner calls it."""
        self._labels[filename] = label
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)

    def place(self, code: CodeType, instruction: int, line: int | None) -> dict[str, Any] | None:
        """The place of one instruction in learner code as plain data, or None where the code is not the learner's."""
        label = self._labels.get(code.co_filename)
        if label is None or line is None:
            return None
        return {
            "file": label,
            "line": line,
            "function": code.co_name,
            "source": linecache.getline(code.co_filename, line).strip()[:200],
            "call": _expression(code, instruction)[:120],
        }

    def of_frame(self, frame: FrameType | None) -> list[dict[str, Any]]:
        """Learner places of a stack, outermost first, from its innermost frame."""
        places = []
        while frame is not None:
            places.append(self.place(frame.f_code, frame.f_lasti, frame.f_lineno))
            frame = frame.f_back
        return [place for place in places if place is not None][:MAX_FRAMES][::-1]

    def of_error(self, error: BaseException) -> dict[str, Any]:
        """An exception as plain data: type, the types it is, its text, and the learner places it went through."""
        places = []
        trace = error.__traceback__
        while trace is not None:
            places.append(self.place(trace.tb_frame.f_code, trace.tb_lasti, trace.tb_lineno))
            trace = trace.tb_next
        return {
            "type": _name_of(type(error)),
            "mro": [full_name(cls) for cls in type(error).__mro__][:20],
            "message": _text_of(error),
            "errno": error.errno if isinstance(error, OSError) and isinstance(error.errno, int) else None,
            "places": [place for place in places if place is not None][-MAX_FRAMES:],
        }

    def waiting(self) -> list[dict[str, Any]]:
        """Where every thread and every asyncio task of this process is in learner code; the main thread first."""
        frames = sys._current_frames()
        main = threading.main_thread().ident
        found: list[dict[str, Any]] = []
        for ident in sorted(frames, key=lambda ident: ident != main):
            places = self.of_frame(frames[ident])
            tasks = self._tasks(frames[ident])
            who = "" if ident == main else "thread"
            if tasks:
                found.extend({"who": "task", "places": task} for task in tasks)
            elif places:
                found.append({"who": who, "places": places})
        return found[:MAX_FRAMES]

    def _tasks(self, frame: FrameType | None) -> list[list[dict[str, Any]]]:
        # A thread inside an event loop has the loop as `self` of run_forever; its tasks know where they wait.
        while frame is not None and frame.f_code.co_name != "run_forever":
            if frame.f_code.co_filename in self._labels:
                return []  # the loop runs learner code at this moment, and the thread's own stack says where
            frame = frame.f_back
        if frame is None:
            return []
        loop = frame.f_locals.get("self")
        found = []
        for task in asyncio.all_tasks(loop) if isinstance(loop, asyncio.AbstractEventLoop) else ():
            stack = [self.place(item.f_code, item.f_lasti, item.f_lineno) for item in _suspended(task)]
            places = [place for place in stack if place is not None]
            if places:
                found.append(places)
        # The innermost coroutine is the one that waits: the deepest stacks say most.
        return sorted(found, key=lambda places: places[-1]["line"])


def _suspended(task: asyncio.Task[Any]) -> list[FrameType]:
    """The frames of a waiting task, from its outermost coroutine to the innermost; get_stack has the first alone."""
    frames = []
    coroutine: Any = task.get_coro()
    while isinstance(coroutine, CoroutineType) and coroutine.cr_frame is not None:
        frames.append(coroutine.cr_frame)
        coroutine = coroutine.cr_await
    return frames


def _expression(code: CodeType, instruction: int) -> str:
    """The source text of one instruction: the call that is running, as the learner wrote it."""
    positions = list(code.co_positions())
    try:
        first, last, start, end = positions[instruction // 2]
    except IndexError:
        return ""
    if first is None or last != first or start is None or end is None:
        return ""
    line = linecache.getline(code.co_filename, first).encode()
    text = line[start:end].decode(errors="replace").strip()
    try:
        ast.parse(text.removeprefix("await "), mode="eval")
    except (SyntaxError, ValueError):
        return ""
    return text


def _name_of(kind: type[BaseException]) -> str:
    """``ValueError``, but ``struct.error``: as it would be written in an except line."""
    return kind.__name__ if kind.__module__ in ("__main__", "answer") else full_name(kind)


def full_name(kind: type) -> str:
    """The name of a class with its module, where that is not `builtins`: tells ValueError from a learner's own."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _text_of(error: BaseException) -> str:
    # str(error) runs the learner's __str__, which may do anything; whatever it does stays in this process.
    try:
        text = str(error)
        encode(text)
    except NotPlain:
        return ""
    except Exception:
        return type(error).__name__
    return text[:2000]


def read_error(error: Any) -> dict[str, Any]:
    """What `Sources.of_error` made, field by field, after its way through a process that may send anything.

    Raises:
        ValueError, TypeError, KeyError: it is something else.
    """
    number = error["errno"]
    return {
        "type": str(error["type"])[:200],
        "mro": [str(name) for name in error["mro"]],
        "message": str(error["message"])[:2000],
        "errno": int(number) if number is not None else None,
        "places": read_places(error["places"]),
    }


def read_waiting(waiting: Any) -> list[dict[str, Any]]:
    """What `Sources.waiting` made; errors as `read_error`."""
    return [{"who": str(item["who"]), "places": read_places(item["places"])} for item in waiting]


def read_places(places: Any) -> list[dict[str, Any]]:
    """What `Sources.of_frame` made; errors as `read_error`."""
    return [
        {"line": int(place["line"])} | {key: str(place[key])[:300] for key in ("file", "function", "source", "call")}
        for place in places
    ][:MAX_FRAMES]
