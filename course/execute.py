"""Run lessons and keep their outputs: `python course/execute.py course/01-osi-model.ipynb …`.

The notebook is run in its own folder, as JupyterLab and nbval do, and written back with
its outputs. What differs from machine to machine is taken out first: live widget views
(the still picture beside them stays), timings, and paths. A path that is left over, an
unexpected error or text on standard error is reported, and the file is left as it was.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
REPOSITORY = Path(__file__).resolve().parent.parent


def execute(path: Path) -> list[str]:
    """Run one notebook and write its outputs.

    Args:
        path: the notebook; cells tagged `raises-exception` may fail.

    Returns:
        Sentences about what must not be committed; the notebook was written if there are none.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.resolve().parent)}},
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return [f"{path.name}: a cell failed.\n{error}"]
    clean(notebook)
    troubles = [f"{path.name}: {trouble}" for trouble in find_troubles(notebook)]
    if not troubles:
        nbformat.write(notebook, path)
    return troubles


def clean(notebook: Any) -> None:
    """Take out of a run notebook what would differ on the next machine."""
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict({"kernelspec": kernel, "language_info": {"name": "python"}})
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for index, output in enumerate(cell.get("outputs", [])):
            output.get("data", {}).pop(WIDGET_VIEW, None)
            cell.outputs[index] = nbformat.from_dict(without_paths(output))


def without_paths(value: Any) -> Any:
    """The same plain data with paths of this machine shortened in every string."""
    if isinstance(value, dict):
        return {key: without_paths(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_paths(item) for item in value]
    if not isinstance(value, str):
        return value
    value = re.sub(r"(/\w+)*/ipykernel_\d+/\d+\.py", "<cell>", value)
    for prefix, name in machine_paths():
        value = value.replace(prefix, name)
    return value


def machine_paths() -> list[tuple[str, str]]:
    """(prefix, what stands for it), longest prefix first."""
    home = os.path.expanduser("~")
    known = [
        (sys.prefix, "<python>"),
        (os.path.join(sys.base_prefix, "lib"), "<python>"),
        (f"{REPOSITORY}{os.sep}", ""),
    ]
    if len(home) > 1:
        known.append((f"{home}{os.sep}", f"~{os.sep}"))
    return sorted(known, key=lambda pair: -len(pair[0]))


def find_troubles(notebook: Any) -> list[str]:
    """What should not be committed, one sentence each."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            text = json.dumps(output)
            if output.get("name") == "stderr":
                found.append(f"cell {cell.id} writes to standard error: {output.text.strip()[:200]}")
            if path := re.search(r"[^\w<](/(?:home|Users|tmp|work|root)/[^\s\"']*)", text):
                found.append(f"an output of cell {cell.id} names a path: {path.group(1)}")
            if address := re.search(r" at 0x[0-9a-f]{6,}>", text):
                found.append(f"an output of cell {cell.id} has a memory address:{address.group(0)}")
    return found


def main(arguments: list[str]) -> int:
    """Run the notebooks named; 0 if all were written."""
    if not arguments:
        print("Usage: python course/execute.py NOTEBOOK…")
        return 2
    failed = False
    for argument in arguments:
        troubles = execute(Path(argument))
        failed = failed or bool(troubles)
        print("\n".join(troubles) if troubles else f"{argument}: run and written")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
