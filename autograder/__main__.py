"""The command line: ``python -m autograder check EXERCISE FILE.py``, ``doctor``, ``list``."""

from autograder.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
