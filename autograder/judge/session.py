"""The judge's pytest session: one for all checks, since to start a session takes longer than many checks do.

Within the session, check files are collected when they are first asked for, and their items are run again and again.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import pytest

from autograder.judge.plugin import CheckPlugin


class CheckSession:
    """One pytest session.

    Args:
        settings: the ``pytest.ini`` above the folders of check files.
        plugin: words what happens.
    """

    def __init__(self, settings: Path, plugin: CheckPlugin) -> None:
        self._settings, self._plugin = settings, plugin
        self._session: pytest.Session | None = None
        self._items: dict[Path, list[pytest.Item]] = {}
        self._loop: Callable[[], None] = lambda: None

    def serve(self, loop: Callable[[], None]) -> None:
        """Start the session and call `loop` inside of it; `run` works until that returns.

        Raises:
            RuntimeError: pytest did not start.
        """
        self._loop = loop
        folder = str(self._settings.parent)
        code = pytest.main(["-c", str(self._settings), "--rootdir", folder, folder], plugins=[self, self._plugin])
        if self._session is None:
            raise RuntimeError(f"pytest ended with {code!r}: {self._plugin.complaint}")

    def run(self, path: Path) -> str:
        """Run a check file; return what is wrong with it, which is nothing where requirements merely fail."""
        assert self._session is not None
        try:
            if path not in self._items:
                self._items[path] = list(self._session.perform_collect([str(path)]))
            if self._plugin.complaint:
                del self._items[path]
                return self._plugin.complaint
            items = self._plugin.select(self._items[path])
            for item, following in zip_longest(items, items[1:]):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        except BaseException:
            return self._plugin.complaint + traceback.format_exc()
        finally:
            self._plugin.end()
        return self._plugin.complaint

    # Hooks.

    def pytest_ignore_collect(self) -> bool | None:
        """Collect nothing when the session starts."""
        return True if self._session is None else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run what is asked for, in place of what was collected."""
        self._session = session
        self._loop()
        return True
