"""Learn network programming with internet sockets: the autograder.

``from autograder import check`` in a notebook, ``python -m autograder check EXERCISE FILE.py`` in a terminal.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.notebook import check

__all__ = ["check"]


def __getattr__(name: str) -> Any:
    # Importing `check` starts a judge in a notebook; a lesson that only uses autograder.wire must not pay for it.
    if name == "check":
        from autograder.notebook import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
