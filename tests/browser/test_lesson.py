"""`make lab` opens lesson 00, its cells run, and an explorer answers to clicks."""

from playwright.sync_api import expect

from tests.browser.jupyterlab import Lab

LESSON_00 = "course/00-start-here.ipynb"


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
