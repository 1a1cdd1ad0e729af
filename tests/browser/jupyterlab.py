"""JupyterLab as a learner uses it: menus, keys and clicks. The page's own model only says where to look."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import nbformat
from playwright.sync_api import ElementHandle, Locator, Page, expect

from autograder.loopback.waits import seconds

# The notebook in front; `--expose-app-in-browser` lends us the application as `jupyterapp`.
NOTEBOOK = "window.jupyterapp.shell.currentWidget"


class Lab:
    """One browser tab with JupyterLab in it."""

    def __init__(self, page: Page, address: str, token: str, folder: Path, screenshots: Path) -> None:
        self.page = page
        self.address = address
        self.token = token
        self.folder = folder
        self.screenshots = screenshots

    def start(self) -> None:
        """Follow the address that `make lab` printed."""
        self.page.goto(f"{self.address}?token={self.token}")

    def open(self, path: str) -> None:
        """Open a notebook by its path in the repository, and wait for its kernel."""
        parts = urlsplit(self.address)
        # `reset` forgets which documents an earlier tab had open.
        self.page.goto(f"{parts.scheme}://{parts.netloc}/lab/tree/{quote(path)}?token={self.token}&reset")
        self.wait_for(path)

    def wait_for(self, path: str) -> None:
        """Wait until a notebook is in front and its kernel is idle."""
        self._until(
            f"""path => {{
                const widget = window.jupyterapp && {NOTEBOOK};
                const session = widget && widget.context && widget.context.sessionContext;
                return session && widget.context.path === path && widget.context.isReady && session.isReady
                    && session.session && session.session.kernel && session.session.kernel.status === "idle";
            }}""",
            path,
            60,
        )

    def headings(self) -> list[str]:
        """The headings that the page shows."""
        return self.page.locator(".jp-NotebookPanel .jp-RenderedMarkdown :is(h1, h2, h3)").all_inner_texts()

    def cell(self, cell_id: str) -> ElementHandle:
        """The cell of that id, scrolled into view."""
        handle = self.page.evaluate_handle(
            f"""async id => {{
                const content = {NOTEBOOK}.content;
                const index = content.widgets.findIndex(cell => cell.model.id === id);
                if (index < 0) return null;
                content.deselectAll();
                content.activeCellIndex = index;
                await content.scrollToItem(index, "start");
                return content.widgets[index].node;
            }}""",
            cell_id,
        )
        element = handle.as_element()
        assert element, f"no cell with the id {cell_id!r}"
        return element

    def write(self, cell_id: str, source: str) -> None:
        """Type a new source over that of a cell."""
        editor = self.cell(cell_id).wait_for_selector(".cm-content")
        assert editor
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    def run(self, cell_id: str, limit: float = 60) -> str:
        """Run one cell by Shift+Enter, wait until it is done, and return the text of its output."""
        editor = self.cell(cell_id).wait_for_selector(".cm-content")
        assert editor
        editor.click()
        before = self._executions(cell_id)
        self.page.keyboard.press("Shift+Enter")
        self._until(
            f"""([id, before]) => {{
                const cell = {NOTEBOOK}.content.widgets.find(cell => cell.model.id === id);
                const prompt = cell.node.querySelector(".jp-InputPrompt").textContent;
                const count = cell.model.executionCount;
                return count && count !== before && !prompt.includes("*");
            }}""",
            [cell_id, before],
            limit,
        )
        return self.output(cell_id)

    def output(self, cell_id: str) -> str:
        """The text that is to be read below a cell."""
        area = self.cell(cell_id).query_selector(".jp-OutputArea")
        return area.inner_text() if area else ""

    def run_all(self, limit: float = 180) -> None:
        """Run All Cells by the menu, all outputs cleared before; wait until the last cell is done."""
        self.menu("Edit", "Clear Outputs of All Cells")
        self.menu("Run", "Run All Cells")
        self._until(
            f"""() => {{
                const widget = {NOTEBOOK}, kernel = widget.context.sessionContext.session.kernel;
                const code = widget.content.widgets.filter(cell => cell.model.type === "code"
                    && cell.model.sharedModel.getSource().trim());
                const waiting = code.filter(cell => !cell.model.executionCount
                    || cell.node.querySelector(".jp-InputPrompt")?.textContent.includes("*"));
                return code.length > 0 && waiting.length === 0 && kernel.status === "idle";
            }}""",
            None,
            limit,
        )

    def menu(self, name: str, *entries: str) -> None:
        """Choose an entry of the menu bar, through submenus if several are named."""
        self.page.locator(".lm-MenuBar-item", has_text=name).first.click()
        for entry in entries:
            self.page.locator(".lm-Menu-item", has=self.page.get_by_text(entry, exact=True)).first.click()

    def save(self) -> nbformat.NotebookNode:
        """Save the notebook in front by the menu; what is in the file then."""
        self.menu("File", "Save Notebook")
        self._until(f"() => !{NOTEBOOK}.context.model.dirty", None, 30)
        path: str = self.page.evaluate(f"() => {NOTEBOOK}.context.path")
        return nbformat.read(self.folder / path, as_version=4)

    def dialog(self) -> Locator:
        """The dialog that is open, waited for."""
        dialog = self.page.locator(".jp-Dialog-content")
        expect(dialog).to_be_visible(timeout=1000 * seconds(120))
        return dialog

    def picture(self, name: str) -> None:
        """Keep a picture of the page."""
        self.page.screenshot(path=self.screenshots / f"{name}.png")

    def portrait(self, name: str, cell_id: str, size: tuple[int, int]) -> None:
        """Keep a picture of the notebook alone, from one cell downwards; the size is in pixels."""
        usual = self.page.viewport_size
        width, height = size
        self.menu("View", "Appearance", "Show Left Sidebar")
        self.page.set_viewport_size({"width": width + 60, "height": height + 120})
        element = self.cell(cell_id)
        element.evaluate("cell => cell.scrollIntoView({block: 'start'})")
        # No cell is marked as the chosen one in a picture to read.
        self.page.locator(".jp-BreadCrumbs").or_(self.page.locator(".lm-MenuBar")).first.hover()
        panel = self.page.locator(".jp-NotebookPanel").bounding_box()
        assert panel
        self.page.screenshot(
            path=self.screenshots / f"{name}.png",
            clip={"x": panel["x"], "y": panel["y"], "width": panel["width"], "height": panel["height"]},
        )
        self.menu("View", "Appearance", "Show Left Sidebar")
        if usual:
            self.page.set_viewport_size(usual)

    def _executions(self, cell_id: str) -> int | None:
        question = f"id => {NOTEBOOK}.content.widgets.find(cell => cell.model.id === id).model.executionCount"
        count: int | None = self.page.evaluate(question, cell_id)
        return count

    def _until(self, question: str, argument: Any, limit: float) -> None:
        deadline = time.monotonic() + seconds(limit)
        while not self.page.evaluate(question, argument):
            assert time.monotonic() < deadline, f"waited {seconds(limit):.0f} s in vain for: {question}"
            self.page.wait_for_timeout(100)
