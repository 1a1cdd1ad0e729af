"""The words for what went wrong: the right voice, the right place, and nothing guessed."""

from __future__ import annotations

import errno
import itertools
from typing import Any

import pytest

from autograder.judge.exercise import Exercise
from autograder.judge.failures import Ended, NotPlainAnswer, Raised, Silent, WrongAnswer
from autograder.judge.words import difference, explain, raised, waiting, wrong_shape
from autograder.loopback import EarlyEnd, NoAnswer, NotTaken, TooMuch

PLACE = {
    "file": "cell [5]",
    "line": 7,
    "function": "fetch",
    "source": "data = conn.recv(4096)",
    "call": "conn.recv(4096)",
}


def asked(kind: Any, *parameters: str) -> Exercise:
    return Exercise("fetch", "03-tcp-sockets", "", kind, parameters, ())


def given_(kind: str = "function", **more: Any) -> dict[str, Any]:
    return {"found": True, "callable": True, "type": kind, "kind": kind, "generator": False} | more


def an_error(*mro: str, message: str = "text", number: int | None = None, places: bool = True) -> dict[str, Any]:
    return {
        "type": mro[0],
        "mro": [*mro, "Exception", "BaseException", "object"],
        "message": message,
        "errno": number,
        "places": [PLACE] if places else [],
    }


def silent(*, computing: bool = False, who: str = "", places: list[dict[str, Any]] | None = None) -> Silent:
    return Silent(
        "fetch('x')", 2.0, [{"who": who, "places": [PLACE] if places is None else places}], computing=computing
    )


# The shape of an answer.

KINDS = {
    "function": "a plain function (def)",
    "async function": "an async function (async def)",
    "class": "a class",
}
WRITTEN = {"function": "def fetch(host)", "async function": "async def fetch(host)", "class": "class fetch(host)"}


@pytest.mark.parametrize(("wanted", "given"), list(itertools.product(KINDS, KINDS)))
def test_every_pair_of_kinds(wanted: str, given: str) -> None:
    sentence = wrong_shape(asked(wanted, "host"), given_(given, signature="fetch(host)", takes=[1, 1]))
    if wanted == given:
        assert sentence == ""
    else:
        assert sentence.startswith(f"fetch must be {KINDS[wanted]}, written {WRITTEN[wanted]}. ")
        assert f"Yours is {KINDS[given]}." in sentence


@pytest.mark.parametrize(
    ("wanted", "given", "advice"),
    [
        ("function", "async function", "Write def, not async def"),
        ("function", "class", "Write def, not class"),
        ("async function", "function", "Write async def: the check awaits it."),
    ],
)
def test_a_wrong_kind_is_told_what_to_write(wanted: str, given: str, advice: str) -> None:
    assert advice in wrong_shape(asked(wanted), given_(given))


@pytest.mark.parametrize(
    ("takes", "fits"),
    [
        ([2, 2], True),
        ([0, 2], True),
        ([2, 5], True),
        ([0, None], True),
        ([2, None], True),
        ([3, None], False),
        ([3, 3], False),
        ([0, 1], False),
        ([1000, 1000], False),  # a keyword that must be given
    ],
)
def test_a_signature_fits_when_the_call_is_possible(takes: list[int | None], fits: bool) -> None:
    sentence = wrong_shape(asked("function", "host", "port"), given_(signature="fetch(a)", takes=takes))
    assert (sentence == "") is fits
    if not fits:
        assert "the check calls it with 2 arguments. Yours is fetch(a), which can't be called so." in sentence


def test_one_argument_is_not_arguments() -> None:
    assert "with 1 argument. " in wrong_shape(asked("function", "host"), given_(signature="fetch()", takes=[0, 0]))


def test_a_signature_that_python_does_not_know_is_left_to_the_call() -> None:
    assert wrong_shape(asked("function", "host"), given_(signature=None)) == ""


def test_a_generator_is_told_to_return() -> None:
    sentence = wrong_shape(asked("function"), given_(generator=True, takes=[0, 0]))
    assert "it has yield in it. Return the answer instead." in sentence


def test_what_cannot_be_called_is_named() -> None:
    assert wrong_shape(asked("function"), {"found": True, "callable": False, "type": "int"}).endswith("You gave int.")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "The file has no fetch; it defines no function."),
        (["fetsch"], "The file has no fetch; it defines fetsch."),
        (["one", 2, None], "The file has no fetch; it defines one."),
    ],
)
def test_a_missing_function_is_missed_by_name(names: list[Any], words: str) -> None:
    sentence = wrong_shape(asked("function"), {"found": False, "names": names})
    assert sentence.startswith(words)
    assert sentence.endswith("written def fetch().")


# The voices.


@pytest.mark.parametrize(
    ("error", "outcome", "words"),
    [
        (Raised(an_error("ValueError"), "fetch('x')"), "wrong", "ValueError: text\ncell [5], line 7: data ="),
        (silent(), "no answer", "no answer from fetch('x') after 2.0 s; waiting in conn.recv(4096)\ncell [5], line 7"),
        (Ended("fetch('x')", "it ended its own process"), "wrong", "fetch('x') gave no answer: it ended its own"),
        (NotPlainAnswer("", "[1]", "socket", "an object of type socket"), "wrong", "[1] is of that type"),
        (NotPlainAnswer("", "", "coroutine", "an object of type coroutine"), "wrong", "is an await missing?"),
        (WrongAnswer("", "it must return a socket"), "wrong", "it must return a socket"),
        (NoAnswer(b"ab", 5, 2.0), "no answer", "2 of 5 bytes came: b'ab', and nothing more in 2.0 s"),
        (NoAnswer(b"", None, 2.0), "no answer", "0 bytes came, and nothing more in 2.0 s"),
        (NotTaken(1000, 2000, 1.5), "no answer", "your side took 1,000 of 2,000 bytes in 1.5 s"),
        (TooMuch(b"", 1000), "wrong", "more than 1,000 bytes came"),
        (EarlyEnd(b"a", 5), "wrong", "1 of 5 bytes came: b'a', then your side closed the connection"),
        (EarlyEnd(b"", 1), "wrong", "0 of 1 byte came, then"),
        (ConnectionResetError(), "wrong", "your side reset the connection"),
        (BrokenPipeError(), "wrong", "your side reset the connection"),
        (ConnectionAbortedError(), "wrong", "your side reset the connection"),
        (ConnectionRefusedError(), "wrong", "nobody listens there"),
    ],
)
def test_each_failure_has_its_voice_and_words(error: BaseException, outcome: str, words: str) -> None:
    explained = explain(error)
    assert explained.outcome == outcome
    assert words in explained.got


@pytest.mark.parametrize("error", [ZeroDivisionError("by zero"), TimeoutError(), KeyError("x"), EOFError(), OSError()])
def test_all_that_is_not_known_to_be_the_learners_is_the_graders(error: Exception) -> None:
    explained = explain(error)
    assert explained.outcome == "grader broke"
    assert type(error).__name__ in explained.got


def test_a_silence_in_a_conversation_says_where_the_code_is() -> None:
    no_answer = NoAnswer(b"", 5, 2.0)
    no_answer.__cause__ = silent()
    assert explain(no_answer).got.endswith("; waiting in conn.recv(4096)\ncell [5], line 7: data = conn.recv(4096)")
    not_taken = NotTaken(0, 5, 2.0)
    not_taken.__cause__ = silent(computing=True)
    assert "a loop that never ends?" in explain(not_taken).got


@pytest.mark.parametrize(
    ("silence", "words"),
    [
        (silent(), "waiting in conn.recv(4096)\n"),
        (silent(computing=True), "it was computing without a pause (a loop that never ends?)\ncell [5], line 7"),
        (silent(places=[PLACE | {"call": ""}]), "waiting in data = conn.recv(4096)\n"),
        (silent(places=[PLACE, PLACE | {"line": 9}]), "cell [5], line 9"),
        (silent(places=[]), "none of your code was running"),
        (Silent("", 2.0, [], computing=False), "none of your code was running"),
        (Silent("", 2.0, None, computing=False), "did not even say where it is"),
    ],
)
def test_where_it_waits(silence: Silent, words: str) -> None:
    assert words in waiting(silence)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (an_error("NotImplementedError", "RuntimeError"), "not implemented yet"),
        (an_error("SystemExit"), "it called exit() (SystemExit)"),
        (an_error("KeyboardInterrupt"), "it raised KeyboardInterrupt"),
        (an_error("RecursionError", "RuntimeError"), "it called itself without end"),
        (an_error("MemoryError"), "it asked for more memory than it may have, 2048 MiB"),
        (
            an_error("OSError", number=errno.EMFILE),
            "it had more than 256 files and sockets open at once (OSError: text)",
        ),
        (an_error("OSError", number=errno.EADDRINUSE), "OSError: text\n"),
        (an_error("MyError", "ValueError"), "MyError: text\n"),
        (an_error("ValueError", message=""), "it raised ValueError\n"),
    ],
)
def test_an_exception_says_what_it_means_and_where(error: dict[str, Any], words: str) -> None:
    text = raised(error)
    assert text.startswith(words)
    assert text.endswith("\ncell [5], line 7: data = conn.recv(4096)")


def test_an_exception_outside_of_the_learners_lines_has_no_place() -> None:
    assert raised(an_error("ValueError", places=False)) == "ValueError: text"


# Differences.


def test_bytes_are_compared_with_a_caret() -> None:
    lines = difference(b"hello world", b"hello\nworld").splitlines()
    assert lines[0] == "byte 5 differs: expected 0x0a, got 0x20"
    assert "^ byte 5" in lines[-1]
    assert difference(bytearray(b"x"), bytearray(b"y")).startswith("byte 0 differs")


@pytest.mark.parametrize(
    ("got", "expected", "text"),
    [
        (None, b"a", "expected bytes b'a'\ngot      None"),
        ("a", b"a", "expected bytes b'a'\ngot      str 'a'"),
        ((1, 2), [1, 2], "expected list [1, 2]\ngot      tuple (1, 2)"),
        (True, 1, "expected int 1\ngot      bool True"),
        (1.5, 2, "expected 2\ngot      1.5"),
        ([1, 2], [1, 3], "expected [1, 3]\ngot      [1, 2]"),
        (b"a", bytearray(b"a"), "expected bytearray bytearray(b'a')\ngot      bytes b'a'"),
    ],
)
def test_types_are_named_where_they_differ(got: object, expected: object, text: str) -> None:
    assert difference(got, expected) == text


def test_dictionaries_are_compared_key_by_key() -> None:
    got = {"right": 1, "value": b"x", "type": True, "more": 0}
    expected = {"right": 1, "value": b"y", "type": 1, "missing": 0}
    assert difference(got, expected).splitlines() == [
        "'missing' is missing",
        "'more' is too many",
        "'value': expected b'y', got b'x'",
        "'type': expected 1, got True",
    ]
    many = difference({}, dict.fromkeys(range(50))).splitlines()
    assert len(many) == 6 and many[-1] == "... and 45 keys more"


def test_what_is_long_is_cut() -> None:
    for line in difference(["x" * 10_000], ["y" * 10_000]).splitlines():
        assert len(line) < 220
