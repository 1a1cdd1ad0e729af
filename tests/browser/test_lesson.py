"""`make lab` opens lesson 00, its cells run, and an explorer answers to clicks."""

import pytest
from playwright.sync_api import expect

from tests.browser.jupyterlab import Lab

pytestmark = pytest.mark.browser

LESSON_00 = "course/00-start-here.ipynb"
LESSON_01 = "course/01-osi-model.ipynb"


def test_make_lab_opens_lesson_00(lab: Lab) -> None:
    lab.start()
    lab.wait_for(LESSON_00)
    assert any("Start here" in heading for heading in lab.headings())
    # The whole course is in reach, and nothing asks for attention.
    expect(lab.page.locator(".jp-BreadCrumbs")).to_contain_text("course")
    expect(lab.page.locator(".jp-Dialog")).to_have_count(0)
    lab.picture("lesson-00")


def test_every_cell_of_lesson_00_runs(lab: Lab) -> None:
    lab.open(LESSON_00)
    lab.run_all()
    lab.picture("lesson-00-run")
    code = [cell for cell in lab.save().cells if cell.cell_type == "code" and cell.source.strip()]
    assert code
    for cell in code:
        meant = "raises-exception" in cell.metadata.get("tags", [])
        errors = [output.evalue for output in cell.outputs if output.output_type == "error"]
        assert cell.execution_count, f"not run: {cell.source}"
        assert meant or not errors, f"{errors} from: {cell.source}"


def test_the_onion_of_lesson_01_answers_to_clicks(lab: Lab) -> None:
    lab.open(LESSON_01)
    lab.run("explorer")
    onion = lab.page.locator("[data-explorer=onion]")
    status = onion.locator("[data-role=status]")
    meaning = onion.locator("[data-role=meaning]")
    expect(onion).to_have_attribute("data-taken", "0")
    whole = status.inner_text()

    # Unwrapped once, the frame's own bytes are gone; wrapped again, they are back.
    onion.locator("[data-action=unwrap]").click()
    expect(onion).to_have_attribute("data-taken", "1")
    expect(status).not_to_have_text(whole)
    expect(onion.locator("[data-byte][data-gone]")).to_have_count(14)
    lab.picture("onion-unwrapped")
    onion.locator("[data-action=wrap]").click()
    expect(onion).to_have_attribute("data-taken", "0")
    expect(onion.locator("[data-byte][data-gone]")).to_have_count(0)

    # A field shows its bytes, and a byte shows its field.
    onion.locator("[data-layer=IPv4]").click()
    onion.locator("[data-field='total length']").click()
    expect(meaning).to_contain_text("total length")
    expect(onion.locator("[data-byte][data-lit]")).to_have_count(2)
    onion.locator("[data-byte='0']").click()
    expect(meaning).to_contain_text("destination")
    lab.picture("onion-byte")

    # Another message has other layers.
    onion.locator("[data-action=message]").select_option("arp")
    expect(onion.locator("[data-layer=ARP]")).to_be_visible()
    expect(onion.locator("[data-layer=IPv4]")).to_have_count(0)
