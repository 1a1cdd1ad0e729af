"""The words for what went wrong with a learner's code: which voice speaks, and the GOT of its report.

Four voices never mix: your code is wrong; no answer in time, waiting in this call; the grader broke; not run,
because of another requirement.
"""

from __future__ import annotations

import errno
import traceback
from typing import Any, NamedTuple

from autograder.judge import limits
from autograder.judge.exercise import Exercise
from autograder.judge.failures import Ended, NotPlainAnswer, Raised, Silent, WrongAnswer
from autograder.loopback import EarlyEnd, NoAnswer, NotTaken, TooMuch
from autograder.report import Outcome
from autograder.wire import compare, quote

_KINDS = {
    "function": "a plain function (def)",
    "async function": "an async function (async def)",
    "class": "a class",
}


class Explanation(NamedTuple):
    """A voice, and what it says."""

    outcome: Outcome
    got: str


def explain(error: BaseException) -> Explanation:
    """Explain an exception that ended a requirement's test.

    Everything that is not known to be the learner's doing is the grader's.
    """
    match error:
        case Raised():
            wanted = f"{error.wanted} must be raised; it raised " if error.wanted else ""
            return Explanation("wrong", wanted + raised(error.error))
        case Silent():
            return Explanation(
                "no answer", f"no answer from {error.call} after {error.seconds:.1f} s; {waiting(error)}"
            )
        case Ended():
            return Explanation("wrong", f"{error.call} gave no answer: {error.how}")
        case NotPlainAnswer():
            return Explanation("wrong", _not_plain(error))
        case WrongAnswer():
            return Explanation("wrong", error.got)
        case NoAnswer():
            return Explanation("no answer", f"{_came(error)}, and nothing more in {error.elapsed:.1f} s{_where(error)}")
        case NotTaken():
            return Explanation(
                "no answer",
                f"your side took {error.taken:,} of {error.wanted:,} bytes in {error.elapsed:.1f} s{_where(error)}",
            )
        case TooMuch():
            return Explanation("wrong", f"more than {error.limit:,} bytes came, and there was no end in sight")
        case EarlyEnd():
            return Explanation("wrong", f"{_came(error)}, then your side closed the connection")
        case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            return Explanation(
                "wrong",
                "your side reset the connection: it was closed while bytes were still coming that nobody had read, "
                "or its process ended",
            )
        case ConnectionRefusedError():
            return Explanation("wrong", "the connection was refused: nobody listens there")
    return Explanation("grader broke", "".join(traceback.format_exception(error))[-2000:])


def raised(error: dict[str, Any]) -> str:
    """An exception of learner code: what it means, where it came from."""
    name, text = str(error["type"]), str(error["message"])
    mro = error["mro"]
    if "NotImplementedError" in mro:
        sentence = "not implemented yet: it raised NotImplementedError"
    elif "SystemExit" in mro:
        sentence = "it called exit() (SystemExit), which ends the whole program; return from the function instead"
    elif "KeyboardInterrupt" in mro:
        sentence = "it raised KeyboardInterrupt"
    elif "RecursionError" in mro:
        sentence = "it called itself without end (RecursionError)"
    elif "MemoryError" in mro:
        sentence = (
            f"it asked for more memory than it may have, {limits.Limits().memory // limits.MIB} MiB (MemoryError)"
        )
    elif error["errno"] == errno.EMFILE:
        sentence = (
            f"it had more than {limits.Limits().open_files} files and sockets open at once ({name}: {text}); "
            "are they closed?"
        )
    else:
        sentence = f"{name}: {text}" if text else f"it raised {name}"
    places = error["places"]
    return f"{sentence}\n{place(places[-1])}" if places else sentence


def waiting(silent: Silent) -> str:
    """Where code that gives no answer is, and whether it waits or computes."""
    if silent.waiting is None:
        return "its process did not even say where it is: one very long operation?"
    places = silent.waiting[0]["places"] if silent.waiting else []
    if not places:
        return "none of your code was running"
    innermost = places[-1]
    if silent.computing:
        return f"it was computing without a pause (a loop that never ends?)\n{place(innermost)}"
    return f"waiting in {innermost['call'] or innermost['source']}\n{place(innermost)}"


def place(where: dict[str, Any]) -> str:
    """One place in learner code: ``cell [5], line 7: data = conn.recv(4096)``."""
    return f"{where['file']}, line {where['line']}: {where['source']}"


def wrong_shape(exercise: Exercise, shape: dict[str, Any]) -> str:
    """Why an object is not what the exercise asks for; an empty string when it is."""
    asked = f"{exercise.name} must be {_KINDS[exercise.kind]}, written {exercise.signature}"
    if not shape.get("found"):
        names = [name for name in shape.get("names", []) if isinstance(name, str)]
        there = f"; it defines {', '.join(names[:8])}" if names else "; it defines no function"
        return f"The file has no {exercise.name}{there}. {asked}."
    if not shape.get("callable"):
        return f"{asked}. You gave {shape.get('type')}."
    if shape.get("kind") != exercise.kind:
        kind = _KINDS.get(str(shape.get("kind")), "something else")
        advice = {
            (
                "function",
                "async function",
            ): "Write def, not async def: the check calls it and takes what it returns.",
            ("async function", "function"): "Write async def: the check awaits it.",
            ("function", "class"): "Write def, not class: the check calls it and takes what it returns.",
        }.get((exercise.kind, str(shape.get("kind"))), "")
        return f"{asked}. Yours is {kind}. {advice}".strip()
    if shape.get("generator"):
        return f"{asked}. Yours is a generator: it has yield in it. Return the answer instead."
    takes, asked_for = shape.get("takes"), len(exercise.parameters)
    if isinstance(takes, list) and len(takes) == 2:
        least, most = takes
        if least > asked_for or (most is not None and most < asked_for):
            return (
                f"{asked}: the check calls it with {asked_for} argument{'s' * (asked_for != 1)}. "
                f"Yours is {shape.get('signature')}, which can't be called so."
            )
    return ""


def difference(got: object, expected: object) -> str:
    """How an answer differs from the one expected, in lines; bytes with a caret under the first wrong one."""
    if isinstance(got, bytes | bytearray) and isinstance(expected, bytes | bytearray):
        found = compare(bytes(expected), bytes(got))
        if found is not None:
            return f"{found.sentence}\n{found.text()}"
    if type(got) is not type(expected) and not _both_numbers(got, expected):
        return f"expected {_typed(expected)}\ngot      {_typed(got)}"
    if isinstance(got, dict) and isinstance(expected, dict):
        return _dictionaries(got, expected)
    return f"expected {_short(expected)}\ngot      {_short(got)}"


def _dictionaries(got: dict[Any, Any], expected: dict[Any, Any]) -> str:
    lines = [f"{key!r} is missing" for key in expected if key not in got]
    lines += [f"{key!r} is too many" for key in got if key not in expected]
    for key in expected:
        if key in got and (got[key] != expected[key] or type(got[key]) is not type(expected[key])):
            lines.append(f"{key!r}: expected {_short(expected[key])}, got {_short(got[key])}")
    return "\n".join(lines[:5] + ([f"... and {len(lines) - 5} keys more"] if len(lines) > 5 else []))


def _where(error: BaseException) -> str:
    return f"; {waiting(error.__cause__)}" if isinstance(error.__cause__, Silent) else ""


def _came(error: NoAnswer | EarlyEnd) -> str:
    count = len(error.partial)
    of = f" of {error.wanted}" if error.wanted is not None else ""
    shown = f": {quote(error.partial)}" if error.partial else ""
    return f"{count}{of} byte{'s' * ((error.wanted or count) != 1)} came{shown}"


def _not_plain(error: NotPlainAnswer) -> str:
    if error.type_name == "coroutine":
        return "it returned a coroutine that nobody awaited; is an await missing?"
    where = f"; {error.where} is of that type" if error.where else ""
    return (
        f"it returned something that can't travel to the judge: {error.why}{where}. "
        "An answer is made of bytes, str, numbers, lists, tuples and dicts"
    )


def _both_numbers(got: object, expected: object) -> bool:
    return isinstance(got, int | float) and isinstance(expected, int | float) and bool is not type(got)


def _typed(value: object) -> str:
    return "None" if value is None else f"{type(value).__name__} {_short(value)}"


def _short(value: object) -> str:
    if isinstance(value, bytes):
        return quote(value)
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:120]} ... {text[-60:]}"
