"""An instructor's page: Formgrader knows the assignments and generates one for learners."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from autograder.loopback.waits import seconds
from tests.browser.jupyterlab import Lab

pytestmark = pytest.mark.browser


def test_formgrader_generates_an_assignment(lab: Lab, copy: Path) -> None:
    parts = urlsplit(lab.address)
    page = lab.page
    page.goto(f"{parts.scheme}://{parts.netloc}/formgrader/manage_assignments?token={lab.token}")
    row = page.locator("tr", has_text="03-tcp-sockets")
    expect(row).to_be_visible(timeout=1000 * seconds(60))
    expect(page.locator("tr", has_text="01-osi-model")).to_be_visible()
    lab.picture("formgrader")
    row.locator(".assign a").click()
    dialog = page.locator(".modal-dialog", has_text="Success")
    expect(dialog).to_be_visible(timeout=1000 * seconds(60))
    lab.picture("formgrader-generated")
    assert (copy / "gradebook.db").exists()
