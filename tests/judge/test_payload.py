"""A learner's object travels whole, or is refused with the variable's name; only the learner's process opens it."""

from __future__ import annotations

import io
import linecache
import os
import pickle
import sys
import textwrap
import threading
import types
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from autograder.judge import payload as payload_module
from autograder.judge import plain
from autograder.judge.client import Judge
from autograder.judge.payload import CannotTravel, pack_file, pack_object


def notebook(code: str, **variables: Any) -> dict[str, Any]:
    """The variables after a notebook ran these lines; what it defines belongs to ``__main__``, as in a kernel."""
    namespace: dict[str, Any] = {"__name__": "__main__", **variables}
    exec(textwrap.dedent(code), namespace)
    return namespace


def opened(packed: dict[str, Any]) -> Any:
    return cloudpickle.loads(plain.decode(plain.encode(packed))["data"])


def test_a_function_travels_with_what_it_uses() -> None:
    cells = notebook(
        """
        import struct
        LIMIT = 3
        class Parser:
            def parse(self, data): return struct.unpack("!H", data[:2])[0] + LIMIT
        def helper(data): return Parser().parse(data)
        def make():
            count = 0
            def answer(data):
                nonlocal count
                count += 1
                return helper(data), count
            return answer
        answer = make()
        """
    )
    answer = opened(pack_object(cells["answer"]))
    cells["LIMIT"] = 1000
    assert answer(b"\0\1") == (4, 1)
    assert answer(b"\0\1") == (4, 2)


def test_what_only_the_body_of_an_inner_class_uses_travels_too() -> None:
    cells = notebook(
        """
        import struct
        SIZE = 4
        def answer():
            class Record:
                form = struct.Struct(">I")
                size: int = SIZE
            return Record.form.size == Record.size
        """
    )
    answer = opened(pack_object(cells["answer"]))
    assert answer() is True


def test_a_class_travels() -> None:
    cells = notebook("class Answer:\n    def __init__(self, data): self.data = data")
    assert opened(pack_object(cells["Answer"]))(b"x").data == b"x"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("socket.socket()", "an open socket"),
        ("threading.Lock()", "a lock"),
        ("threading.RLock()", "a lock"),
        ("open(os.devnull, 'w')", "an open file"),
        ("open(os.devnull, 'rb')", "an open file"),
        ("(x for x in 'abc')", "a running generator"),
        ("threading.Thread()", "a thread"),
        ("[socket.socket()]", "a list object"),
    ],
)
def test_what_cannot_travel_is_named(value: str, what: str) -> None:
    cells = notebook(
        f"""
        import os, socket, threading
        thing = {value}
        def answer(data): return thing
        """
    )
    with pytest.raises(CannotTravel) as refused:
        pack_object(cells["answer"])
    assert str(refused.value) == (
        f"answer uses thing, which is {what}, and that can't be sent to the process in which the check runs your "
        "code. Make it inside answer, or pass it in as an argument."
    )
    close(cells["thing"])


def close(thing: Any) -> None:
    for item in thing if isinstance(thing, list) else [thing]:
        if hasattr(item, "close"):
            item.close()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def helper(): return lock\ndef answer(): return helper()", "helper uses lock, which is a lock"),
        ("def answer(data=lock): pass", "answer uses data, which is a lock"),
        (
            "def make():\n    inner = lock\n    def answer(): return inner\n    return answer\nanswer = make()",
            "answer uses inner, which is a lock",
        ),
        ("class answer:\n    shared = lock", "answer uses answer.shared, which is a lock"),
        ("class answer:\n    def method(self): return lock", "answer.method uses lock, which is a lock"),
        ("class answer:\n    def __init__(self): self.lock = lock", "answer.__init__ uses lock, which is a lock"),
        (
            "class Helper:\n    def method(self): return lock\ndef answer(): return Helper()",
            "Helper.method uses lock, which is a lock",
        ),
        ("def answer(again): return answer(again) or lock", "answer uses lock, which is a lock"),
        (
            "def first(): return second(), lock\ndef second(): return first()\ndef answer(): return first()",
            "first uses lock, which is a lock",
        ),
    ],
)
def test_the_variable_is_found_wherever_it_is_used(code: str, words: str) -> None:
    cells = notebook(code, lock=threading.Lock())
    with pytest.raises(CannotTravel) as refused:
        pack_object(cells["answer"])
    assert words in str(refused.value)


def test_what_refuses_for_a_reason_of_its_own_says_that_reason() -> None:
    class Refuses:
        def __reduce__(self) -> Any:
            raise ValueError("not today")

    cells = notebook("def answer(): return thing", thing=Refuses())
    with pytest.raises(CannotTravel, match="answer uses thing, which is a Refuses object"):
        pack_object(cells["answer"])


@pytest.mark.parametrize("name", ["ExitAutocall", "ZMQExitAutocall"])
def test_the_exit_of_a_notebook_is_pythons(name: str) -> None:
    shell = type(name, (), {"lock": threading.Lock()})()
    shell.shell = threading.Lock()
    answer = opened(pack_object(notebook("def answer(): exit(3)", exit=shell)["answer"]))
    with pytest.raises(SystemExit) as ended:
        answer()
    assert ended.value.code == 3


def test_the_texts_of_the_cells_travel_with_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {f"/tmp/ipykernel_1/{number}.py": f"x = {number}\n" for number in range(payload_module.MAX_SOURCES + 5)}
    for filename, text in texts.items():
        monkeypatch.setitem(linecache.cache, filename, (len(text), None, [text], filename))
    numbers = {filename: index for index, filename in enumerate(texts, start=1)}
    shell = types.SimpleNamespace(compile=types.SimpleNamespace(_filename_map=numbers))
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    sources = pack_object(len)["sources"]
    assert len(sources) == payload_module.MAX_SOURCES, "the latest"
    assert "/tmp/ipykernel_1/0.py" not in sources
    assert sources["/tmp/ipykernel_1/9.py"] == ["cell [10]", "x = 9\n"]


def test_the_text_of_a_program_travels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program.py"
    program.write_text("x = 1\n")
    main = types.ModuleType("__main__")
    main.__file__ = str(program)
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert pack_object(len)["sources"] == {str(program): ["program.py", "x = 1\n"]}


def test_the_import_path_is_made_of_folders_that_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path / "nowhere"), str(tmp_path)])
    assert pack_object(len)["path"] == [str(tmp_path), str(tmp_path)]


def test_a_file_travels_as_text_and_its_folder_comes_first(tmp_path: Path) -> None:
    packed = pack_file(tmp_path / "answer.py", "raise SystemExit\n")
    assert packed["form"] == "source"
    assert packed["sources"] == {"answer.py": ["answer.py", "raise SystemExit\n"]}
    assert packed["path"][0] == str(tmp_path)
    assert plain.decode(plain.encode(packed)) == packed


class Tell:
    """What is opened says, in a file, in which process that was."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        code = f"import os; open({str(self._path)!r}, 'a').write(f'{{os.getpid()}} ')"
        return exec, (code,)


def test_neither_kernel_nor_judge_ever_opens_it(tmp_path: Path) -> None:
    told = tmp_path / "told"
    file = io.BytesIO()
    pickle.Pickler(file).dump(Tell(told))
    packed = {"form": "pickle", "data": file.getvalue(), "sources": {}, "path": []}
    judge = Judge()
    try:
        events = list(judge.check("internet_checksum", packed, seed=1))
        assert events[-1]["event"] == "end"
        opened_in = set(map(int, told.read_text().split()))
    finally:
        judge.close()
    assert opened_in, "nobody opened it, so this test proves nothing"
    assert not opened_in & {judge.pid, os.getpid()}
