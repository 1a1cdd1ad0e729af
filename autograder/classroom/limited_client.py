"""The client of a notebook's kernel: nbclient's, which believes a kernel, with limits on what is kept of its words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

from autograder.classroom.outputs import FLOOD, OUTPUT, merged, note


class LimitedClient(NotebookClient):
    """nbclient, with a limit on the output that it keeps."""

    def __init__(
        self, notebook: NotebookNode, manager: AsyncKernelManager, seconds: float, on_flood: Callable[[], None]
    ) -> None:
        super().__init__(
            notebook,
            km=manager,
            timeout=int(seconds),
            allow_errors=True,
            raise_on_iopub_timeout=False,
            store_widget_state=False,
            skip_cells_with_tag="",  # no tag of a learner's decides what is run
        )
        self._on_flood = on_flood
        self._kept = 0

    async def async_execute_cell(self, cell: NotebookNode, cell_index: int, *args: Any, **kwargs: Any) -> NotebookNode:
        self._kept = 0
        try:
            return await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        finally:
            cell.outputs = merged(cell.outputs)
            self._display_id_map.clear()  # it counts outputs as they were

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        if msg["msg_type"].startswith("comm"):
            return None  # widgets have nobody to talk to
        if msg["msg_type"] in ("stream", "display_data", "execute_result", "update_display_data", "error"):
            before = self._kept
            self._kept += len(repr(msg["content"]))
            if self._kept > FLOOD:
                self._on_flood()
            if self._kept > OUTPUT:
                if before <= OUTPUT:
                    cell.outputs.append(note(f"What this cell printed beyond {OUTPUT:,} characters was left out."))
                return None
        return super().process_message(msg, cell, cell_index)
