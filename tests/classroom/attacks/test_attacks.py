"""A class of cheats, graded by the real command in one run: each earns only what it solved, and nobody else is touched.

The attacks are in notebook_attacks.py and process_attacks.py. Among them are honest learners, who must have full marks.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import lxml.html
import nbformat
import pytest

from autograder.classroom import sandbox, verdicts
from autograder.judge import catalogue
from autograder.loopback.waits import seconds as scaled
from tests.bench.a_class import Row, rows
from tests.classroom.attacks import notebook_attacks, process_attacks
from tests.classroom.attacks.attack import Attack
from tests.classroom.attacks.notebook_attacks import HOST_PORT, HOST_SOCKET, OSI, SECRET, TCP
from tests.nbgrader.classroom import Classroom, read

ATTACKS = [*notebook_attacks.ATTACKS, *process_attacks.ATTACKS]

HONEST = ("a-honest", "honest-a", "honest-b", "nobody special", "zoë")
"""Learners of both assignments who solve everything, before, between and after the others."""

JOBS = 6

LONGEST = 600
"""Seconds for all of assignment 01: five times what it takes on two cores."""

MOST_MEMORY = 1024 * 1024 * 1024
"""Bytes that the grading process itself may use."""

CONFIG = """
c.JudgedExecute.timeout = 6
c.JudgedExecute.notebook_timeout = 45
"""

# Runs a command as the process that orphans below it come to, and says what is left below when the command has ended.
WATCHED = """
import json, os, re, subprocess, sys, time
import psutil
from autograder.judge import limits

limits.adopt_orphans()
command = subprocess.Popen(sys.argv[2:])
grader, most, folders, looks = psutil.Process(command.pid), 0, set(), 0

def command_line(pid):
    try:
        return " ".join(psutil.Process(pid).cmdline()) or psutil.Process(pid).name()
    except psutil.Error:
        return ""

while command.poll() is None:
    try:
        most = max(most, grader.memory_info().rss)
    except psutil.Error:
        pass
    if looks % 10 == 0:
        for pid in limits.descendants(command.pid):
            folders.update(re.findall(r"/tmp/g[^/ ]{8}(?=/)", command_line(pid)))
    looks += 1
    time.sleep(0.05)
until = time.monotonic() + 20
while (left := limits.descendants(os.getpid())) and time.monotonic() < until:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    time.sleep(0.1)
told = {"code": command.returncode, "memory": most, "left": list(filter(None, map(command_line, left)))}
with open(sys.argv[1], "w") as file:
    json.dump(told | {"folders": sorted(folders)}, file)
"""

pytestmark = [
    pytest.mark.timeout(scaled(2 * LONGEST)),
    pytest.mark.skipif(bool(sandbox.why_not()), reason=sandbox.why_not() or "there is a sandbox"),
]


class Host:
    """A server on this machine's own loopback and Unix sockets, which hands out what it should not."""

    def __init__(self, folder: Path, text: str) -> None:
        self.path = folder / "s"
        self.connections: list[str] = []
        self._text = text.encode()
        self._sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port: int = self._sockets[0].getsockname()[1]
        with contextlib.suppress(OSError):  # no IPv6, or the port is taken there
            self._sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        for path in (str(self.path), f"\0{self.path}"):
            sock = socket.socket(socket.AF_UNIX)
            sock.bind(path)
            sock.listen()
            self._sockets.append(sock)
        self.path.chmod(0o777)
        for sock in self._sockets:
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        while True:
            try:
                connection, _ = sock.accept()
            except OSError:
                return
            self.connections.append(str(sock.getsockname()))
            with connection, contextlib.suppress(OSError):
                connection.sendall(self._text)

    def close(self) -> None:
        """Stop listening."""
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


@dataclass
class Run:
    """What one run of the command did."""

    assignment: str
    code: int
    seconds: float
    memory: int
    left: list[str]
    """Command lines of processes that outlived it."""
    folders: list[Path]
    """Its own in /tmp, as far as they were seen in its processes' command lines."""
    said: str


@dataclass
class Graded:
    """The class after grading, and what was there before."""

    course: Classroom
    runs: dict[str, Run]
    host: Host
    secret: str
    planted: list[Path]
    before: dict[str, str]
    rows_before: list[Row]
    temporary: Path
    new_in_tmp: list[Path]
    """What came into the system's /tmp meanwhile, also from others."""
    points: dict[str, dict[str, float]]
    """By learner and exercise, as the gradebook has them."""

    def folder(self, name: str, assignment: str) -> Path:
        return self.course.root / "autograded" / name / assignment

    def verdicts(self, name: str, assignment: str) -> verdicts.Verdicts:
        return verdicts.read(self.folder(name, assignment) / f"{assignment}{verdicts.SUFFIX}")

    def untouched(self) -> dict[str, str]:
        """Digests of all files that no run may change."""
        root = self.course.root
        found = [root / "nbgrader_config.py", *self.planted]
        for folder in (root / "solutions", root / "exercises", root / "submitted"):
            found += [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
        return {str(path): _digest(path) for path in sorted(found)}


def assignment_of(attack: Attack) -> str:
    """The assignment that an attack belongs to."""
    return catalogue.load(next(iter({*attack.answers, *attack.attacked}))).assignment


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    """Both assignments, handed in by everybody and graded."""
    with ExitStack() as stack:
        course = Classroom.make(tmp_path_factory.mktemp("attacks"), OSI, TCP)
        stack.callback(course.remove)
        for assignment in (OSI, TCP):
            course.generate_assignment(assignment)
        with (course.root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write(CONFIG)
        open_to_all = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        open_to_all.chmod(0o777)
        host = stack.enter_context(closing(Host(open_to_all, course.solutions(OSI)["layer_of"])))
        secret = SECRET + uuid.uuid4().hex
        planted = [open_to_all / "notes.txt", course.home / ".ssh" / "id_ed25519", course.root / "answers.txt"]
        for path in planted:
            path.parent.mkdir(exist_ok=True)
            path.write_text(secret, encoding="utf-8")
            path.chmod(0o644)
        temporary = course.folder / "tmp"
        temporary.mkdir()

        solutions = {assignment: course.solutions(assignment) for assignment in (OSI, TCP)}
        for assignment in (OSI, TCP):
            for name in HONEST:
                course.hand_in(name, assignment, solutions[assignment])
        for attack in ATTACKS:
            _hand_in(course, attack, solutions[assignment_of(attack)], host)
        _hand_in_links(course, planted[0])

        graded = Graded(course, {}, host, secret, planted, {}, [], temporary, [], {})
        graded.before = graded.untouched()
        there = set(os.listdir("/tmp"))
        for assignment in (TCP, OSI):
            graded.rows_before = rows(course)
            graded.runs[assignment] = _graded(course, assignment, secret, temporary)
        graded.new_in_tmp = [Path("/tmp", name) for name in sorted(set(os.listdir("/tmp")) - there)]
        for student, grade_id, points, *_ in rows(course):
            exercise = str(grade_id).removeprefix("check-").replace("-", "_")
            graded.points.setdefault(str(student), {})[exercise] = float(str(points))
        yield graded


def _hand_in(course: Classroom, attack: Attack, solutions: dict[str, str], host: Host) -> None:
    assignment = assignment_of(attack)
    answers = {**solutions, **attack.answers}
    for name, source in answers.items():
        answers[name] = source.replace(HOST_PORT, str(host.port)).replace(HOST_SOCKET, str(host.path))
    path = course.hand_in(attack.name, assignment, answers)
    if attack.edit is not None:
        notebook = read(path)
        attack.edit(notebook)
        path.write_text(json.dumps(notebook), encoding="utf-8")  # nbformat would not write all of them
    for name, content in attack.files.items():
        file = path.parent / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _hand_in_links(course: Classroom, secret: Path) -> None:
    """Hand in what only a file system can hold."""
    for name, target in (("linked-system", "/etc/passwd"), ("linked-neighbour", f"../../honest-a/{OSI}/{OSI}.ipynb")):
        path = course.hand_in(name, OSI, {})
        path.unlink()
        path.symlink_to(target)
    folder = course.hand_in("linked-files", OSI, course.solutions(OSI)).parent
    (folder / "secret.txt").symlink_to(secret)
    (folder / "others").symlink_to("../../honest-a")
    (folder / "loop").symlink_to(".")
    (folder / f"{OSI}{verdicts.SUFFIX}").symlink_to(course.root / "nbgrader_config.py")
    os.mkfifo(folder / "pipe")


def _graded(course: Classroom, assignment: str, secret: str, temporary: Path) -> Run:
    told, log = course.folder / f"{assignment}.json", course.folder / f"{assignment}.log"
    command = [sys.executable, "-m", "autograder", "grade", assignment, "--jobs", str(JOBS)]
    environment = course.environment | {"AUTOGRADER_SECRET": secret, "TMPDIR": str(temporary)}
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", WATCHED, str(told), *command],
            cwd=course.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(scaled(LONGEST))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()
    seconds = time.monotonic() - started
    said = log.read_text(encoding="utf-8", errors="replace")
    assert told.is_file(), said
    what = json.loads(told.read_text(encoding="utf-8"))
    assert what["code"] in (0, 1), said  # all graded, or some failed
    folders = [Path(name) for name in what["folders"]]
    return Run(assignment, what["code"], seconds, what["memory"], what["left"], folders, said)


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"a link to {os.readlink(path)}"
    return hashlib.sha256(path.read_bytes()).hexdigest()


# One attack.


@pytest.mark.parametrize("attack", [pytest.param(one, id=one.name) for one in ATTACKS if not one.failed])
def test_an_attack_earns_what_it_solved(graded: Graded, attack: Attack) -> None:
    assignment = assignment_of(attack)
    full = graded.points["a-honest"]
    exercises = graded.course.solutions(assignment)
    decided = graded.verdicts(attack.name, assignment)
    by_verdict = {cell.exercise: cell.points for cell in decided.cells}
    wanted = {
        name: attack.earns.get(name, 0.0) if name in {*attack.answers, *attack.attacked} else full[name]
        for name in exercises
    }
    assert graded.points.get(attack.name) == wanted, (attack.about, decided.events)
    assert by_verdict == wanted
    assert decided.student == attack.name and all(cell.kind == "judge" for cell in decided.cells)
    assert decided.hung or not attack.hung, decided.events
    assert decided.suspicious or not attack.suspicious, decided.events


@pytest.mark.parametrize("attack", [pytest.param(one, id=one.name) for one in ATTACKS if one.failed])
def test_what_is_no_notebook_is_told_and_graded_by_nobody(graded: Graded, attack: Attack) -> None:
    assignment = assignment_of(attack)
    assert re.search(rf"^  {re.escape(attack.name)}: \S+", graded.runs[assignment].said, re.MULTILINE)
    assert attack.name not in graded.points
    assert not graded.folder(attack.name, assignment).exists()


@pytest.mark.parametrize("name", ["linked-system", "linked-neighbour"])
def test_a_link_in_place_of_a_notebook_is_told_and_graded_by_nobody(graded: Graded, name: str) -> None:
    assert re.search(rf"^  {name}: \S+", graded.runs[OSI].said, re.MULTILINE)
    assert name not in graded.points
    assert not graded.folder(name, OSI).exists()


def test_links_beside_a_notebook_lead_nowhere(graded: Graded) -> None:
    assert sum(graded.points["linked-files"].values()) == 40
    there = {path.name for path in graded.folder("linked-files", OSI).iterdir()}
    assert there == {f"{OSI}.ipynb", f"{OSI}{verdicts.SUFFIX}"}
    assert not (graded.folder("linked-files", OSI) / f"{OSI}{verdicts.SUFFIX}").is_symlink()


# Everybody else, and everything else.


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_learner_has_full_marks(graded: Graded, name: str) -> None:
    assert sum(graded.points[name].values()) == 80
    for assignment in (OSI, TCP):
        decided = graded.verdicts(name, assignment)
        assert decided.points == decided.max_points == 40
        assert decided.events == []


def test_the_run_says_who_failed_and_nothing_else_failed(graded: Graded) -> None:
    failed = {attack.name for attack in ATTACKS if attack.failed} | {"linked-system", "linked-neighbour"}
    said = graded.runs[OSI].said
    assert graded.runs[OSI].code == 1 and f"\n{len(failed)} failed" in said, said
    assert graded.runs[TCP].code == 0, graded.runs[TCP].said
    handed_in = {path.parent.name for path in (graded.course.root / "submitted").glob(f"*/{OSI}")}
    assert f"{OSI}: {len(handed_in - failed)} graded in " in said


def test_rows_of_another_assignment_are_untouched(graded: Graded) -> None:
    names = {f"check-{name.replace('_', '-')}" for name in graded.course.solutions(TCP)}
    before = [row for row in graded.rows_before if row[1] in names]
    assert before and before == [row for row in rows(graded.course) if row[1] in names]


def test_nobody_is_in_the_gradebook_who_did_not_hand_in(graded: Graded) -> None:
    assert set(graded.points) <= {path.name for path in (graded.course.root / "submitted").iterdir()}


def test_files_of_the_course_and_of_the_machine_are_untouched(graded: Graded) -> None:
    assert graded.untouched() == graded.before


def test_no_secret_and_no_breach_is_in_what_was_graded(graded: Graded) -> None:
    for path in (graded.course.root / "autograded").rglob("*"):
        if path.is_file():
            assert graded.secret.encode() not in path.read_bytes(), path
    for path in (graded.course.root / "autograded").rglob("*.ipynb"):
        outputs = [cell.outputs for cell in read(path).cells if cell.cell_type == "code"]
        assert "BREACH" not in json.dumps(outputs), (path, outputs)


def test_nobody_reached_a_server_of_the_machine(graded: Graded) -> None:
    assert graded.host.connections == []
    with socket.create_connection(("127.0.0.1", graded.host.port)) as sock:  # it would have answered
        assert b"def layer_of" in sock.makefile("rb").read()


@pytest.mark.parametrize("assignment", [TCP, OSI])
def test_no_process_is_left_running(graded: Graded, assignment: str) -> None:
    assert graded.runs[assignment].left == []


def test_nothing_is_left_in_temporary_folders(graded: Graded) -> None:
    assert [path.name for path in graded.temporary.iterdir()] == []
    for one in graded.runs.values():
        assert one.folders and not [path for path in one.folders if path.exists()]
    for path in graded.new_in_tmp:
        with contextlib.suppress(FileNotFoundError):
            assert path.lstat().st_uid < sandbox.FIRST_USER_ID, path


@pytest.mark.parametrize("assignment", [TCP, OSI])
def test_the_grader_stays_small(graded: Graded, assignment: str) -> None:
    assert graded.runs[assignment].memory < MOST_MEMORY


def test_graded_notebooks_are_notebooks(graded: Graded) -> None:
    for path in (graded.course.root / "autograded").rglob("*.ipynb"):
        nbformat.validate(json.loads(path.read_text(encoding="utf-8")))


def test_a_page_for_a_browser_has_no_script_of_a_learners(graded: Graded) -> None:
    for name in ("active-content", "a-honest"):
        graded.course.start("nbgrader", "generate_feedback", OSI, "--student", name).result()
    pages = {}
    for name in ("active-content", "a-honest"):
        text = (graded.course.root / "feedback" / name / OSI / f"{OSI}.html").read_text(encoding="utf-8")
        pages[name] = _active_parts(text)
    assert pages["active-content"] - pages["a-honest"] == set()


def _active_parts(page: str) -> set[str]:
    """What a browser would act on: scripts, handlers of events, addresses that are programs, other pages inside."""
    found = set()
    for element in lxml.html.fromstring(page).iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag in ("script", "iframe", "object", "embed", "form", "meta", "base", "link", "svg", "math"):
            found.add(f"<{element.tag}> {dict(element.attrib)} {(element.text or '')[:200]}")
        for name, value in element.attrib.items():
            squeezed = re.sub(r"[\x00-\x20]+", "", value).lower()
            if name.startswith("on") or name == "srcdoc":
                found.add(f"{element.tag} {name}={value}")
            if squeezed.startswith(("javascript:", "vbscript:", "data:text/html")) or "url('javascript" in squeezed:
                found.add(f"{element.tag} {name}={value}")
    return found
