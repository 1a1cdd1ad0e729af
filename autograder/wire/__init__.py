"""Bytes for people: transcripts, hexadecimal views, differences with a caret. Nothing here opens a socket.

`autograder.wire.dissect` reads captured frames and is imported by its own name.
"""

from autograder.wire.difference import Difference, compare
from autograder.wire.hexdump import HexView, Mark, hexview
from autograder.wire.quoting import quote
from autograder.wire.transcript import Event, Transcript

__all__ = ["Difference", "Event", "HexView", "Mark", "Transcript", "compare", "hexview", "quote"]
