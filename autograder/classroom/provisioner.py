"""A `jupyter_client` kernel provisioner: starts a kernel in the sandbox and watches what it uses.

pyproject.toml registers it as ``learner-sandbox`` among the entry points ``jupyter_client.kernel_provisioners``.
`kernel_manager` makes a manager for one kernel with it: transport ipc, for the kernel's network is not ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Bool, Instance, Unicode

from autograder.classroom.sandbox import Sandbox
from autograder.classroom.warm import WarmSandbox
from autograder.judge import limits
from autograder.judge.starting import Started
from autograder.loopback.waits import seconds as scaled

NAME = "learner-sandbox"

MAX_MESSAGE = 32 * limits.MIB
"""Bytes of one message that a kernel may send: twice what an answer may be when it is packed. Larger ones end it."""

MEMORY = 2048 * limits.MIB
"""Bytes of memory (resident) of a kernel with everything that it started."""

PROCESSES = 64
"""Processes of a kernel with everything that it started."""

OPEN_IN_ALL = 2048
"""Files, sockets and pipes that these have open: what lies in their buffers is no process's memory."""

FILES = 10_000
"""Files in a sandbox's own folders: each takes a kilobyte of the system's memory, however little is in it."""

CHANNEL_FILES = 8
"""Files in the folder of the kernel's channels: five sockets, the connection file, and one that is replaced."""

LOOK_EVERY = 0.25
"""Seconds between two looks at what a kernel uses: a look takes milliseconds, and the kernel of a submission is there
for as long as its checks run."""


class SandboxProvisioner(LocalProvisioner):
    """Starts a local kernel behind the command prefix of `Sandbox.kernel`, and ends everything with it."""

    locked = Bool(True)
    files = Unicode()
    channels = Unicode()
    warm = Instance(WarmSandbox, allow_none=True)
    crossed = ""
    """Which limit the kernel crossed, as a sentence; we ended it then."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Put the sandbox before the kernel's command."""
        kwargs = await super().pre_launch(**kwargs)
        if self.warm is not None:
            return kwargs
        prefix = Sandbox(self.locked).kernel(Path(self.files), Path(self.channels))
        kwargs["cmd"] = [*prefix, *kwargs["cmd"]]
        # What goes past the kernel's own channels goes nowhere: it could fill a terminal or a log.
        kwargs |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if not self.locked:
            kwargs["cwd"] = self.files
        return kwargs

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start it, and the watch."""
        if self.warm is None:
            info = await super().launch_kernel(cmd, **kwargs)
            assert self.pid is not None
            self._root = self.pid
        else:
            started, self._root = self.warm.start(cmd[cmd.index("ipykernel_launcher") + 1 :])
            self.process = cast(Any, _Forked(started))
            self.pid, info = started.pid, self.connection_info
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()
        return info

    async def send_signal(self, signum: int) -> None:
        """Kill the whole sandbox; other signals would reach bubblewrap and not the kernel."""
        if self.process is not None:
            self._over.set()
            if self.warm is None:
                limits.end_tree(self._root)
            else:
                self.warm.end()

    def end(self, because: str) -> None:
        """End the kernel with everything that it started, for a reason that `crossed` keeps."""
        self.crossed = self.crossed or because
        limits.end_tree(self._root)

    async def cleanup(self, restart: bool = False) -> None:
        """End the watch."""
        self._over.set()
        await super().cleanup(restart)

    def _watch(self) -> None:
        while not self._over.wait(LOOK_EVERY):
            below = limits.descendants(self._root) | {self._root}
            if limits.uses_more(below, MEMORY):
                because = f"the notebook used more than {MEMORY // limits.MIB} MiB of memory and was stopped"
            elif len(below) > PROCESSES:
                because = f"the notebook started more than {PROCESSES} processes and was stopped"
            elif limits.open_files(below) > OPEN_IN_ALL:
                because = f"the notebook had more than {OPEN_IN_ALL:,} files and sockets open and was stopped"
            elif self.locked and any(limits.files_in_scratch(pid) > FILES for pid in _inside(below)):
                because = f"the notebook made more than {FILES:,} files and was stopped"
            elif self.locked and _is_crowded(Path(self.channels)):
                because = "the notebook wrote into the folder of its kernel's channels and was stopped"
            else:
                continue
            self.end(because)
            return


def _inside(pids: Iterable[int]) -> list[int]:
    """One of these processes that has another root than we have; none before bubblewrap has made it."""
    ours = os.stat("/").st_dev
    for pid in pids:
        with suppress(OSError):
            if os.stat(f"/proc/{pid}/root/").st_dev != ours:
                return [pid]
    return []


class _Forked:
    """A forked kernel, as far as `LocalProvisioner` looks at a process that it started."""

    stdin = stdout = stderr = None

    def __init__(self, started: Started) -> None:
        self._started = started
        self.pid = started.pid

    def poll(self) -> int | None:
        """Its exit code; None if it goes on."""
        return self.wait() if self._started.over else None

    def wait(self) -> int:
        """Its exit code, at its end."""
        code = self._started.wait(scaled(5.0))
        return 1 if code is None else code


def _is_crowded(folder: Path) -> bool:
    """Is there more than a kernel puts there? The folder is the only one of ours that learner code can write to."""
    try:
        with os.scandir(folder) as found:
            entries = [(entry.is_dir(follow_symlinks=False), entry.stat(follow_symlinks=False)) for entry in found]
    except OSError:
        return False
    too_large = any(is_folder or about.st_size > limits.MIB for is_folder, about in entries)
    return too_large or len(entries) > CHANNEL_FILES


class _Manager(AsyncKernelManager):
    """Sends nothing to a kernel by itself; what is to be sent goes through the client, see `relay`."""

    def _connect_control_socket(self) -> None:
        pass

    async def _async_interrupt_kernel(self) -> None:  # before the kernel is killed
        pass


def kernel_manager(
    sandbox: Sandbox, files: Path, channels: Path, warm: WarmSandbox | None = None
) -> AsyncKernelManager:
    """A manager for one kernel of this Python in the sandbox.

    Args:
        files: a folder with what was handed in beside the notebook; becomes the working folder.
        channels: an empty folder of its own for sockets and the connection file; a short path, for the system
            allows 107 characters (unix(7)).
        warm: fork the kernel in this sandbox, whose files and channels these are.
    """
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
    context.setsockopt(zmq.LINGER, 0)
    manager = _Manager(
        kernel_name="python3",
        transport="ipc",
        ip=str(channels / "k"),
        connection_file=str(channels / "kernel.json"),
        context=context,
        shutdown_wait_time=0.0,
    )
    manager._kernel_spec = KernelSpec(
        # -P: a learner's file ipykernel_launcher.py in the home must not be what is started.
        argv=[sys.executable, "-P", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="Python 3",
        language="python",
        interrupt_mode="message",
        metadata={
            "kernel_provisioner": {
                "provisioner_name": NAME,
                "config": {
                    "locked": sandbox.locked,
                    "files": str(files),
                    "channels": str(channels),
                    "warm": warm,
                },
            }
        },
    )
    return manager
