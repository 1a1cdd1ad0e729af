"""Every strange thing that a learner can hand to `check` gets its own sentence, and harms nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil
import pytest

from autograder.loopback import waits
from tests.judge.kernels import Kernel, Outputs

RIGHT = """
def internet_checksum(data):
    if len(data) % 2:
        data += b"\\0"
    total = sum(data[i] << 8 | data[i + 1] for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
check(internet_checksum)
"""


def body(text: str, before: str = "", keyword: str = "def") -> str:
    """A cell that defines internet_checksum with this body and checks it."""
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    return f"{before}\n{keyword} internet_checksum(data):\n{lines}\ncheck(internet_checksum)"


ANSWERS = {
    "a number": ("check(42)", "this is an int: 42"),
    "a string": ("check('internet_checksum')", "without quotes: write check(internet_checksum)"),
    "the result of a call": ("check(None)", "check takes the function itself, and None is not one"),
    "a coroutine": (
        "async def internet_checksum(data): return 0\ncheck(internet_checksum(b''))",
        "write check(internet_checksum), not check(internet_checksum(...))",
    ),
    "a lambda": ("check(lambda data: 0)", "a lambda has none. Write it with def"),
    "a partial": ("import functools\ncheck(functools.partial(print))", "this partial object has none"),
    "a wrong name": (
        "def internet_chekcsum(data): return 0\ncheck(internet_chekcsum)",
        "Did you mean internet_checksum?",
    ),
    "a name far from all": ("def zzzz(): pass\ncheck(zzzz)", "There is no exercise named 'zzzz'"),
    "a wrong signature": (
        "def internet_checksum(data, more): return 0\ncheck(internet_checksum)",
        "Yours is internet_checksum(data, more), which can't be called so",
    ),
    "an async function": (body("return 0", keyword="async def"), "Write def, not async def"),
    "a class": (
        "class internet_checksum:\n    def __init__(self, data): pass\ncheck(internet_checksum)",
        "Yours is a class",
    ),
    "a generator": (body("yield 0"), "it has yield in it"),
    "an open socket in a global": (
        body("my_socket.send(data)\nreturn 0", before="my_socket = socket.socket()"),
        "internet_checksum uses my_socket, which is an open socket",
    ),
    "a lock behind a helper": (
        body(
            "return helper()",
            before="import threading\nmutex = threading.Lock()\ndef helper():\n    return mutex",
        ),
        "helper uses mutex, which is a lock",
    ),
    "exit": (body("exit()"), "it called exit() (SystemExit)"),
    "os._exit": (body("os._exit(0)"), "it ended its own process (os._exit(0)?)"),
    "a crash": (body("import ctypes\nctypes.string_at(0)"), "crashed or was killed: signal SIGSEGV"),
    "killed by itself": (body("os.kill(os.getpid(), 9)"), "signal SIGKILL"),
    "an endless loop": (body("while True:\n    pass"), "it was computing without a pause"),
    "waiting for ever": (body("time.sleep(1000)"), "waiting in time.sleep(1000)"),
    "endless recursion": (
        body("return internet_checksum(data)"),
        "it called itself without end (RecursionError)",
    ),
    "an exception": (body("return data['x']"), "byte indices must be integers"),
    "not implemented": (body("raise NotImplementedError()"), "not implemented"),
    "10,000 sockets": (
        body("keep = [socket.socket() for _ in range(10_000)]\nreturn 0"),
        "it had more than 256 files and sockets open at once",
    ),
    "20 GB": (body("return len(bytearray(20 * 10**9))"), "it asked for more memory than it may have"),
    "an endless print": (
        body("while True:\n    print('x' * 1000)"),
        "it printed more than 1 MiB and was stopped",
    ),
    "children": (
        body("for _ in range(5):\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(1000)\nreturn 1"),
        "got 0x0001",
    ),
    "a child that comes back": (body("os.fork()\nreturn 1"), "got 0x0001"),
    "too many children": (
        body("for _ in range(60):\n    if os.fork() == 0:\n        time.sleep(1000)\ntime.sleep(1000)"),
        "it started more than 32 processes and was stopped",
    ),
    "a socket": (body("return socket.socket()"), "an object of type socket"),
    "a socket inside a list": (body("return [1, socket.socket()]"), "[1] is of that type"),
    "itself": (body("x = []\nx.append(x)\nreturn x"), "contains itself"),
    "a coroutine inside": (body("async def f(): pass\nreturn f()"), "is an await missing?"),
    "too much": (body("return bytes(100 * 2**20)"), "more than the 16777216 allowed"),
    "an exception that lies": (
        body("class E(Exception):\n    def __str__(self): raise SystemExit\nraise E"),
        "E",
    ),
    "a closed channel": (body("os.closerange(3, 256)\ntime.sleep(1000)"), "no answer from internet_checksum"),
    "garbage in the channel": (
        body(
            "import contextlib\nfor fd in range(3, 64):\n    with contextlib.suppress(OSError):\n"
            "        os.write(fd, b'\\0\\0\\0\\3abc' * 99)\ntime.sleep(1000)"
        ),
        "sent something unreadable",
    ),
}


@pytest.fixture(autouse=True)
def _unharmed(kernel: Kernel) -> Iterator[None]:
    """After each test: the kernel answers, its next check is right, and no process or socket is left."""
    kernel.run(RIGHT)
    sockets, below = kernel.sockets(), len(kernel.below())
    yield
    after = kernel.run(RIGHT)
    assert after.result == "6" and "All 6 requirements hold" in after.text, after.text
    kernel.run("globals().pop('my_socket', None)")
    until = time.monotonic() + 5
    while (len(kernel.below()) > below or kernel.sockets() > sockets) and time.monotonic() < until:
        time.sleep(0.05)
    left = [psutil.Process(pid).as_dict(["pid", "ppid", "cmdline", "status"]) for pid in kernel.below()]
    assert len(left) <= below, left
    assert kernel.sockets() <= sockets


@pytest.mark.parametrize("answer", ANSWERS)
def test_answer_gets_its_sentence(kernel: Kernel, answer: str) -> None:
    code, words = ANSWERS[answer]
    outputs = kernel.run(code)
    assert " ".join(words.split()) in " ".join(outputs.text.split()), outputs.text
    assert outputs.html
    assert outputs.result == "0", "the score is a number: nothing earned"
    assert not outputs.stderr and not outputs.error, "nbgrader takes both for a failed cell"
    assert outputs.seconds < waits.seconds(30)  # it comes to an end; `make bench` says how soon


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_an_answer_that_prints_is_shown_and_costs_nothing(kernel: Kernel, stream: str) -> None:
    code = RIGHT.replace("    return", f"    print('hello', len(data), file=sys.{stream})\n    return")
    outputs = kernel.run(code)
    assert "All" in outputs.text
    assert not outputs.stderr and not outputs.stdout
    wrong = kernel.run(code.replace("return ~total", "return total"))
    assert "PRINTED" in wrong.text and "hello" in wrong.text


def test_an_interrupt_stops_the_check_at_once(kernel: Kernel) -> None:
    cell = kernel.start(body("time.sleep(1000)"))
    time.sleep(1.0)
    kernel.manager.interrupt_kernel()
    outputs = kernel.finish(cell)
    assert "KeyboardInterrupt" in outputs.error
    assert outputs.seconds < waits.seconds(5)  # uninterrupted it takes longer


def test_a_killed_judge_is_said_to_be_our_fault_and_replaced(kernel: Kernel) -> None:
    outputs = kernel.run(
        "from autograder.judge.client import the_judge\nimport signal, threading\n"
        "threading.Timer(0.5, lambda: os.kill(the_judge().pid, signal.SIGKILL)).start()\n" + body("time.sleep(1000)")
    )
    assert "The grader broke, not your code" in outputs.text
    assert outputs.result == "0"
    assert "All 6 requirements hold" in kernel.run(RIGHT).text


def test_the_report_names_cell_and_line(kernel: Kernel) -> None:
    outputs: Outputs = kernel.run("x = 1\n" + body("first = 1\nraise ValueError(first)"))
    assert "ValueError: 1" in outputs.text
    assert "cell [" in outputs.text and "line 5: raise ValueError(first)" in outputs.text
