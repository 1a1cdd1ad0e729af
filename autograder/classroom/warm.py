"""A sandbox that is used for one submission after the other, with everything imported: starting Python anew and
importing what a kernel needs takes longer than most notebooks run.

Its first process is the judge's zygote (`autograder.judge.zygote`), which never runs learner code and can't be traced
or signalled from inside. After each submission it ends every other process and empties every folder; where anything is
left, the sandbox is given up. A submission with files of its own gets a sandbox of its own.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from autograder.classroom.sandbox import Sandbox
from autograder.judge.starting import Started, Zygote, ZygoteGone

MODULES = (
    "autograder.judge.kernel_process",
    "autograder.judge.handover",
    "autograder.notebook",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "encodings.idna",
    "faulthandler",
    "ipykernel.debugger",
    "tornado.platform.asyncio",
)
"""What a kernel needs, and what it would otherwise import when it starts."""


class WarmSandbox:
    """One place of work: the sandbox for kernels, and the command of the one for learner processes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="g", dir="/var/tmp"))  # short, as the paths of sockets must be
        self._folder.chmod(0o755)
        self._sandbox = sandbox
        self.files, self.channels = self._folder / "files", self._folder / "c"
        self.files.mkdir(mode=0o755)
        self.channels.mkdir(mode=0o700)
        self.learner = sandbox.learner(self.files)
        self._zygote: Zygote | None = None

    def start(self, arguments: list[str]) -> tuple[Started, int]:
        """Fork a kernel.

        Args:
            arguments: of `ipykernel_launcher`; the connection file is in `channels`.

        Returns:
            The process, and the id of the process that everything in the sandbox is below.

        Raises:
            CannotStart: this machine does not let us.
        """
        owner = self.channels.stat()
        for path in self.channels.iterdir():
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        for _ in range(2):
            zygote = self._living()
            try:
                return zygote.start_kernel(arguments), zygote.root
            except ZygoteGone:
                self.end()
        return self._living().start_kernel(arguments), self._living().root

    def end(self) -> None:
        """End the kernel and all that it started, and remove what it left."""
        zygote = self._zygote
        clean = zygote is not None and zygote.alive and zygote.end_all()
        if zygote is not None and not clean:
            zygote.close()
            self._zygote = None
        for path in self.channels.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()

    def close(self) -> None:
        """End the sandbox."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _living(self) -> Zygote:
        if self._zygote is None or not self._zygote.alive:
            if self._zygote is not None:
                self._zygote.close()
            self._zygote = Zygote(self._sandbox.kernel(self.files, self.channels), MODULES)
        return self._zygote
