"""One notebook, run in the real sandbox and judged by the real judge: what goes wrong in it costs what it costs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.classroom import sandbox
from autograder.classroom.execution import run
from autograder.classroom.outputs import OUTPUT
from autograder.classroom.submission import Submission, exercise_of
from autograder.classroom.verdicts import Verdicts
from autograder.classroom.warm import WarmSandbox
from autograder.judge import catalogue
from autograder.judge.client import Judge, JudgeBroke
from autograder.loopback.waits import seconds as scaled
from autograder.notebook import JUDGED_OUTSIDE
from autograder.report.html import check_html
from autograder.report.model import number
from autograder.report.text import check_text
from tests.bank import ANSWERS
from tests.classroom.hidden_checks import HIDDEN, with_hidden_requirements

LAYER_OF = (ANSWERS / "layer_of" / "right_dict.py").read_text(encoding="utf-8")
WRONG = (ANSWERS / "layer_of" / "wrong_no_error.py").read_text(encoding="utf-8")
CHECKSUM = (ANSWERS / "internet_checksum" / "right_remainder.py").read_text(encoding="utf-8")
FULL = 4.0
"""The points of layer_of."""

Graded = tuple[NotebookNode, Verdicts]
Grade = Callable[..., Graded]


def check_cell(exercise: str, name: str = "", points: float | None = None) -> NotebookNode:
    """The locked cell that checks an exercise."""
    marks = {
        "grade_id": name or f"check-{exercise.replace('_', '-')}",
        "grade": True,
        "locked": True,
        "solution": False,
        "points": catalogue.load(exercise).max_points if points is None else points,
    }
    return new_code_cell(f"check({exercise})", metadata={"nbgrader": marks})


def submission(*cells: str | NotebookNode, **more: Any) -> Submission:
    """A notebook with these cells, handed in by Ada unless another is named."""
    made = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    known = {"student": "ada", "assignment": "01-osi-model", "notebook": "n", "digest": "d", "key": bytes(32)}
    return Submission(source=json.dumps(new_notebook(cells=made)), **(known | {"cell_seconds": 20} | more))


@pytest.fixture(scope="module")
def locked() -> sandbox.Sandbox:
    """The sandbox; tests are skipped where it can't run."""
    reason = sandbox.why_not()
    if reason:
        pytest.skip(reason)
    return sandbox.Sandbox(locked=True)


@pytest.fixture(scope="module")
def judge(locked: sandbox.Sandbox) -> Iterator[Judge]:
    """One judge for all notebooks."""
    judge = Judge(prefix=locked.judge)
    yield judge
    judge.close()


@pytest.fixture(scope="module")
def warm(locked: sandbox.Sandbox) -> Iterator[WarmSandbox]:
    """One sandbox for all notebooks without files."""
    warm = WarmSandbox(locked)
    yield warm
    warm.close()


@pytest.fixture
def grade(judge: Judge, locked: sandbox.Sandbox, warm: WarmSandbox) -> Grade:
    """Run and judge a notebook with these cells."""

    def graded(*cells: str | NotebookNode, **more: Any) -> Graded:
        return run(submission(*cells, **more), judge, locked, warm)

    return graded


def points(verdicts: Verdicts) -> dict[str, float | None]:
    return {cell.grade_id: cell.points for cell in verdicts.cells}


def printed(cell: NotebookNode) -> str:
    """What a cell printed and returned."""
    texts = [output.get("text", "") for output in cell.outputs]
    texts += [output.data["text/plain"] for output in cell.outputs if output.output_type == "execute_result"]
    return "".join(texts)


def errors(cell: NotebookNode) -> list[str]:
    return [output.ename for output in cell.outputs if output.output_type == "error"]


# Kernels that die, hang or flood.


@pytest.mark.parametrize(
    "death",
    [
        "import os\nos._exit(0)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "import ctypes\nctypes.string_at(0)",
        "import os, threading, time\nthreading.Timer(0.1, os._exit, [1]).start()\ntime.sleep(1000)",
    ],
    ids=["os._exit", "SIGKILL", "SIGSEGV", "a thread"],
)
def test_a_kernel_that_dies_costs_its_cell_and_no_other(grade: Grade, death: str) -> None:
    after = "print(state, 'lost' in globals())"
    notebook, verdicts = grade(LAYER_OF, "state = ['of before']", f"lost = 1\n{death}", after, check_cell("layer_of"))
    assert points(verdicts) == {"check-layer-of": FULL}
    assert [(event.kind, event.where) for event in verdicts.events] == [("kernel died", "cell 3")]
    assert errors(notebook.cells[2]) == ["KernelDied"]
    assert printed(notebook.cells[3]) == "['of before'] False\n"
    assert not verdicts.suspicious


def test_what_the_dead_kernel_printed_before_is_kept(grade: Grade) -> None:
    death = "print('two', flush=True)\nimport os, time\ntime.sleep(1)\nos._exit(1)"
    notebook, _ = grade("print('one', flush=True)", death)
    assert [printed(cell) for cell in notebook.cells] == ["one\n", "two\n"]


@pytest.mark.parametrize("word", ["exit()", "quit()", "raise SystemExit"])
def test_an_exit_as_learners_write_it_costs_no_exercise(grade: Grade, word: str) -> None:
    _, verdicts = grade(LAYER_OF, word, check_cell("layer_of"))
    assert points(verdicts) == {"check-layer-of": FULL}
    assert not verdicts.suspicious


def test_a_kernel_that_dies_more_often_than_it_may_is_given_up(grade: Grade) -> None:
    death = "import os\nos._exit(1)"
    first, last = check_cell("layer_of"), check_cell("internet_checksum")
    notebook, verdicts = grade(LAYER_OF, first, *[death] * 6, CHECKSUM, "print(1)", last)
    assert points(verdicts) == {"check-layer-of": FULL, "check-internet-checksum": 0}
    report = verdicts.cells[1].report
    assert report and report.refused == "internet_checksum was not checked: the kernel of this notebook died 5 times."
    assert report.max_points == catalogue.load("internet_checksum").max_points
    assert [event.where for event in verdicts.events] == [f"cell {number}" for number in range(3, 8)] + ["notebook"]
    assert errors(notebook.cells[-2]) == ["NotRun"]


def test_a_cell_that_hangs_is_interrupted_and_what_it_defined_before_stays(grade: Grade) -> None:
    hanging = f"{LAYER_OF}\nimport time\ntime.sleep(1000)\nnever = 1"
    after = "print('never' in globals())"
    notebook, verdicts = grade(hanging, after, check_cell("layer_of"), cell_seconds=2)
    # It ran once, so the definition is that of the interrupted cell.
    assert points(verdicts) == {"check-layer-of": FULL}
    assert [(event.kind, event.where) for event in verdicts.events] == [("timed out", "cell 1")]
    assert "ran longer than" in verdicts.events[0].sentence
    assert errors(notebook.cells[0])[-1] == "Timeout"
    assert printed(notebook.cells[1]) == "False\n"
    assert verdicts.hung and not verdicts.suspicious


@pytest.mark.parametrize(
    "stubborn",
    [
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass",
        "while True:\n    try:\n        while True:\n            pass\n    except KeyboardInterrupt:\n        continue",
    ],
    ids=["SIGINT is ignored", "KeyboardInterrupt is caught"],
)
def test_a_cell_that_no_interrupt_ends_costs_its_kernel(grade: Grade, stubborn: str) -> None:
    notebook, verdicts = grade(
        LAYER_OF, f"lost = 1\n{stubborn}", "print('lost' in globals())", check_cell("layer_of"), cell_seconds=2
    )
    assert points(verdicts) == {"check-layer-of": FULL}
    assert [(event.kind, event.where) for event in verdicts.events] == [("timed out", "cell 2")]
    assert printed(notebook.cells[2]) == "False\n"


def test_cells_that_are_long_together_end_the_run_and_not_the_checks_before(grade: Grade) -> None:
    slow = "import time\ntime.sleep(1000)"
    cells = (LAYER_OF, check_cell("layer_of"), *[slow] * 4, "print(1)", CHECKSUM, check_cell("internet_checksum"))
    notebook, verdicts = grade(*cells, cell_seconds=2, notebook_seconds=3)
    assert points(verdicts)["check-layer-of"] == FULL
    assert errors(notebook.cells[-3]) == ["NotRun"]
    assert verdicts.events[-1].where == "notebook"
    assert verdicts.events[-1].kind == "timed out"


def test_a_long_output_is_cut_and_the_cell_goes_on(grade: Grade) -> None:
    long = "for _ in range(300):\n    print('x' * 9_999, flush=True)"
    notebook, verdicts = grade(f"{long}\n{LAYER_OF}", check_cell("layer_of"))
    text = printed(notebook.cells[0])
    assert OUTPUT / 2 < len(text) < OUTPUT * 1.1
    assert f"beyond {OUTPUT:,} characters was left out" in text
    assert points(verdicts) == {"check-layer-of": FULL}
    assert not verdicts.events


def test_one_long_line_takes_no_longer_than_many_short_ones(grade: Grade) -> None:
    # In nbclient's own hands it would take hours.
    bar = "print('10 %\\r90 %\\r\\n\\rdone\\r')"
    notebook, _ = grade(f"print('x' * 500_000)\n{bar}", "for i in range(9):\n    print(i, flush=True)")
    assert printed(notebook.cells[0]) == "x" * 500_000 + "\n90 %\ndone\n"
    assert len(notebook.cells[1].outputs) == 1


def test_streams_are_in_one_piece_each_and_displays_stay_between(grade: Grade) -> None:
    cell = """
import sys, time
handle = display("first", display_id=True)
for name in ("out", "err", "out", "err"):
    print(name, file=getattr(sys, "std" + name), flush=True)
handle.update("second")
"""
    notebook, verdicts = grade(cell, "handle.update('third')")
    kinds = [(output.output_type, output.get("name"), output.get("text")) for output in notebook.cells[0].outputs]
    streams = [("stream", "stdout", "out\nout\n"), ("stream", "stderr", "err\nerr\n")]
    assert kinds == [("display_data", None, None), *streams]
    assert notebook.cells[0].outputs[0].data["text/plain"] == "'second'"
    assert not verdicts.events


@pytest.mark.parametrize(
    "flood",
    [
        "while True:\n    print('x' * 100_000)",
        "while True:\n    display({'text/html': 'x' * 100_000}, raw=True)",
        "import os\nwhile True:\n    os.write(2, b'x' * 100_000)",
    ],
    ids=["print", "display", "standard error"],
)
def test_an_output_without_end_costs_its_cell(grade: Grade, flood: str) -> None:
    notebook, verdicts = grade(LAYER_OF, flood, check_cell("layer_of"))
    assert points(verdicts) == {"check-layer-of": FULL}
    assert {event.where for event in verdicts.events} == {"cell 2"}
    assert len(json.dumps(notebook)) < 3 * OUTPUT


# What is judged.


def test_an_exercise_that_is_not_there_earns_nothing_and_says_so(grade: Grade) -> None:
    notebook, verdicts = grade(f"{LAYER_OF}\nlayer_of.broken syntax", check_cell("layer_of"))
    report = verdicts.cells[0].report
    assert report and report.points == 0
    assert report.refused == "There is no layer_of in this notebook: the cell that defines it is empty, or it failed."
    assert check_text(report) in notebook.cells[1].outputs[0].data["text/plain"]


def test_what_cannot_be_packed_earns_nothing_and_names_the_variable(grade: Grade) -> None:
    holds = "import threading\nlock = threading.Lock()\ndef layer_of(name):\n    with lock:\n        return 1"
    _, verdicts = grade(holds, check_cell("layer_of"))
    report = verdicts.cells[0].report
    assert report and report.refused.startswith("layer_of uses lock, which is a lock")


def test_each_check_cell_has_its_own_verdict(grade: Grade) -> None:
    checks = check_cell("layer_of"), check_cell("layer_of", name="once-more"), check_cell("internet_checksum")
    notebook, verdicts = grade(WRONG, checks[0], CHECKSUM, LAYER_OF, *checks[1:])
    assert points(verdicts) == {"check-layer-of": FULL - 1, "once-more": FULL, "check-internet-checksum": 6}
    assert [cell.exercise for cell in verdicts.cells] == ["layer_of", "layer_of", "internet_checksum"]
    assert {cell.kind for cell in verdicts.cells} == {"judge"}
    for made, verdict in zip((notebook.cells[index] for index in (1, 4, 5)), verdicts.cells, strict=True):
        shows_exactly(made, verdict.report, verdict.points)


def shows_exactly(cell: NotebookNode, report: Any, earned: float | None) -> None:
    """The outputs of a check cell are the report and the number of points, and nothing else."""
    assert [output.output_type for output in cell.outputs] == ["display_data", "execute_result"]
    shown, result = cell.outputs
    assert shown.data == {"text/plain": check_text(report), "text/html": check_html(report)}
    assert result.data == {"text/plain": number(earned or 0)}
    assert cell.execution_count is None


def test_a_cell_is_never_worth_more_than_the_gradebook_says(grade: Grade) -> None:
    notebook, verdicts = grade(LAYER_OF, check_cell("layer_of", points=2))
    assert points(verdicts) == {"check-layer-of": 2}
    assert notebook.cells[1].outputs[1].data == {"text/plain": "2"}


TRICKS = """
import builtins, sys, IPython
import autograder
shell = get_ipython()

def check(answer):
    print("10 of 10 points")
    return 4.0

autograder.check = builtins.check = check
sys.displayhook = lambda value: print("4.0")
shell.events.register("post_run_cell", lambda *results: print("4.0"))
shell.events.register("pre_run_cell", lambda *results: print("4.0"))
import threading, time
threading.Thread(target=lambda: [print("late", i, file=sys.stderr) or time.sleep(0.01) for i in range(300)]).start()
"""


def test_the_outputs_of_a_check_cell_are_ours_whatever_the_kernel_prints(grade: Grade) -> None:
    planted = check_cell("layer_of")
    planted.outputs = [new_output("execute_result", data={"text/plain": "4.0"}, execution_count=7)]
    planted.execution_count = 7
    notebook, verdicts = grade(TRICKS, WRONG, planted)
    assert points(verdicts) == {"check-layer-of": FULL - 1}
    shows_exactly(notebook.cells[2], verdicts.cells[0].report, FULL - 1)


def test_check_in_a_cell_of_the_learners_own_is_not_a_check(grade: Grade) -> None:
    asked = "from autograder.judge import client\nprint(client._judge)\ncheck(layer_of)"
    notebook, verdicts = grade("from autograder import check", LAYER_OF, "check(layer_of)", asked)
    assert verdicts.cells == []
    (shown, result) = notebook.cells[2].outputs
    assert shown.data["text/plain"] == JUDGED_OUTSIDE
    assert result.data["text/plain"] == "0"
    assert printed(notebook.cells[3]).startswith("None\n"), "a judge was started in the sandbox"


@pytest.mark.parametrize(
    "change",
    [
        {"grade": False},
        {"locked": False},
        {"solution": True},
    ],
)
def test_only_a_locked_cell_that_carries_points_is_a_check_cell(change: dict[str, bool]) -> None:
    cell = check_cell("layer_of")
    assert exercise_of(cell) == "layer_of"
    cell.metadata.nbgrader |= change
    assert exercise_of(cell) == ""


@pytest.mark.parametrize(
    ("source", "exercise"),
    [
        ("check(layer_of)", "layer_of"),
        ("# What your function does.\n# In two lines.\n\ncheck(layer_of)\n", "layer_of"),
        ("check(nothing_like_it)", ""),
        ("check(layer_of); print(4)", ""),
        ("x = 1\ncheck(layer_of)", ""),
        ("check(layer_of, 1)", ""),
        ("", ""),
    ],
)
def test_a_check_cell_has_one_call_and_nothing_else(source: str, exercise: str) -> None:
    cell = check_cell("layer_of")
    cell.source = source
    assert exercise_of(cell) == exercise


def test_cells_of_other_kinds_are_left_as_they_are(grade: Grade) -> None:
    text = new_markdown_cell("# A title")
    raw = nbformat.v4.new_raw_cell("raw")
    notebook, verdicts = grade(text, "", raw)
    assert [cell.source for cell in notebook.cells] == ["# A title", "", "raw"]
    assert verdicts.cells == [] and verdicts.events == []


# What was handed in beside the notebook.

FILES = {
    "helper.py": b"""
def layers():
    with open("data/layers.txt") as file:
        return dict(line.rsplit(" ", 1) for line in file.read().splitlines())
""",
    "data/layers.txt": b"",
}
WITH_FILES = """
import helper

def layer_of(name):
    if name not in helper.layers():
        raise ValueError(name)
    return int(helper.layers()[name])
"""


def test_files_beside_the_notebook_are_there_in_the_kernel_and_for_the_judge(grade: Grade) -> None:
    notebook, _ = grade(f"{LAYER_OF}\nprint(*(f'{{name}} {{layer_of(name)}}' for name in BY_NAME), sep='\\n')")
    files = FILES | {"data/layers.txt": printed(notebook.cells[0]).encode()}
    cells = (WITH_FILES, "print(helper.layers()['TLS'])", "open('mine.txt', 'w').write('x')", check_cell("layer_of"))
    notebook, verdicts = grade(*cells, files=files)
    assert printed(notebook.cells[1]) == "6\n"
    assert errors(notebook.cells[2]) == []
    assert points(verdicts) == {"check-layer-of": FULL}
    # And without them it fails, so they are what it was judged by.
    _, verdicts = grade(*cells)
    assert points(verdicts) == {"check-layer-of": 0}


def test_a_file_cannot_be_put_outside_of_the_folder(judge: Judge, locked: sandbox.Sandbox) -> None:
    with pytest.raises(ValueError, match="outside of the submission"):
        run(submission("1", files={"../../escaped.txt": b"x"}), judge, locked)


def test_a_notebook_has_nothing_of_the_one_before(grade: Grade) -> None:
    leaves = "import os\nopen('/tmp/left', 'w').write('x')\nopen('left', 'w').write('x')\nleft = 1"
    grade(leaves, LAYER_OF, check_cell("layer_of"))
    notebook, verdicts = grade(
        "import os\nprint(os.listdir('/tmp'), 'left' in os.listdir('.'), 'left' in globals())", check_cell("layer_of")
    )
    assert printed(notebook.cells[0]) == "[] False False\n"
    assert points(verdicts) == {"check-layer-of": 0}


# Seeds.


def test_seeds_are_the_same_for_the_same_files_and_others_for_whatever_differs() -> None:
    one = submission(LAYER_OF)
    others = [
        replace(one, student="alan"),
        replace(one, assignment="02"),
        replace(one, notebook="other"),
        replace(one, digest="another"),
        replace(one, key=bytes(31) + b"\1"),
    ]
    seeds = [other.seed("layer_of") for other in (one, *others)] + [one.seed("peel")]
    assert len({*seeds}) == len(seeds)
    assert replace(one, source="{}", cell_seconds=1).seed("layer_of") == one.seed("layer_of")
    assert min(seeds) >= 0


def test_the_judge_uses_that_seed_and_the_report_says_it(grade: Grade) -> None:
    asked = "import random\ndef layer_of(name):\n    raise RuntimeError(name)"
    said = []
    for student in ("ada", "ada", "alan"):
        _, verdicts = grade(asked, check_cell("layer_of"), student=student)
        report = verdicts.cells[0].report
        assert report and report.seed == submission(asked, student=student).seed("layer_of")
        said.append([item.got for item in report.requirements])
    assert said[0] == said[1]
    assert said[0] != said[2], "two learners are asked the same"


# Hidden requirements.

RUN_ONE = """
import json, sys
from autograder.classroom import sandbox
from autograder.classroom.execution import run
from autograder.classroom.submission import Submission
from autograder.judge.client import Judge, JudgeBroke

chosen = sandbox.choose("bubblewrap")
judge = Judge(prefix=chosen.judge)
notebook, verdicts = run(Submission(**json.load(sys.stdin), key=bytes(32)), judge, chosen)
judge.close()
json.dump([notebook, verdicts.to_plain(), [vars(item) for item in verdicts.cells[0].report.requirements]], sys.stdout)
"""


@pytest.mark.parametrize("source", [LAYER_OF, WRONG], ids=["right", "wrong"])
def test_hidden_requirements_are_judged_and_shown_by_their_sentence_alone(locked: sandbox.Sandbox, source: str) -> None:
    one = vars(submission(source, check_cell("layer_of")))
    plain = {name: one[name] for name in ("student", "assignment", "notebook", "source", "digest")}
    with with_hidden_requirements() as root:
        ended = subprocess.run(
            [sys.executable, "-c", RUN_ONE],
            input=json.dumps(plain),
            capture_output=True,
            text=True,
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(root)},
            timeout=scaled(120),
        )
    assert ended.returncode == 0, ended.stderr
    notebook, verdicts, requirements = json.loads(ended.stdout)
    (hidden,) = (item for item in requirements if item["hidden"])
    assert hidden["name"] == HIDDEN
    (cell,) = verdicts["cells"]
    assert cell["points"] == (FULL if source == LAYER_OF else FULL - 1)
    everything = json.dumps([notebook["cells"][1], verdicts])
    assert hidden["sentence"] in everything
    if source == WRONG:
        assert hidden["outcome"] == "wrong"
        assert hidden["calls"] and all(json.dumps(call)[1:-1] not in everything for call in hidden["calls"])
        assert json.dumps(hidden["got"])[1:-1] not in everything


# Ways to run.


def plain(verdicts: Verdicts) -> dict[str, Any]:
    """The verdicts without what differs from run to run."""
    made = verdicts.to_plain() | {"seconds": 0}
    for cell in made["cells"]:
        if cell["report"] is not None:
            cell["report"]["seconds"] = 0
            cell["report"]["requirements"] = [item | {"seconds": 0} for item in cell["report"]["requirements"]]
    return made


MIXED = (WRONG, "import os\nos._exit(1)", "1 / 0", check_cell("layer_of"), CHECKSUM, check_cell("internet_checksum"))


def test_every_way_to_run_it_gives_the_same_verdicts(judge: Judge, locked: sandbox.Sandbox, warm: WarmSandbox) -> None:
    usual = plain(run(submission(*MIXED), judge, locked, warm)[1])
    assert plain(run(submission(*MIXED), judge, locked)[1]) == usual
    free = sandbox.Sandbox(locked=False)
    other = Judge(prefix=free.judge)
    try:
        assert plain(run(submission(*MIXED), other, free)[1]) == usual
    finally:
        other.close()


@pytest.mark.parametrize(
    "kernel",
    [
        {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}, "language_info": {"name": "R"}},
        {"kernelspec": {"name": "no-such-kernel", "display_name": "?"}},
        {},
    ],
    ids=["another language", "unknown", "none"],
)
def test_the_kernel_is_ours_whatever_the_notebook_names(
    judge: Judge, locked: sandbox.Sandbox, warm: WarmSandbox, kernel: dict[str, Any]
) -> None:
    one = submission(LAYER_OF, check_cell("layer_of"))
    notebook = json.loads(one.source)
    notebook["metadata"] = kernel
    _, verdicts = run(replace(one, source=json.dumps(notebook)), judge, locked, warm)
    assert points(verdicts) == {"check-layer-of": FULL}


def test_a_judge_that_is_gone_is_the_graders_fault(locked: sandbox.Sandbox) -> None:
    judge = Judge(prefix=locked.judge)
    assert next(judge.check("layer_of", {"form": "source", "sources": {"a": ["a", LAYER_OF]}, "path": []}, seed=1))
    os.killpg(judge.pid, signal.SIGKILL)
    with pytest.raises(JudgeBroke):
        run(submission(LAYER_OF, check_cell("layer_of")), judge, locked)
