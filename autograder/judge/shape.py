"""The shape of what a learner handed in: its kind and its parameters, as plain data. Nothing of it is called."""

from __future__ import annotations

import inspect
from typing import Any, Literal

Kind = Literal["function", "async function", "class"]


def kind_of(thing: object) -> Kind:
    """Which of the three kinds of contract a function or class is."""
    if inspect.isclass(thing):
        return "class"
    return "async function" if inspect.iscoroutinefunction(thing) else "function"


def shape_of(answer: Any, name: str, names: list[str]) -> dict[str, Any]:
    """Describe an answer.

    Args:
        answer: what the name stands for; None where it is not there.
        name: the exercise's.
        names: what else the answer's file defines, for a suggestion.

    Returns:
        ``found``, and then either ``names``, or ``callable``, ``type`` and, for a callable, ``kind``, ``generator``,
        ``signature`` (its text) and ``takes`` (the least and the most positional arguments; None: any number).
    """
    if answer is None:
        return {"found": False, "names": names[:50]}
    shape: dict[str, Any] = {"found": True, "callable": callable(answer), "type": type(answer).__name__}
    if not callable(answer):
        return shape
    shape |= {"kind": kind_of(answer), "generator": inspect.isgeneratorfunction(answer), "signature": None}
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):
        return shape
    without_types = signature.replace(
        parameters=[parameter.replace(annotation=parameter.empty) for parameter in signature.parameters.values()],
        return_annotation=signature.empty,
    )
    return shape | {"signature": f"{name}{without_types}"[:200], "takes": _positional_counts(signature)}


def _positional_counts(signature: inspect.Signature) -> list[int | None]:
    least, most = 0, 0
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            return [least, None]
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            most += 1
            least += parameter.default is parameter.empty
        elif parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            return [1000, 1000]  # can't be called with positional arguments at all
    return [least, most]
