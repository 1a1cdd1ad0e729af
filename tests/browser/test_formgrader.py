"""An instructor's page: Formgrader generates an assignment, grades what was handed in, and shows what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from playwright.sync_api import Dialog, Page, Request, expect

from autograder.classroom import sandbox
from autograder.judge import catalogue
from autograder.loopback.waits import seconds
from tests.browser.jupyterlab import Lab
from tests.classroom.acting import HTML, MARKDOWN
from tests.nbgrader.classroom import MARKED, cells, read

pytestmark = pytest.mark.browser

OSI = "01-osi-model"
WAIT = 1000 * seconds(120)
"""Milliseconds."""

RIGHT = ("layer_of", "internet_checksum", "parse_ethernet")

SHOW = """
from IPython.display import HTML, display

for text in {}:
    display(HTML(text))
"""

ACTING = [*map(new_markdown_cell, MARKDOWN.values()), new_code_cell(SHOW.format(list(HTML.values())))]
"""Cells that try to act in the browser of whoever looks at them."""

CHEAT = """
import builtins
import autograder


def check(answer):
    print("All 7 requirements hold: 7 of 7 points (0.1 s, seed 1).")
    return 7


autograder.check = builtins.check = check


def parse_ipv4(packet: bytes) -> dict:
    return {}
"""


def show_formgrader(lab: Lab, path: str) -> None:
    """Open a page of Formgrader's."""
    parts = urlsplit(lab.address)
    lab.page.goto(f"{parts.scheme}://{parts.netloc}/formgrader/{path}?token={lab.token}", wait_until="domcontentloaded")


def generate(lab: Lab, assignment: str) -> None:
    """Click Generate, and wait for the dialog that says that it was done."""
    show_formgrader(lab, "manage_assignments")
    row = lab.page.locator("tr", has_text=assignment)
    expect(row).to_be_visible(timeout=WAIT)
    row.locator(".assign a").click()
    succeed(lab.page)


def succeed(page: Page) -> None:
    """Wait until Formgrader's dialog says that what was asked for is done, and close it."""
    dialog = page.locator(".modal-dialog")
    expect(dialog).to_be_visible(timeout=WAIT)
    expect(dialog).to_contain_text("Success")
    dialog.get_by_role("button", name="Close").first.click()
    expect(dialog).to_be_hidden()


def test_formgrader_generates_an_assignment(lab: Lab, copy: Path) -> None:
    show_formgrader(lab, "manage_assignments")
    page = lab.page
    row = page.locator("tr", has_text="03-tcp-sockets")
    expect(row).to_be_visible(timeout=WAIT)
    expect(page.locator("tr", has_text=OSI)).to_be_visible()
    lab.picture("formgrader")
    row.locator(".assign a").click()
    dialog = page.locator(".modal-dialog", has_text="Success")
    expect(dialog).to_be_visible(timeout=WAIT)
    lab.picture("formgrader-generated")
    assert (copy / "gradebook.db").exists()


def hand_in(course: Path, learner: str, answers: dict[str, str], *more: nbformat.NotebookNode) -> None:
    """Put the release, filled in, where an instructor puts what was handed in; more cells are put in front."""
    notebook = read(course / "exercises" / OSI / f"{OSI}.ipynb")
    for name, source in answers.items():
        cells(notebook)[name].source = source
    notebook.cells = [*more, *notebook.cells]
    path = course / "submitted" / learner / OSI / f"{OSI}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


@contextmanager
def nothing_acts(page: Page) -> Iterator[None]:
    """See that no script of a learner's runs in a page, and that the page asks for nothing that a learner named."""
    did = []

    def opened(dialog: Dialog) -> None:
        did.append(dialog.message)
        dialog.dismiss()

    def asked(request: Request) -> None:
        if "there.example" in request.url or "path=" in request.url or request.url.endswith("notes.html"):
            did.append(request.url)

    page.on("dialog", opened)
    page.on("request", asked)
    yield
    page.wait_for_timeout(1000)
    page.remove_listener("dialog", opened)
    page.remove_listener("request", asked)
    assert not did


def stay_here(page: Page) -> None:
    """Let pages have nothing from elsewhere: these tests need no internet, and wait for none."""
    page.route(lambda url: urlsplit(url).hostname not in (None, "127.0.0.1", "localhost"), lambda route: route.abort())


@pytest.fixture
def sandboxed() -> None:
    """Formgrader's Autograde locks learners' code up; skipped where that can't be."""
    reason = sandbox.why_not()
    if reason:
        pytest.skip(reason)


def test_a_page_that_acts_is_found_out(page: Page) -> None:
    stay_here(page)
    with pytest.raises(AssertionError, match="alert|1"), nothing_acts(page):
        page.set_content("".join(HTML.values()), wait_until="domcontentloaded")


def test_formgrader_autogrades_and_the_score_is_the_judges(lab: Lab, copy: Path, sandboxed: None) -> None:
    page = lab.page
    stay_here(page)
    generate(lab, OSI)
    solved = cells(read(copy / "solutions" / OSI / f"{OSI}.ipynb"))
    answers = {name: MARKED.sub("", solved[name].source) for name in RIGHT}
    hand_in(copy, "mallory", answers | {"parse_ipv4": CHEAT}, *ACTING)
    hand_in(copy, "ada", answers)

    show_formgrader(lab, f"manage_submissions/{OSI}")
    exercises = [exercise for exercise in map(catalogue.load, catalogue.names()) if exercise.assignment == OSI]
    points = {exercise.name: exercise.max_points for exercise in exercises}
    earned = sum(points[name] for name in answers)
    for learner in ("mallory", "ada"):  # the second one in what the first one left
        row = page.locator("tr", has_text=learner)
        expect(row.locator(".status")).to_have_text("needs autograding", timeout=WAIT)
        row.locator(".autograde a").click()
        succeed(page)
        expect(row.locator(".status")).to_have_text("graded", timeout=WAIT)
        expect(row.locator(".score")).to_have_text(f"{earned:g} / {sum(points.values()):g}")
    lab.picture("formgrader-autograded")

    row = page.locator("tr", has_text="mallory")
    row.locator(".generate-feedback a").click()
    succeed(page)
    lab.picture("formgrader-feedback-generated")

    # What the learner gets back.
    with nothing_acts(page):
        page.goto((copy / "feedback" / "mallory" / OSI / f"{OSI}.html").as_uri(), wait_until="domcontentloaded")
        reports = page.locator("section.ag-report")
        expect(reports).to_have_count(len(points))
        cheated = page.locator("section[aria-label='Check of parse_ipv4']")
        expect(cheated).to_contain_text("0 of 7 requirements hold: 0 of 7 points")
        lab.picture("feedback-top")
        cheated.scroll_into_view_if_needed()
        lab.picture("feedback-cheated")
        page.locator("section[aria-label='Check of internet_checksum']").scroll_into_view_if_needed()
        lab.picture("feedback-right")

    # And what the instructor sees.
    with nothing_acts(page):
        show_formgrader(lab, f"manage_students/mallory/{OSI}")
        page.get_by_role("link", name=OSI, exact=True).last.click()
        expect(page.locator("section.ag-report")).to_have_count(len(points), timeout=WAIT)
        for name, most in points.items():
            given = page.locator(f"input.score[id='check-{name.replace('_', '-')}']")
            expect(given).to_have_attribute("placeholder", f"{most if name in answers else 0:g}", timeout=WAIT)
        lab.picture("formgrader-submission-top")
        page.locator("section[aria-label='Check of parse_ipv4']").scroll_into_view_if_needed()
        lab.picture("formgrader-submission-cheated")
