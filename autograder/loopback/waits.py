"""One factor for every wait, so that a slow machine is configured in one place."""

import math
import os

VARIABLE = "AUTOGRADER_TIME_FACTOR"


def factor() -> float:
    """The number that every wait is multiplied by: AUTOGRADER_TIME_FACTOR from the environment, 1 when it is
    not set.

    Raises ValueError, naming the variable and what it holds, when that is not a number above 0.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return 1.0
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ValueError(
            f"{VARIABLE} is {text!r}, but it must be a number above 0: "
            f"set it to 3 on a slow machine, or unset it for the normal waits"
        )
    return value


def seconds(x: float) -> float:
    """A wait of `x` seconds, scaled for this machine by `factor()`."""
    return x * factor()
