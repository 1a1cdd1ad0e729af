"""What a process forked from a zygote does to become the kernel of a learner's notebook (`autograder.classroom`)."""

from __future__ import annotations

import os
import sys

# Nobody debugs a graded notebook, and importing the debugger takes longer than all else at a kernel's start.
sys.modules["debugpy"] = None  # type: ignore[assignment]

import ipykernel.kernelapp  # noqa: E402
from IPython.core.inputtransformer2 import TransformerManager  # noqa: E402

TransformerManager().transform_cell("pass")  # so that the patterns are compiled that every cell is read with


def main(arguments: list[str]) -> None:
    """Be a kernel until it is shut down.

    Args:
        arguments: of `ipykernel_launcher`: the connection file, options.
    """
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # what goes past the kernel's own channels goes nowhere
        os.dup2(nothing, number)
    os.closerange(3, 4096)
    sys.argv = ["ipykernel_launcher", *arguments]
    ipykernel.kernelapp.launch_new_instance(argv=arguments)
