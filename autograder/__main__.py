"""The command line: ``python -m autograder check EXERCISE FILE.py``, ``doctor``, ``list``."""

import io
import sys

from autograder.cli import main

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a letter shows its number instead
            stream.reconfigure(errors="backslashreplace")
    raise SystemExit(main())
