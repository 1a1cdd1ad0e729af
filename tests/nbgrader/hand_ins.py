"""What the learners of the scratch course hand in, and what each answer must earn and be told."""

from __future__ import annotations

from typing import NamedTuple

from tests.bank import ANSWERS, Answer

ASSIGNMENTS = ("01-osi-model", "03-tcp-sockets")


class HandIn(NamedTuple):
    """One answer that is handed in."""

    source: str
    full_marks: bool
    words: str
    """What the learner reads about it."""
    fails: str = ""
    """The requirement that does not hold, for an answer that holds in part."""


HOLDS = "requirements hold"

_LAYER_OF_IN_A_CRASH = '''
def layer_of(name: str) -> int:
    """Read address 0."""
    import ctypes

    return ctypes.string_at(0)
'''

_CHECKSUM_THAT_ENDS_THE_PROGRAM = """
def internet_checksum(data: bytes) -> int:
    exit()
"""

_ETHERNET_IN_20_GB = """
def parse_ethernet(frame: bytes) -> dict:
    return {"everything": bytearray(20 * 10**9)}
"""

_IPV4_WITHOUT_END = """
def parse_ipv4(packet: bytes) -> dict:
    while True:
        pass
"""

_NOISE = """
import functools
import logging
import sys
import threading
import warnings


def _noisy(function):
    @functools.wraps(function)
    def noisy(*arguments):
        print("a look at the arguments", file=sys.stderr)
        logging.warning("this goes to standard error, too")
        warnings.warn("and so does this", stacklevel=1)
        thread = threading.Thread(target=lambda: 1 / 0)  # and so does the traceback of a thread
        thread.start()
        thread.join()
        return function(*arguments)

    return noisy


{name} = _noisy({name})
"""

# Unlike the course's own, it does not call the other functions of the notebook.
_PEEL_BY_ITSELF = (ANSWERS / "peel" / "right_one_pass.py").read_text(encoding="utf-8")

_FETCH_THAT_ENDS_ITS_PROCESS = """
def fetch(host: str, port: int, request: bytes) -> bytes:
    os._exit(0)
"""

_ECHO_THAT_HANGS = """
def serve_echo(listener: socket.socket) -> None:
    conn, _ = listener.accept()
    time.sleep(1000)
"""

_FETCH_WITHIN_THAT_PRINTS = """
def fetch_within(host: str, port: int, request: bytes, seconds: float) -> bytes:
    while True:
        print("still here" * 100)
"""


def misbehaving(assignment: str, solutions: dict[str, str]) -> dict[str, HandIn]:
    """One notebook of answers that go wrong in every way, among answers that are right."""
    if assignment == "01-osi-model":
        return {
            "layer_of": HandIn(_LAYER_OF_IN_A_CRASH, False, "crashed or was killed: signal SIGSEGV"),
            "internet_checksum": HandIn(_CHECKSUM_THAT_ENDS_THE_PROGRAM, False, "it called exit() (SystemExit)"),
            "parse_ethernet": HandIn(_ETHERNET_IN_20_GB, False, "it asked for more memory than it may have"),
            "parse_ipv4": HandIn(_IPV4_WITHOUT_END, False, "it was computing without a pause"),
            "parse_tcp": HandIn(solutions["parse_tcp"] + _NOISE.format(name="parse_tcp"), True, HOLDS),
            "peel": HandIn(_PEEL_BY_ITSELF, True, HOLDS),
        }
    return {
        "fetch": HandIn(_FETCH_THAT_ENDS_ITS_PROCESS, False, "it ended its own process (os._exit(0)?)"),
        "make_listener": HandIn(solutions["make_listener"], True, HOLDS),
        "serve_echo": HandIn(_ECHO_THAT_HANGS, False, "waiting in time.sleep(1000)"),
        "fetch_within": HandIn(_FETCH_WITHIN_THAT_PRINTS, False, "it printed more than 1 MiB and was stopped"),
        "describe": HandIn(solutions["describe"] + _NOISE.format(name="describe"), True, HOLDS),
    }


PARTLY = {
    "01-osi-model": {"internet_checksum": "wrong_odd_byte_low", "parse_ethernet": "wrong_tag_ignored"},
    "03-tcp-sockets": {"serve_echo": "wrong_dies_on_reset", "describe": "wrong_always_stream"},
}
"""Answers of the bank that meet some requirements; the other cells of this notebook stay empty."""


def partly(assignment: str) -> dict[str, HandIn]:
    """One notebook of answers that are right in part; the bank knows which requirement each one fails, and why."""
    made = {}
    for exercise, file in PARTLY[assignment].items():
        answer = Answer(ANSWERS / exercise / f"{file}.py")
        fails, words = answer.slip
        made[exercise] = HandIn(answer.path.read_text(encoding="utf-8"), False, words, fails)
    return made


def sources(answers: dict[str, HandIn]) -> dict[str, str]:
    """What is typed into the solution cells."""
    return {exercise: answer.source for exercise, answer in answers.items()}
