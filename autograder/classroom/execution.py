"""Runs one notebook in a sandboxed kernel, and lets the judge decide about its check cells.

The notebook's own outputs decide nothing. At a check cell the kernel is asked for the function that the cell names,
packed; the judge, who stands outside, opens it in a learner process and decides. A check cell's outputs are then our
report and its points, whatever the kernel would have printed.

A kernel that dies or does not answer costs the cell in which it did: a new kernel runs the earlier cells again.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from pathlib import Path
from queue import Empty
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder.classroom import outputs
from autograder.classroom.handed_over import HAND_OVER, NotHandedOver, read_payload
from autograder.classroom.limited_client import LimitedClient
from autograder.classroom.provisioner import kernel_manager
from autograder.classroom.relay import Relay
from autograder.classroom.sandbox import GRADING, Sandbox
from autograder.classroom.stopping import CalledOff, Stop
from autograder.classroom.submission import Submission, exercise_of
from autograder.classroom.verdicts import CellVerdict, Event, Happening, Verdicts
from autograder.classroom.warm import WarmSandbox
from autograder.judge import catalogue
from autograder.judge.client import Judge
from autograder.loopback.waits import seconds as scaled
from autograder.report import CheckReport
from autograder.report.html import check_html
from autograder.report.model import number
from autograder.report.text import check_text

PATIENCE = 3.0
"""Seconds for a kernel to end a cell that is interrupted."""

CHECK_SECONDS = 120
"""Longest time of the check of one exercise: ten times what code takes that hangs in everything."""

HANDOVER_SECONDS = 20
"""Longest time of packing one function."""

DEATHS = 4
"""New kernels for one notebook; then it is given up."""

TOO_LONG = "The cells ran longer than they may together, so the rest was not run."

OPTIONS = ["--HistoryManager.enabled=False", "--IPKernelApp.exec_lines=__import__('sys').path.append('')"]
"""Of the kernel. Modules that were handed in are behind all others, as in a learner process."""

class GraderBroke(RuntimeError):
    """Something of ours failed: no kernel could be started, or the judge ended. Nobody's points are decided by that."""


def run(
    submission: Submission,
    judge: Judge,
    sandbox: Sandbox,
    warm: WarmSandbox | None = None,
    stop: Stop | None = None,
) -> tuple[NotebookNode, Verdicts]:
    """Run a notebook and judge its check cells; return it with its outputs, and what was decided.

    Args:
        warm: a sandbox that was used for other submissions and has nothing of them, for those without files.
        stop: may call it off. The judge must be closed, too.

    Raises:
        GraderBroke: it could not be done, for a reason that is not the learner's.
        CalledOff: `stop` was asked for.
    """
    stop = stop or Stop()
    # Made where paths are short, and readable for the sandbox's user.
    with tempfile.TemporaryDirectory(prefix="g", dir="/tmp" if os.path.isdir("/tmp") else None) as name:
        folder = Path(name)
        folder.chmod(0o755)
        files = _written(submission.files, folder / "files")
        warm = None if submission.files else warm
        one = _Run(submission, judge, sandbox, folder, files, warm, stop)
        with stop.covering(one):
            made: tuple[NotebookNode, Verdicts] = run_sync(one.whole)()
        return made


class _Run:
    def __init__(
        self,
        submission: Submission,
        judge: Judge,
        sandbox: Sandbox,
        folder: Path,
        files: Path,
        warm: WarmSandbox | None,
        stop: Stop,
    ) -> None:
        self._submission, self._judge, self._sandbox, self._warm = submission, judge, sandbox, warm
        self._folder, self._files, self._stop = folder, files, stop
        self._notebook = nbformat.reads(submission.source, as_version=4)
        self._verdicts = Verdicts(
            submission.student,
            submission.assignment,
            submission.notebook,
            submission.digest,
            events=list(submission.events),
        )
        self._client: LimitedClient | None = None
        self._manager: AsyncKernelManager | None = None
        self._relay: Relay | None = None
        self._kernels = 0
        self._ran: list[int] = []
        """The cells that a new kernel must run again."""
        self._left = scaled(submission.notebook_seconds)
        self._cell_seconds = scaled(submission.cell_seconds)
        self._given_up = ""

    async def whole(self) -> tuple[NotebookNode, Verdicts]:
        """Run all cells."""
        started = time.monotonic()
        self._judge.renew(self._warm.learner if self._warm else self._sandbox.learner(self._files))
        try:
            for index, cell in enumerate(self._notebook.cells):
                exercise = exercise_of(cell)
                if exercise:
                    await self._decide(index, cell, exercise)
                elif cell.cell_type == "code" and cell.source.strip():
                    await self._execute(index)
        finally:
            await self._end_kernel()
        self._verdicts.seconds = round(time.monotonic() - started, 2)
        return self._notebook, self._verdicts

    def kill(self) -> None:
        """Kill the kernel, from any thread; what waits for it goes on then, and sees that `stop` was asked for."""
        manager = self._manager
        if manager is not None and manager.has_kernel:
            provisioner: Any = manager.provisioner
            provisioner.end("it was called off")

    # Cells.

    async def _execute(self, index: int) -> None:
        cell = self._notebook.cells[index]
        started = time.monotonic()
        if self._left <= 0 and not self._given_up:
            self._give_up(TOO_LONG)
        if self._given_up or not await self._ready():
            cell.outputs = [outputs.error("NotRun", self._given_up)]
            return
        complaint = await self._run_cell(cell, index)
        if complaint:
            cell.outputs.append(complaint)
        else:
            self._ran.append(index)
        self._left -= time.monotonic() - started

    async def _run_cell(self, cell: NotebookNode, index: int) -> NotebookNode | None:
        """Run a cell; return what to say if it did not end. The kernel is ended where it can't go on."""
        assert self._client is not None
        try:
            await self._client.async_execute_cell(cell, index)
            return None
        except CellTimeoutError:
            sentence = f"This cell ran longer than {self._cell_seconds:g} s and was interrupted."
            self._happened("timed out", cell, index, sentence)
            if not await self._interrupted():
                await self._end_kernel()
            return outputs.error("Timeout", sentence)
        except DeadKernelError:
            crossed = self._crossed()
            sentence = f"The kernel died in this cell: {crossed or 'it ended itself, or crashed'}."
            self._happened("limit" if crossed else "kernel died", cell, index, sentence)
        except Exception as error:  # what a kernel sends may be anything
            sentence = f"The kernel sent something that is no message of Jupyter's ({type(error).__name__})."
            self._happened("limit", cell, index, sentence)
        await self._end_kernel()
        return outputs.error("KernelDied", sentence)

    async def _decide(self, index: int, cell: NotebookNode, exercise: str) -> None:
        name = cell.metadata.nbgrader["grade_id"]
        most = float(cell.metadata.nbgrader["points"])
        report = await self._report(index, cell, exercise)
        points = min(report.points, most)
        self._verdicts.cells.append(CellVerdict(name, "judge", most, points, exercise, report))
        shown = {"text/plain": check_text(report), "text/html": check_html(report)}
        cell.outputs = [
            nbformat.v4.new_output("display_data", data=shown),
            nbformat.v4.new_output("execute_result", data={"text/plain": number(points)}, execution_count=None),
        ]
        cell.execution_count = None

    async def _report(self, index: int, cell: NotebookNode, exercise: str) -> CheckReport:
        payload, why_not = await self._payload(index, cell, exercise)
        seed = self._submission.seed(exercise)
        if payload is None:
            most = catalogue.load(exercise).max_points
            return CheckReport(exercise, self._submission.assignment, max_points=most, seed=seed, refused=why_not)
        report = self._checked(cell, index, exercise, payload, seed)
        if any(item.outcome == "grader broke" for item in report.requirements):
            self._judge.renew()  # once more, in a fresh sandbox: it may be this one that broke
            report = self._checked(cell, index, exercise, payload, seed)
        return report

    def _checked(
        self, cell: NotebookNode, index: int, exercise: str, payload: dict[str, Any], seed: int
    ) -> CheckReport:
        # Requirements have deadlines of their own, but a peer that always says one byte more may outlive them.
        watch = threading.Timer(scaled(CHECK_SECONDS), self._judge.cancel)
        watch.start()
        try:
            events = list(self._judge.check(exercise, payload, seed=seed, hidden=True))
        finally:
            watch.cancel()
        if events[-1].get("cancelled"):
            sentence = f"The check of {exercise} took longer than {scaled(CHECK_SECONDS):g} s and was stopped."
            self._happened("timed out", cell, index, sentence)
        return CheckReport.collect(exercise, events)

    async def _payload(self, index: int, cell: NotebookNode, exercise: str) -> tuple[dict[str, Any] | None, str]:
        """The function as the kernel packed it, or the reason why there is none."""
        for _ in range(2):
            if not await self._ready():
                return None, f"{exercise} was not checked: {self._given_up}"
            try:
                async with asyncio.timeout(min(scaled(HANDOVER_SECONDS), self._cell_seconds)):
                    answer = await self._asked(HAND_OVER.format(name=exercise))
            except Exception as error:  # it died, is silent, or sent what is no message of Jupyter's
                crossed = self._crossed()
                sentence = f"The kernel did not hand over {exercise}: {crossed or type(error).__name__}."
                self._happened("limit" if crossed else "kernel died", cell, index, sentence)
                await self._end_kernel()
                continue
            try:
                return read_payload(answer), ""
            except NotHandedOver as error:
                return None, str(error)
            except (ValueError, KeyError, TypeError, AttributeError, SyntaxError, RecursionError, MemoryError):
                return None, f"What the kernel handed over for {exercise} can't be read."
        return None, f"{exercise} was not checked: its kernel died or gave no answer when it was asked for it."

    async def _asked(self, expression: str) -> Any:
        """The value of an expression in the kernel, as its reply has it."""
        assert self._client is not None and self._client.kc is not None
        number_of = self._client.kc.execute(
            "", silent=True, store_history=False, user_expressions={"wanted": expression}, stop_on_error=False
        )
        while True:
            try:
                message = await self._client.kc.shell_channel.get_msg(timeout=0.5)
            except Empty:
                if self._manager is None or not await self._manager.is_alive():
                    raise DeadKernelError("the kernel died") from None
                continue
            if message["parent_header"].get("msg_id") == number_of:
                return message["content"].get("user_expressions", {}).get("wanted", {})

    # Kernels.

    async def _ready(self) -> bool:
        """See that there is a kernel in which the cells before this one ran; False where that is given up."""
        while self._client is None and not self._given_up:
            if self._stop.asked:
                raise CalledOff
            if self._kernels > DEATHS:
                self._give_up(f"the kernel of this notebook died {self._kernels} times.")
                break
            await self._start_kernel()
            for index in list(self._ran):
                if self._left <= 0:
                    self._give_up(TOO_LONG)
                    await self._end_kernel()
                    break
                again = nbformat.from_dict(self._notebook.cells[index] | {"outputs": []})
                started = time.monotonic()
                if await self._run_cell(again, index) is not None:
                    self._ran.remove(index)
                self._left -= time.monotonic() - started
                if self._client is None:
                    break
        return self._client is not None

    async def _start_kernel(self) -> None:
        self._kernels += 1
        if self._warm is not None:
            files, channels = self._warm.files, self._warm.channels
        else:
            files, channels = self._files, self._folder / str(self._kernels)
            channels.mkdir(mode=0o700)
        manager = self._manager = kernel_manager(self._sandbox, files, channels, self._warm)
        client = LimitedClient(self._notebook, manager, self._cell_seconds, self._end_flood)
        environment = os.environ | GRADING
        environment.pop("JPY_PARENT_PID", None)
        try:
            await manager.start_kernel(extra_arguments=OPTIONS, env=environment)
            client.kc = manager.client(context=manager.context, **await self._relayed(manager))
            client.kc.start_channels(hb=False)  # that the kernel lives is asked of its provisioner
            await client.kc.wait_for_ready(timeout=scaled(60))
        except Exception as error:
            await self._end_kernel()
            raise GraderBroke(f"No kernel could be started: {error}") from error
        client.kc.allow_stdin = False
        self._client = client
        if self._stop.asked:  # while it started
            self.kill()

    async def _relayed(self, manager: AsyncKernelManager) -> dict[str, Any]:
        """Put the relay between the kernel and our client; return what that must be told."""
        if not self._sandbox.locked:
            return {}
        folder = self._folder / f"r{self._kernels}"
        folder.mkdir(mode=0o700)
        self._relay = Relay(folder, self._end_flood)
        ports = (manager.shell_port, manager.iopub_port, manager.stdin_port, manager.control_port)
        sockets = [Path(f"{manager.ip}-{port}") for port in ports]
        await self._relay.start(sockets, manager.is_alive, scaled(60))
        return {"ip": self._relay.ip}

    async def _interrupted(self) -> bool:
        """Interrupt the kernel, and see whether it ends what it does."""
        assert self._client is not None and self._client.kc is not None
        self._client.kc.control_channel.send(self._client.kc.session.msg("interrupt_request", {}))
        try:
            async with asyncio.timeout(scaled(PATIENCE)):
                await self._asked("1")
        except Exception:  # it died, is silent, or sent what is no message of Jupyter's
            return False
        return True

    def _end_flood(self) -> None:
        provisioner: Any = self._manager.provisioner if self._manager else None
        provisioner.end("the notebook printed without end and was stopped")

    def _crossed(self) -> str:
        provisioner: Any = self._manager.provisioner if self._manager else None
        return str(getattr(provisioner, "crossed", ""))

    async def _end_kernel(self) -> None:
        client, manager, relay = self._client, self._manager, self._relay
        self._client = self._manager = self._relay = None
        if client is not None and client.kc is not None:
            client.kc.stop_channels()
        if manager is not None:
            if manager.has_kernel:
                await manager.shutdown_kernel(now=True)
            manager.context.destroy(linger=0)
        if relay is not None:
            relay.close()

    # Words.

    def _give_up(self, sentence: str) -> None:
        self._given_up = sentence
        kind: Happening = "timed out" if self._left <= 0 else "kernel died"
        self._verdicts.events.append(Event(kind, "notebook", sentence))

    def _happened(self, kind: Happening, cell: NotebookNode, index: int, sentence: str) -> None:
        where = cell.metadata.get("nbgrader", {}).get("grade_id") or f"cell {index + 1}"
        self._verdicts.events.append(Event(kind, where, sentence))


def _written(files: dict[str, bytes], folder: Path) -> Path:
    folder.mkdir(mode=0o755)
    for name, content in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{name} would lie outside of the submission")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        path.write_bytes(content)
        path.chmod(0o644)
    return folder
