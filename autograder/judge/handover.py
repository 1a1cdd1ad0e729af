"""Runs in the notebook's kernel when a class is graded: packs the function that a check cell names.

Whatever comes out of here was made by a process that learner code owns; only a learner process opens it.
"""

from __future__ import annotations

import base64
from typing import Any

from autograder.judge import plain
from autograder.judge.payload import pack_object


def hand_over(names: dict[str, Any], name: str) -> str:
    """Pack what the notebook calls `name`.

    Args:
        names: the notebook's variables.
        name: the exercise: also the function's or class's name.

    Returns:
        The payload as `plain` encodes it, in base64.

    Raises:
        LookupError: there is nothing of that name.
        CannotTravel: it, or something that it uses, can't be packed.
    """
    if name not in names:
        raise LookupError(f"There is no {name} in this notebook: the cell that defines it is empty, or it failed.")
    return base64.b64encode(plain.encode(pack_object(names[name]))).decode()
