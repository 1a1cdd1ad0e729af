"""A real Jupyter server with nbgrader's extensions, spoken to as JupyterLab's front end does: over HTTP."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

from tests.nbgrader.classroom import Classroom, Command

TOKEN = "token-for-the-test"


class Server:
    """A server in a course. Leaving it ends it with all its kernels."""

    def __init__(self, course: Classroom) -> None:
        self._command: Command = course.start(
            "jupyter_server",
            "--ServerApp.port=0",
            "--ServerApp.open_browser=False",
            "--ServerApp.allow_root=True",
            f"--ServerApp.root_dir={course.root}",
            f"--IdentityProvider.token={TOKEN}",
        )
        self._runtime = course.runtime
        self._address = ""

    def __enter__(self) -> Server:
        deadline = time.monotonic() + 60
        # The file is there before its text is whole.
        while not self._address and time.monotonic() < deadline and self._command.process.poll() is None:
            time.sleep(0.1)
            for file in self._runtime.glob("jpserver-*.json"):
                try:
                    self._address = json.loads(file.read_text(encoding="utf-8"))["url"].rstrip("/")
                except ValueError:
                    continue
        if not self._address:
            self._command.end()
            raise AssertionError(f"the server did not start:\n{self.log}")
        return self

    def __exit__(self, *exception: object) -> None:
        self._command.end()

    @property
    def log(self) -> str:
        """What the server has written."""
        return self._command.output

    def get(self, path: str) -> str:
        """GET a page; its status must be 200."""
        return self._ask(urllib.request.Request(self._address + path))

    def get_json(self, path: str) -> Any:
        """GET what a page of the server's asks for."""
        return json.loads(self.get(path))

    def post(self, path: str, data: dict[str, str] | None = None) -> Any:
        """POST, as a button does, and return the answer."""
        body = json.dumps(data or {}).encode()
        headers = {"Content-Type": "application/json"}
        return json.loads(self._ask(urllib.request.Request(self._address + path, body, headers, method="POST")))

    def _ask(self, request: urllib.request.Request) -> str:
        request.add_header("Authorization", f"token {TOKEN}")
        with urllib.request.urlopen(request, timeout=150) as answer:
            assert answer.status == 200
            return str(answer.read().decode())
