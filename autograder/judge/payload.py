"""Packs a learner's object in the kernel (or a file's text) for the journey to the learner's process.

The result is plain data with the pickle as bytes inside; nobody but the learner's process opens those bytes.
"""

from __future__ import annotations

import inspect
import io
import linecache
import opcode
import os
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import cloudpickle

MAX_SOURCES = 200
"""Source texts that travel along: the cells of a long notebook, each edited a few times."""


# What the body of a class inside a function uses is read by another instruction than what functions use, and
# cloudpickle looks for the latter only: a model with `name: str = Field(…)` in make_app would arrive without Field.
cloudpickle.cloudpickle.GLOBAL_OPS = (*cloudpickle.cloudpickle.GLOBAL_OPS, opcode.opmap["LOAD_NAME"])


class CannotTravel(TypeError):
    """The object, or something that it uses, can't be packed; the text names the variable and the cure."""


def pack_object(thing: Any) -> dict[str, Any]:
    """Pack a function or class with everything it uses, by value where it is defined in the notebook.

    Raises:
        CannotTravel: something that it uses can't be pickled.
    """
    try:
        data = _dumps(thing)
    except Exception as error:
        raise CannotTravel(_why(thing, error)) from error
    return {"form": "pickle", "data": data, "sources": _cell_sources(), "path": _import_path()}


def pack_file(path: Path, text: str) -> dict[str, Any]:
    """Pack the text of a program file; it is run, as an import would, in the learner's process only."""
    return {
        "form": "source",
        "sources": {path.name: [path.name, text]},
        "path": [str(path.resolve().parent), *_import_path()],
    }


class _Pickler(cloudpickle.CloudPickler):
    def reducer_override(self, obj: Any) -> Any:
        # IPython's own exit and quit hold the whole shell; what a learner means by them is Python's.
        if type(obj).__name__ in ("ExitAutocall", "ZMQExitAutocall"):
            return getattr, (sys, "exit")
        if isinstance(obj, types.CodeType):
            return _code(obj)
        return super().reducer_override(obj)


def _code(code: types.CodeType) -> tuple[Any, ...]:
    """What cloudpickle makes of code, with the name of its file, by which its source text is found.

    cloudpickle leaves that name out from 3.1.3 on, so that the same code always gives the same bytes.
    """
    make, arguments = cloudpickle.cloudpickle._code_reduce(code)
    return make, tuple(code.co_filename if argument == "<dynamic-code>" else argument for argument in arguments)


def _dumps(thing: Any) -> bytes:
    file = io.BytesIO()
    _Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump(thing)
    return file.getvalue()


def _import_path() -> list[str]:
    return [os.path.abspath(entry) for entry in sys.path if entry in ("", ".") or os.path.isdir(entry)]


def _cell_sources() -> dict[str, list[str]]:
    """The texts of notebook cells by the file names in their code objects, with the label ``cell [5]``."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return _main_sources()
    numbers: dict[str, int] = getattr(shell.compile, "_filename_map", {})
    found = {}
    for filename in list(numbers)[-MAX_SOURCES:]:
        lines = linecache.getlines(filename)
        if lines:
            found[filename] = [f"cell [{numbers[filename]}]", "".join(lines)]
    return found


def _main_sources() -> dict[str, list[str]]:
    main = sys.modules.get("__main__")
    filename = getattr(main, "__file__", None)
    lines = linecache.getlines(filename) if filename else []
    return {filename: [os.path.basename(filename), "".join(lines)]} if filename and lines else {}


def _why(thing: Any, error: Exception) -> str:
    culprit = _culprit(thing, getattr(thing, "__name__", "it"), 0, set())
    if culprit is None:
        return f"{thing.__name__} can't be sent to its own process ({type(error).__name__}: {error})."
    owner, variable, value = culprit
    return (
        f"{owner} uses {variable}, which is {_what(value)}, and that can't be sent to the process in which "
        f"the check runs your code. Make it inside {owner}, or pass it in as an argument."
    )


def _culprit(thing: Any, owner: str, depth: int, seen: set[int]) -> tuple[str, str, Any] | None:
    """The first variable used by a function (or a class's methods) that can't be pickled: owner, variable, value."""
    if depth > 4 or id(thing) in seen:
        return None
    seen.add(id(thing))
    if inspect.isclass(thing):
        used = {
            f"{owner}.{name}": value
            for name, value in vars(thing).items()
            if isinstance(value, types.FunctionType) or not name.startswith("__")
        }
    elif isinstance(thing, types.FunctionType):
        closure = inspect.getclosurevars(thing)
        used = {**closure.globals, **closure.nonlocals}
        signature = inspect.signature(thing)
        used |= {name: parameter.default for name, parameter in signature.parameters.items()}
    else:
        return None
    last_resort = None
    for name, value in used.items():
        if id(value) in seen:
            continue  # it calls itself, or the one that calls it
        try:
            _dumps(value)
        except Exception:
            found = _culprit(value, name, depth + 1, seen)
            if found is not None or not isinstance(value, types.FunctionType | type):
                return found or (owner, name, value)
            last_resort = last_resort or (owner, name, value)
    return last_resort


def _what(value: Any) -> str:
    name = type(value).__name__
    known = {
        "socket": "an open socket",
        "Thread": "a thread",
        "lock": "a lock",
        "RLock": "a lock",
        "TextIOWrapper": "an open file",
        "BufferedReader": "an open file",
        "generator": "a running generator",
    }
    return known.get(name, f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name} object")
