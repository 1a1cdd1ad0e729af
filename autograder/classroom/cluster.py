"""The work on a Dask cluster (https://distributed.dask.org): submissions go to its workers, verdicts come back.

A worker needs this package in the same version, and bubblewrap. It gets the notebooks, and of the course nothing but
the secret behind the seeds. A submission whose worker is lost goes to another one.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import hashlib
import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from distributed import Client, Future, get_worker
from distributed.client import ClosedClientError
from distributed.comm import get_address_host_port
from distributed.scheduler import KilledWorker

import autograder
from autograder.classroom import sandbox
from autograder.classroom.execution import GraderBroke
from autograder.classroom.stopping import CalledOff
from autograder.classroom.submission import Submission
from autograder.classroom.workplace import Done, Unusable, Workplace
from autograder.loopback.waits import seconds as scaled

AHEAD = 2
"""Submissions on their way for each one that is at work, so that no worker waits for this process."""

CONNECT_SECONDS = 10.0
"""Time for a scheduler to answer, and for its first worker to be there."""


class ClusterUnusable(Unusable):
    """The cluster can't be used, or can't be used any more; the text says why."""


class Cluster:
    """The workers of a Dask cluster.

    Args:
        address: of the scheduler, ``tcp://host:8786``.
        locked: is learner code to be locked up?

    Raises:
        ClusterUnusable: it does not answer, or one of its workers can't do this work.
    """

    def __init__(self, address: str, *, locked: bool) -> None:
        self._address = address
        try:
            get_address_host_port(address, strict=True)
            self._client = Client(address, timeout=scaled(CONNECT_SECONDS), set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterUnusable(f"No Dask scheduler answers at {address}: {_first_line(error)}") from error
        try:
            self._examine(locked)
        except BaseException:
            self._client.close(timeout=scaled(CONNECT_SECONDS))
            raise
        self.at_once = AHEAD * max(1, sum(self._client.nthreads().values()))
        self._work = _Work(uuid.uuid4().hex, locked)
        self._changing = threading.Lock()
        self._flying: set[Future] = set()
        self._called_off = False

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client.status == "running" and not self._called_off:
            self._client.run(_end, self._work.run, on_error="ignore")
        self._client.close(timeout=scaled(CONNECT_SECONDS))

    def run(self, notebooks: list[Submission]) -> Done:
        """Run and judge the notebooks of one submission on some worker."""
        with self._changing:
            if self._called_off:
                raise CalledOff
            future = self._client.submit(self._work, notebooks, pure=False, key=f"grade-{uuid.uuid4().hex}")
            self._flying.add(future)
        try:
            done: Done = future.result()
            return done
        except (concurrent.futures.CancelledError, asyncio.CancelledError) as error:
            if self._called_off:
                raise CalledOff from None
            raise ClusterUnusable(f"The scheduler at {self._address} is gone.") from error
        except KilledWorker as error:
            raise GraderBroke("the worker that had it was lost, and so were those that had it then") from error
        finally:
            with self._changing:
                self._flying.discard(future)

    def leave(self) -> None:
        """Nothing: the workers' judges belong to no thread of ours."""

    def call_off(self) -> None:
        """Tell the workers to end what they do for this run."""
        with self._changing:
            self._called_off = True
            flying = list(self._flying)
        # What went with the scheduler needs no telling.
        with suppress(ClosedClientError, OSError, RuntimeError, asyncio.CancelledError):
            self._client.cancel(flying, force=True)
            self._client.run(_end, self._work.run, on_error="ignore")

    def complaint(self) -> str:
        """Is there a worker?"""
        if self._client.status != "running":
            return "waiting for the scheduler"
        return "" if self._client.scheduler_info().get("workers") else "waiting for a worker"

    def _examine(self, locked: bool) -> None:
        try:
            self._client.wait_for_workers(1, timeout=scaled(CONNECT_SECONDS))
        except TimeoutError:
            raise ClusterUnusable(f"The Dask cluster at {self._address} has no worker.") from None
        found = self._client.run(_examine, locked, on_error="return")
        ours = _digest()
        for worker, answer in sorted(found.items()):
            if isinstance(answer, BaseException):
                raise ClusterUnusable(f"The worker {worker} can't do this work: {_first_line(answer)}")
            why_not, theirs = answer
            if theirs != ours:
                raise ClusterUnusable(
                    f"The worker {worker} has another version of this package, whose checks may decide differently: "
                    "install the same one there."
                )
            if why_not:
                raise ClusterUnusable(f"The worker {worker} can't lock learner code up. {why_not}")


# On a worker.


@dataclass(frozen=True)
class _Work:
    """What a worker is asked to do, in a thread of its own; its judges last until the run is over."""

    run: str
    locked: bool

    def __call__(self, notebooks: list[Submission]) -> Done:
        with _arriving:
            if self.run not in _workplaces:
                for over in [name for name, place in _workplaces.items() if not place.busy]:
                    _end(over)  # its grader was killed, or makes new judges when it has more to do
                _workplaces[self.run] = Workplace(_chosen(self.locked))
            workplace = _workplaces[self.run]
        return workplace.run(notebooks)


def _chosen(locked: bool) -> sandbox.Sandbox:
    try:
        return sandbox.choose("bubblewrap" if locked else "none")
    except sandbox.SandboxUnavailable as error:
        raise ClusterUnusable(f"The worker {get_worker().address} can't lock learner code up. {error}") from None


def _examine(locked: bool) -> tuple[str, str]:
    """Why this worker can't lock learner code up, and which version it has."""
    try:
        sandbox.choose("bubblewrap" if locked else "none")
    except sandbox.SandboxUnavailable as error:
        return str(error), _digest()
    return "", _digest()


def _end(run: str) -> None:
    """End what a run has here; returns at once, for a worker's own thread must not wait."""
    workplace = _workplaces.pop(run, None)
    if workplace is not None:
        threading.Thread(target=workplace.call_off, daemon=True).start()


@atexit.register
def _end_all() -> None:
    for workplace in list(_workplaces.values()):
        workplace.call_off()


_arriving = threading.Lock()
_workplaces: dict[str, Workplace] = {}


def _digest() -> str:
    """The SHA-256 of this package's files, hexadecimal."""
    root = Path(autograder.__file__).parent
    total = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        total.update(b"%b\0%b\0" % (path.relative_to(root).as_posix().encode(), path.read_bytes()))
    return total.hexdigest()


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
