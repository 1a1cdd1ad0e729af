"""A real IPython kernel, as JupyterLab starts it, and what a cell leaves in the notebook."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
from jupyter_client.manager import start_new_kernel

from autograder.judge import limits


@dataclass
class Outputs:
    """The outputs of one cell."""

    result: str | None = None
    text: str = ""
    html: str = ""
    stdout: str = ""
    stderr: str = ""
    error: str = ""
    seconds: float = 0.0


@dataclass
class Kernel:
    """A kernel that runs cells."""

    manager: Any
    client: Any
    cells: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """The kernel's process id."""
        return int(self.manager.provisioner.process.pid)

    def run(self, code: str) -> Outputs:
        """Run one cell to its end."""
        return self.finish(self.start(code))

    def start(self, code: str) -> str:
        """Start one cell; `finish` takes what is returned."""
        return str(self.client.execute(code))

    def finish(self, message_id: str, timeout: float = 60.0) -> Outputs:
        """Wait for the end of a cell and return its outputs."""
        started = time.monotonic()
        outputs = Outputs()
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "execute_result":
                    outputs.result = content["data"]["text/plain"]
                case "display_data" | "update_display_data":
                    outputs.text = content["data"].get("text/plain", "")
                    outputs.html = content["data"].get("text/html", "")
                case "stream":
                    setattr(outputs, content["name"], getattr(outputs, content["name"]) + content["text"])
                case "error":
                    outputs.error = "\n".join(content["traceback"])
                case "status" if content["execution_state"] == "idle":
                    outputs.seconds = time.monotonic() - started
                    return outputs

    def below(self) -> set[int]:
        """The processes below the kernel."""
        return limits.descendants(self.pid)

    def sockets(self) -> int:
        """How many sockets the kernel has open."""
        return len(psutil.Process(self.pid).net_connections("all"))


@contextmanager
def fresh_kernel() -> Iterator[Kernel]:
    """A new kernel, ready to run cells; ended with the context."""
    manager, client = start_new_kernel(kernel_name="python3", stderr=subprocess.DEVNULL)
    try:
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
