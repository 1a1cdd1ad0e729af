"""Lesson 14: JavaScript in JupyterLab's page talks to the server that the lesson wrote from bytes."""

import re
from urllib.parse import urlsplit

import nbformat
import pytest
from playwright.sync_api import expect

from autograder.loopback.waits import seconds
from tests.browser.jupyterlab import Lab

pytestmark = pytest.mark.browser

LESSON_14 = "course/14-websockets.ipynb"
WAIT = 1000 * seconds(15)
"""Milliseconds."""


def test_the_page_talks_to_the_server_of_lesson_14(lab: Lab) -> None:
    lab.open(LESSON_14)
    # Otherwise a count that was saved looks like one of this run.
    lab.menu("Edit", "Clear Outputs of All Cells")
    code = [cell.id for cell in nbformat.read(lab.folder / LESSON_14, as_version=4).cells if cell.cell_type == "code"]
    for cell_id in code[: code.index("browser-run") + 1]:
        output = lab.run(cell_id)
        assert "Traceback" not in output, f"{cell_id}: {output}"

    # What the lesson says that the page shows: the echo, and the page's own address as its Origin.
    page = lab.page.locator(".websocket-page")
    log = page.locator("pre")
    expect(log).to_contain_text("server: hello, this is the page", timeout=WAIT)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(lab.address))
    expect(log).to_have_text(
        f"open\npage:   hello, this is the page\npage:   origin\nserver: hello, this is the page\nserver: {origin}\n",
        timeout=WAIT,
    )
    page.get_by_role("textbox").fill("more than 125 bytes of café: " + "x" * 200)
    page.get_by_role("button", name="Send").click()
    expect(log).to_have_text(re.compile(r"server: more than 125 bytes of café: x{200}\n$"), timeout=WAIT)
    lab.picture("websocket-page")

    # A close with a code is answered with it.
    page.get_by_role("button", name="Close").click()
    expect(log).to_have_text(re.compile(r"closed, code 1000, clean: true\n$"), timeout=WAIT)

    # A server that stops says that it is going away.
    lab.run("browser-run")
    expect(log).to_contain_text(f"server: {origin}", timeout=WAIT)
    lab.run("clean-up")
    lab.cell("browser-run")
    expect(log).to_have_text(re.compile(r"closed, code 1001, clean: true\n$"), timeout=WAIT)

    # Nobody is there any more, and the page says what to do.
    lab.run("browser-run")
    expect(log).to_contain_text("no connection: run the cell of the server", timeout=WAIT)
    expect(log).to_contain_text("closed, code 1006, clean: false", timeout=WAIT)


def test_the_frame_builder_of_lesson_14_follows_both_ways(lab: Lab) -> None:
    lab.open(LESSON_14)
    lab.run("explorer")
    builder = lab.page.locator("[data-explorer=frame-builder]")
    hexadecimal = builder.locator("[data-part=hex]")
    expect(hexadecimal).to_have_value("81 85 37 fa 21 3d 7f 9f 4d 51 58", timeout=WAIT)
    builder.locator("[data-part=masked]").uncheck()
    expect(hexadecimal).to_have_value("81 05 48 65 6c 6c 6f", timeout=WAIT)
    builder.locator("[data-part=opcode]").select_option("9")
    builder.locator("[data-part=fin]").uncheck()
    expect(builder.locator("[data-part=figure]")).to_contain_text("RFC 6455 section 5.5", timeout=WAIT)
    hexadecimal.fill("88 02 03 ee")
    expect(builder.locator("[data-part=payload]")).to_have_value("1006", timeout=WAIT)
    expect(builder.locator("[data-part=figure]")).to_contain_text("RFC 6455 section 7.4.1", timeout=WAIT)
    lab.picture("frame-builder")
