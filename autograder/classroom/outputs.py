"""The outputs of a cell, as the grader keeps and adds to them."""

from __future__ import annotations

import nbformat
from nbformat import NotebookNode

OUTPUT = 1024 * 1024
"""Characters of output kept for a cell."""

FLOOD = 64 * OUTPUT
"""Characters of output after which the kernel is ended."""


def merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs with all of one stream in one, as a terminal would show it after its carriage returns.

    What nbclient has for that, coalesce_streams, takes hours for one line of a million characters (nbclient 0.11).
    """
    made: list[NotebookNode] = []
    streams: dict[str, list[str]] = {}
    for output in outputs:
        if output.output_type != "stream" or output.name not in streams:
            made.append(output)
        if output.output_type == "stream":
            streams.setdefault(output.name, []).append(output.text)
    for output in made:
        if output.output_type == "stream":
            lines = "".join(streams[output.name]).replace("\r\n", "\n").split("\n")
            output.text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
    return made


def note(sentence: str) -> NotebookNode:
    """A line of the grader's among what a cell printed."""
    return nbformat.v4.new_output("stream", name="stdout", text=f"[{sentence}]\n")


def error(name: str, sentence: str) -> NotebookNode:
    """An error of a cell, in the grader's words."""
    return nbformat.v4.new_output("error", ename=name, evalue=sentence, traceback=[sentence])
