"""What a check file can do with the learner's code: call it, start it, keep its sockets, and say how it failed."""

from __future__ import annotations

import ctypes
import os
import socket
import ssl
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.judge import words
from autograder.judge.exercise import Exercise, Kind
from autograder.judge.failures import Ended, NotPlainAnswer, Raised, Silent, WrongAnswer
from autograder.judge.learner import Learner
from autograder.judge.payload import pack_file
from autograder.judge.process import ProcessFactory
from autograder.judge.recipes import Connected, Datagram, Folder, Listener, Unconnected
from autograder.loopback import EarlyEnd, Hold, NoAnswer, ReceiveToEnd, Send, scripted_peer

Make = Callable[..., Learner]


@pytest.fixture(scope="module")
def factory() -> Iterator[ProcessFactory]:
    """Learner processes, started from this process as the judge starts them from its own."""
    made = ProcessFactory()
    yield made
    made.close()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER off again


@pytest.fixture
def make(factory: ProcessFactory) -> Iterator[Make]:
    """``make(text, kind=..., parameters=...)``: a learner whose file holds this text and defines `answer`."""
    made: list[Learner] = []

    def begin(text: str, *, kind: Kind = "function", parameters: int = 1) -> Learner:
        names = tuple(f"argument_{number}" for number in range(parameters))
        exercise = Exercise("answer", "99-nowhere", "", kind, names, ())
        learner = Learner(factory, exercise, pack_file(Path("answer.py"), textwrap.dedent(text).lstrip()))
        made.append(learner)
        return learner

    yield begin
    for learner in made:
        learner.close()


ECHO = """
def answer(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return "listener closed"
        with conn:
            while data := conn.recv(4096):
                conn.sendall(data)
"""


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


# Calling.


@pytest.mark.parametrize(
    "value", [None, True, -1, 2**100, 1.5, "é", b"\0", bytearray(b"x"), [1, (2, {"k": {3}})], frozenset({"a"}), ()]
)
def test_a_call_keeps_types_in_both_directions(make: Make, value: Any) -> None:
    learner = make("def answer(*given): return given")
    got = learner(value, 1)
    assert got == (value, 1)
    assert type(got) is tuple and type(got[0]) is type(value)


def test_one_process_serves_all_calls_and_remembers(make: Make) -> None:
    learner = make("import os\nseen = []\ndef answer(x):\n    seen.append(x)\n    return seen, os.getpid()")
    learner(1)
    seen, pid = learner(2)
    assert seen == [1, 2]
    assert pid != os.getpid()
    another = make("import os\ndef answer(x): return os.getpid()")
    assert another(1) != pid
    learner.close()
    assert gone(pid)


def test_calls_are_written_as_a_learner_would_write_them(make: Make) -> None:
    learner = make("def answer(*given): pass")
    learner(b"abc", "x", 5, Listener())
    learner(bytes(1000))
    assert learner.calls[0] == "answer(b'abc', 'x', 5, listener)"
    assert len(learner.calls[1]) < 150 and "bytes ..." in learner.calls[1]
    assert learner.current_call == learner.calls[1]


def test_an_exception_comes_with_its_place(make: Make) -> None:
    learner = make(
        """
        def helper(data):
            return data["x"]

        def answer(data):
            return helper(data)
        """
    )
    with pytest.raises(Raised) as raised:
        learner({})
    assert raised.value.is_a(KeyError) and raised.value.is_a(ValueError, LookupError)
    assert not raised.value.is_a(ValueError)
    assert words.explain(raised.value).got == "KeyError: 'x'\nanswer.py, line 2: return data[\"x\"]"
    assert [place["function"] for place in raised.value.error["places"]] == ["answer", "helper"]
    with pytest.raises(Raised):
        learner({})


def test_a_learners_own_exception_is_what_it_is_a_subclass_of(make: Make) -> None:
    learner = make("class Mine(ValueError): pass\ndef answer(x): raise Mine('é')")
    with pytest.raises(Raised) as raised:
        learner(1)
    assert raised.value.is_a(ValueError)
    assert words.explain(raised.value).got.startswith("Mine: é\n")


def test_what_is_printed_is_kept(make: Make) -> None:
    learner = make("import sys\nprint('early')\ndef answer(x):\n    print('out')\n    print('é', file=sys.stderr)")
    assert learner.printed == ""
    learner(1)
    assert learner.printed.split() == ["early", "out", "é"]


def test_reading_standard_input_is_an_end_and_not_a_wait(make: Make) -> None:
    with pytest.raises(Raised) as raised:
        make("def answer(x): return input()")(1)
    assert raised.value.is_a(EOFError)


def test_elapsed_is_measured_around_the_call(make: Make) -> None:
    learner = make("import time\ndef answer(seconds): time.sleep(seconds)")
    learner(0.3)
    assert 0.3 <= learner.elapsed < 2.0
    learner(0.0)
    assert learner.elapsed < 0.3


def test_processor_time_counts_work_and_not_waiting(make: Make) -> None:
    learner = make(
        """
        import time
        def answer(work):
            until = time.process_time() + 0.3
            while work and time.process_time() < until: pass
            time.sleep(0.3)
        """
    )
    learner(False)
    before = learner.cpu_seconds
    learner(False)
    waited = learner.cpu_seconds - before
    learner(True, seconds=10)
    assert waited < 0.15
    assert learner.cpu_seconds - before - waited >= 0.25


# Ways to give no answer.


def test_silence_names_the_call_that_waits(make: Make) -> None:
    learner = make(
        """
        import socket

        def answer(x):
            left, right = socket.socketpair()
            data = left.recv(10)
        """
    )
    with pytest.raises(Silent) as silent:
        learner(1, seconds=0.3)
    assert not silent.value.computing
    assert words.waiting(silent.value) == "waiting in left.recv(10)\nanswer.py, line 5: data = left.recv(10)"


def test_an_endless_loop_is_told_from_waiting(make: Make) -> None:
    with pytest.raises(Silent) as silent:
        make("def answer(x):\n    while True:\n        pass")(1, seconds=0.3)
    assert silent.value.computing
    assert "it was computing without a pause" in words.waiting(silent.value)


def test_a_late_answer_is_not_taken_for_the_next_one(make: Make) -> None:
    learner = make("import time\ndef answer(x):\n    time.sleep(x)\n    return x")
    with pytest.raises(Silent):
        learner(0.6, seconds=0.1)
    assert learner(0.0) == 0.0


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("os._exit(0)", "it ended its own process (os._exit(0)?) before it answered"),
        ("os._exit(3)", "its process ended with exit status 3 before it answered"),
        ("os.kill(os.getpid(), 9)", "its process crashed or was killed: signal SIGKILL"),
        ("os.abort()", "its process crashed or was killed: signal SIGABRT"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to die of")
def test_an_ended_process_says_how(make: Make, code: str, how: str) -> None:
    learner = make(f"import os\ndef answer(x): {code}")
    with pytest.raises(Ended) as ended:
        learner(1)
    assert (ended.value.how, ended.value.call, ended.value.limit) == (how, "answer(1)", False)
    with pytest.raises(Ended):
        learner(2)


@pytest.mark.parametrize(
    ("value", "where", "type_name"),
    [
        ("socket.socket()", "", "socket"),
        ("[1, {'a': socket.socket()}]", "[1]['a']", "socket"),
        ("'\\udc80'", "", "str"),
        ("2**5000", "", "int"),
    ],
)
def test_what_cannot_travel_back_is_named(make: Make, value: str, where: str, type_name: str) -> None:
    learner = make(f"import socket\ndef answer(x): return {value}")
    with pytest.raises(NotPlainAnswer) as refused:
        learner(1)
    assert (refused.value.where, refused.value.type_name) == (where, type_name)


def test_an_answer_that_breaks_while_it_is_looked_at_is_named(make: Make) -> None:
    learner = make(
        """
        class Odd(list):
            def __iter__(self):
                raise ValueError("not today")

        def answer(x):
            return Odd([1])
        """
    )
    with pytest.raises(NotPlainAnswer) as refused:
        learner(1)
    assert refused.value.type_name == "Odd"


# What must be raised.


def test_must_raise_takes_the_exception_and_its_subclasses(make: Make) -> None:
    learner = make("def answer(x): raise UnicodeDecodeError('utf-8', b'', 0, 1, 'x')")
    learner.must_raise(UnicodeDecodeError, 1)
    learner.must_raise(ValueError, 1)
    learner.must_raise((OSError, ValueError), 1)
    assert learner.calls == ["answer(1)"] * 3
    with pytest.raises(Raised):
        learner.must_raise(OSError, 1)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("return None", "ValueError or OSError must be raised; it returned None"),
        ("return b'abc'", "ValueError or OSError must be raised; it returned b'abc'"),
        ("return ValueError()", "ValueError or OSError must be raised; it returned a ValueError"),
        ("return object()", "ValueError or OSError must be raised; it returned an object"),
    ],
)
def test_must_raise_says_what_came_instead(make: Make, code: str, said: str) -> None:
    with pytest.raises(WrongAnswer) as wrong:
        make(f"def answer(x): {code}").must_raise((ValueError, OSError), 1)
    assert wrong.value.got == said


def test_must_raise_is_not_content_with_silence(make: Make) -> None:
    with pytest.raises(Silent):
        make("import time\ndef answer(x): time.sleep(60)").must_raise(ValueError, 1, seconds=0.3)


# Starting a server.


def test_a_started_server_is_talked_to_and_recorded(make: Make) -> None:
    learner = make(ECHO)
    server = learner.start(Listener())
    assert server.address[0] == "127.0.0.1"
    for number in (1, 2):
        client = server.connect()
        client.send(b"hello")
        assert client.receive_exactly(5) == b"hello"
        client.close()
        assert learner.transcripts[number - 1].title == f"client {number}"
    assert learner.transcripts[0].all_received == b"hello"
    assert server.connect(title="a slow one").transcript.title == "a slow one"
    assert server.still_running


def test_it_ends_when_its_listener_is_closed(make: Make) -> None:
    server = make(ECHO).start(Listener())
    server.stop_listening()
    assert server.ended() == "listener closed"
    assert server.ended() == "listener closed", "asked twice"
    assert not server.still_running


@pytest.mark.parametrize(
    "waits",
    [
        "    import selectors\n    with selectors.DefaultSelector() as selector:\n"
        "        selector.register(listener, selectors.EVENT_READ)\n        selector.select()\n"
        "        try:\n            listener.accept()\n        except OSError:\n            return 'ended'",
        "    import asyncio\n    async def serve():\n        listener.setblocking(False)\n        try:\n"
        "            await asyncio.get_running_loop().sock_accept(listener)\n        except OSError:\n"
        "            return 'ended'\n    return asyncio.run(serve())",
    ],
)
def test_a_listener_that_is_closed_wakes_whoever_waits_on_it(make: Make, waits: str) -> None:
    server = make(f"def answer(listener):\n{waits}").start(Listener())
    assert server.still_running
    server.stop_listening()
    assert server.ended() == "ended"


def test_a_server_over_ipv6(make: Make) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    server = make(ECHO).start(Listener("::1"))
    assert server.address[0] == "::1"
    client = server.connect()
    client.send(b"x")
    assert client.receive_exactly(1) == b"x"


def test_a_server_that_raises_or_returns_early(make: Make) -> None:
    learner = make(
        "def answer(listener):\n    conn, _ = listener.accept()\n    conn.recv(1)\n    raise KeyError('slip')"
    )
    server = learner.start(Listener())
    client = server.connect()
    client.send(b"x")
    failure = learner.sudden_end()
    assert isinstance(failure, Raised) and failure.is_a(KeyError)
    assert not server.still_running
    with pytest.raises(Raised):
        server.ended()
    early = make("def answer(listener): return 7").start(Listener())
    assert early.ended() == 7


def test_a_server_that_ends_its_process(make: Make) -> None:
    learner = make("import os\ndef answer(listener):\n    listener.accept()\n    os._exit(0)")
    server = learner.start(Listener())
    client = server.connect()
    with pytest.raises((EarlyEnd, ConnectionError)):
        client.receive_exactly(1)
    failure = learner.sudden_end()
    assert isinstance(failure, Ended)
    assert not server.still_running


def test_a_server_that_goes_on_is_no_sudden_end(make: Make) -> None:
    learner = make(ECHO)
    client = learner.start(Listener()).connect(timeout=0.2)
    with pytest.raises(NoAnswer):
        client.receive_exactly(1)
    assert learner.sudden_end() is None
    silence = learner.silence(learner.current_call, 0.2)
    assert "waiting in conn.recv(4096)\nanswer.py, line 8" in words.waiting(silence)


# Sockets that stay over there.

MAKES = """
import socket

def answer(kind):
    if kind == "listener":
        return socket.create_server(("127.0.0.1", 0))
    if kind == "closed":
        sock = socket.create_server(("127.0.0.1", 0))
        sock.close()
        return sock
    if kind == "bytes":
        return b""
    return kind.getsockname()
"""


def test_a_kept_socket_is_used_from_here(make: Make) -> None:
    learner = make(MAKES)
    kept = learner.keep("listener")
    with socket.create_connection(kept.address) as client:
        accepted = kept.accept()
        assert accepted.address == kept.address
        client.sendall(b"hello")
        assert accepted.call("recv", 100) == b"hello"
        assert accepted.call("send", b"back") == 4
        assert client.recv(100) == b"back"
        accepted.close()
        assert client.recv(100) == b""
    assert learner(kept) == kept.address, "a handle may be an argument"
    assert learner.calls[-1] == "answer(sock)"
    kept.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(kept.address)


def test_what_a_kept_socket_raises_is_raised_here(make: Make) -> None:
    kept = make(MAKES).keep("listener")
    kept.call("settimeout", 0.05)
    with pytest.raises(TimeoutError) as timeout:
        kept.accept()
    assert isinstance(timeout.value.__cause__, Raised)
    kept.close()
    with pytest.raises(OSError):
        kept.call("accept")


@pytest.mark.parametrize(
    ("kind", "said"), [("bytes", "answer must return a socket; it returned a bytes"), ("closed", "is closed")]
)
def test_keeping_something_else_is_the_learners_slip(make: Make, kind: str, said: str) -> None:
    with pytest.raises(WrongAnswer) as wrong:
        make(MAKES).keep(kind).address  # noqa: B018 - a property that raises
    assert said in wrong.value.got


def test_recipes_make_what_they_say(make: Make) -> None:
    learner = make("def answer(sock): return sock.family, sock.type, sock.getsockname()[:2]")
    assert learner(Listener())[:2] == (socket.AF_INET, socket.SOCK_STREAM)
    assert learner(Datagram())[:2] == (socket.AF_INET, socket.SOCK_DGRAM)
    assert learner(Datagram())[2][1] != 0
    assert learner(Unconnected()) == (socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0))
    with scripted_peer([ReceiveToEnd()]) as peer:
        assert learner(Connected(peer.address))[2][1] != peer.address[1]


def test_odd_sockets_as_arguments(make: Make) -> None:
    learner = make("def answer(sock, data): return sock.send(data), sock.recv(100), sock.gettimeout()")
    with scripted_peer([Send(b"hello"), ReceiveToEnd()], connections=3) as peer:
        assert learner(Connected(peer.address, one_byte=True, timeout=1.5), b"abcdef") == (6, b"h", 1.5)
        for odd, taken in ((Connected(peer.address, send_limit=3), 3), (Connected(peer.address), 6)):
            sent, received, timeout = learner(odd, b"abcdef")
            assert (sent, timeout) == (taken, None) and received.startswith(b"h")
    with pytest.raises(ValueError, match="odd in one way"):
        Connected(peer.address, one_byte=True, send_limit=3)


def test_a_recipe_made_once_is_the_same_in_several_calls(make: Make) -> None:
    learner = make("def answer(sock): return sock.getsockname()[1]")
    handle = learner.make(Listener())
    assert learner(handle) == learner(handle) == handle.address[1]


def test_open_sockets_are_counted(make: Make) -> None:
    learner = make("import socket\nkept = []\ndef answer(count): kept.extend(socket.socket() for _ in range(count))")
    learner(0)
    before = learner.open_sockets()
    learner(5)
    assert learner.open_sockets() - before == 5


# Changed sockets.


def test_short_sends_meet_code_that_makes_its_own_sockets(make: Make) -> None:
    learner = make(
        """
        import socket
        from socket import create_connection

        def answer(address):
            with create_connection(address) as sock:
                first = sock.send(bytes(100))
                sock.sendall(bytes(100))
            with socket.socket() as sock:
                sock.connect(address)
                return first, sock.send(bytes(100)), type(sock).__name__, isinstance(sock, socket.SocketType)
        """
    )
    learner.instrument(short_send=7)
    with scripted_peer([ReceiveToEnd()], connections=2) as peer:
        assert learner(peer.address) == (7, 7, "socket", True)


HOLDS = """
import socket

def answer(close):
    sock = socket.socket()
    if close:
        sock.close()
"""


def test_held_sockets_show_a_missing_close(make: Make) -> None:
    for held, close, left in ((False, False, 0), (True, False, 3), (True, True, 0)):
        learner = make(HOLDS)
        learner.instrument(hold_sockets=held)
        learner(close)
        before = learner.open_sockets()
        for _ in range(3):
            learner(close)
        assert learner.open_sockets() - before == left


def test_held_sockets_may_be_short_as_well(make: Make) -> None:
    learner = make(
        """
        import socket
        def answer(address):
            sock = socket.create_connection(address)
            return sock.send(bytes(100))
        """
    )
    learner.instrument(short_send=7, hold_sockets=True)
    with scripted_peer([ReceiveToEnd()]) as peer:
        assert learner(peer.address) == 7


def test_instruments_come_first(make: Make) -> None:
    learner = make(HOLDS)
    learner(True)
    with pytest.raises(RuntimeError, match="before the first call"):
        learner.instrument(short_send=1)


def test_what_was_loaded_before_the_instruments_is_loaded_anew(make: Make) -> None:
    learner = make(
        """
        import os, socket

        base, begun = socket.socket, os.getpid()

        def answer():
            return socket.socket is base, begun
        """
    )
    learner.shape()
    learner.instrument(short_send=7)
    is_as_it_was, second = learner()
    assert is_as_it_was
    assert learner() == (True, second)


def test_a_client_of_httpx_reads_no_certificate_authorities(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ssl.get_default_verify_paths().openssl_cafile)
    learner = make(
        """
        import httpx, ssl

        loaded = []

        def answer():
            default = ssl.SSLContext.load_verify_locations
            ssl.SSLContext.load_verify_locations = lambda *where: loaded.append(where) or default(*where)
            httpx.Client().close()
            return [file for _, file, *_ in loaded if file]
        """
    )
    assert learner() == []


# asyncio and threads.


def test_a_coroutine_is_awaited_where_the_contract_is_async(make: Make) -> None:
    learner = make(
        "import asyncio\nasync def answer(x):\n    await asyncio.sleep(0.01)\n    return x + 1", kind="async function"
    )
    assert words.wrong_shape(learner._exercise, learner.shape()) == ""
    assert learner(1) == 2


def test_an_async_server_is_started_and_talked_to(make: Make) -> None:
    learner = make(
        """
        import asyncio

        async def echo(reader, writer):
            while data := await reader.read(100):
                writer.write(data)
            writer.close()

        async def answer(listener):
            server = await asyncio.start_server(echo, sock=listener)
            async with server:
                await server.serve_forever()
        """,
        kind="async function",
    )
    server = learner.start(Listener())
    client = server.connect()
    client.send(b"hello")
    assert client.receive_exactly(5) == b"hello"
    assert server.still_running


def test_a_coroutine_that_nobody_awaited_is_no_answer(make: Make) -> None:
    learner = make("async def inner(): return 1\ndef answer(x): return inner()")
    with pytest.raises(NotPlainAnswer) as refused:
        learner(1)
    assert refused.value.type_name == "coroutine"


@pytest.mark.parametrize(
    ("text", "kind", "words_"),
    [
        (
            """
            import asyncio
            async def answer(x):
                event = asyncio.Event()
                await event.wait()
            """,
            "async function",
            "waiting in await event.wait()\nanswer.py, line 4: await event.wait()",
        ),
        (
            """
            import asyncio
            async def inner(event):
                return await event.wait()
            async def answer(x):
                return await inner(asyncio.Event())
            """,
            "async function",
            "waiting in await event.wait()\nanswer.py, line 3: return await event.wait()",
        ),
        (
            """
            import asyncio
            async def main():
                await asyncio.gather(asyncio.sleep(60), asyncio.Event().wait())
            def answer(x):
                asyncio.run(main())
            """,
            "function",
            "answer.py, line 3: await asyncio.gather(",
        ),
        (
            """
            import asyncio, time
            async def inner():
                time.sleep(60)
            async def answer(x):
                await inner()
            """,
            "async function",
            "waiting in time.sleep(60)\nanswer.py, line 3: time.sleep(60)",
        ),
    ],
)
def test_silence_of_asyncio_names_the_line_that_awaits(make: Make, text: str, kind: Kind, words_: str) -> None:
    with pytest.raises(Silent) as silent:
        make(text, kind=kind)(1, seconds=0.3)
    assert words_ in words.waiting(silent.value)


def test_threads_work_and_are_seen_when_they_wait(make: Make) -> None:
    learner = make(
        """
        import threading, time
        def work(results, number):
            results.append(number * 2)
        def forever():
            time.sleep(60)
        def answer(hang):
            results = []
            threads = [threading.Thread(target=work, args=(results, number)) for number in range(4)]
            if hang:
                threads.append(threading.Thread(target=forever))
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            return sorted(results)
        """
    )
    assert learner(False) == [0, 2, 4, 6]
    with pytest.raises(Silent) as silent:
        learner(True, seconds=0.3)
    assert "waiting in thread.join()" in words.waiting(silent.value)
    assert silent.value.waiting is not None
    assert [item["places"][-1]["call"] for item in silent.value.waiting] == ["thread.join()", "time.sleep(60)"]


def test_a_thread_left_behind_does_not_hold_the_process(make: Make) -> None:
    learner = make(
        """
        import os, threading, time
        def answer(x):
            threading.Thread(target=time.sleep, args=(60,)).start()
            return os.getpid()
        """
    )
    pid = learner(1)
    started = time.monotonic()
    learner.close()
    assert gone(pid)
    assert time.monotonic() - started < 5


# Opening.


@pytest.mark.parametrize(
    ("text", "failure", "said"),
    [
        ("import nothing_of_that_name", Raised, "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("import os\nos._exit(0)", Ended, "it ended its own process"),
        ("raise SystemExit", Raised, "it called exit()"),
    ],
)
def test_a_file_that_fails_while_it_is_loaded(make: Make, text: str, failure: type[Exception], said: str) -> None:
    with pytest.raises(failure) as failed:
        make(text).shape()
    assert said in words.explain(failed.value).got


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("async def answer(x): pass", "function", "Write def, not async def"),
        ("def answer(x): pass", "async function", "Write async def"),
        ("class answer:\n    def __init__(self, x): pass", "function", "Write def, not class"),
        ("def answer(x): pass", "class", "Yours is a plain function"),
        ("def answer(x): yield x", "function", "it has yield in it"),
        ("def answer(): pass", "function", "Yours is answer(), which can't be called so"),
        ("def answer(x, y): pass", "function", "Yours is answer(x, y), which"),
        ("def answer(x, *, y): pass", "function", "Yours is answer(x, *, y), which"),
        ("def answer(x: int, y: str = 'z') -> None: pass", "function", ""),
        ("def answer(*all): pass", "function", ""),
        ("answer = lambda x: x", "function", ""),
        ("answer = 5", "function", "You gave int."),
        ("def anser(x): pass\ndef _private(): pass", "function", "it defines anser. "),
        ("x = 1", "function", "it defines no function"),
        ("class answer:\n    def __init__(self, x): pass", "class", ""),
        ("async def answer(x): pass", "async function", ""),
    ],
)
def test_the_shape_of_an_answer(make: Make, text: str, kind: Kind, said: str) -> None:
    learner = make(text, kind=kind)
    sentence = words.wrong_shape(learner._exercise, learner.shape())
    assert said in sentence if said else sentence == ""


def test_what_a_file_only_imports_is_not_what_it_defines(make: Make) -> None:
    learner = make("from threading import Thread\nfrom socket import create_server\ndef echo(listener): pass")
    assert learner.shape()["names"] == ["echo"]


READER = """
class answer:
    def __init__(self, sock):
        self.sock = sock

    def read(self, count):
        return self.sock.recv(count)

    async def late(self):
        return "awaited"

    def refuse(self):
        raise ValueError("no")
"""


def test_an_object_of_a_class_is_kept_and_its_methods_are_called(make: Make) -> None:
    with scripted_peer([Send(b"abc"), Hold(5)]) as peer:
        learner = make(READER, kind="class")
        reader = learner.keep(Connected(peer.address, one_byte=True))
        assert [reader.call("read", 10), reader.call("read", 10)] == [b"a", b"b"]
        assert reader.call("late") == "awaited"
        reader.must_raise(ValueError, "refuse")
        assert learner.calls[1] == "answer.read(10)"


def test_what_a_method_of_a_kept_object_raises_is_a_failure_of_the_learners_code(make: Make) -> None:
    learner = make(READER, kind="class")
    reader = learner.keep(None)
    with pytest.raises(Raised, match="ValueError: no"):
        reader.call("refuse")
    with pytest.raises(Raised, match="AttributeError: 'answer' object has no attribute 'readline'"):
        reader.call("readline")
    with pytest.raises(WrongAnswer, match="KeyError must be raised; it returned 'awaited'"):
        reader.must_raise(KeyError, "late")


def test_a_folder_has_its_files_its_links_and_what_lies_beside_it(make: Make) -> None:
    learner = make("""
        def answer(root):
            return [(root / "out").read_bytes(), (root / "a" / "b.txt").read_bytes(), str(root)]
    """)
    folder = Folder(files={"a/b.txt": b"inside"}, links={"out": "../secret"}, beside={"secret": b"outside"})
    root = learner.make(folder)
    outside, inside, path = learner(root)
    assert (outside, inside) == (b"outside", b"inside")
    assert path == root.path
    assert learner.calls == ["answer(root)"]
    learner.close()
    assert not Path(path).exists()


def test_a_listener_may_accept_odd_sockets(make: Make) -> None:
    learner = make("def answer(listener):\n    return listener.accept()[0].recv(100)")
    running = learner.start(Listener(one_byte=True))
    running.connect().send(b"hello")
    assert running.ended() == b"h"
    learner = make("def answer(listener):\n    return listener.accept()[0].send(b'x' * 5000)")
    running = learner.start(Listener(send_limit=700))
    running.connect()
    assert running.ended() == 700


APPLICATION = """
async def application(scope, receive, send):
    if scope["type"] == "http":
        if scope["path"] == "/bad":
            raise ValueError("bad path")
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

def answer(name):
    return globals()[name]
"""


def test_an_application_is_served(make: Make) -> None:
    learner = make(APPLICATION)
    running = learner.serve("application")
    client = running.connect()
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert client.receive_to_end().endswith(b"\r\n\r\nok")
    client = running.connect()
    client.send(b"GET /bad HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert client.receive_to_end().startswith(b"HTTP/1.1 500 ")
    assert "ValueError: bad path" in learner.printed
    assert running.still_running


def test_a_file_keeps_its_annotations_as_they_are_written(make: Make) -> None:
    learner = make("""
        def answer(name):
            class Local: pass
            def function(value: Local): pass
            return isinstance(function.__annotations__["value"], type)
    """)
    assert learner("x") is True


def test_what_is_no_application_is_told_at_once(make: Make) -> None:
    with pytest.raises(WrongAnswer, match="must return an ASGI application; it returned None"):
        make("def answer(name):\n    pass").serve("application").ended()
    with pytest.raises(Raised, match="KeyError"):
        make(APPLICATION).serve("nothing").ended()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows forks no process, so nothing is imported beforehand")
def test_what_an_assignment_preloads_is_there_when_a_process_starts() -> None:
    factory = ProcessFactory()
    exercise = Exercise("answer", "99-nowhere", "", "function", ("name",), ())
    text = "import sys\ndef answer(name):\n    return name in sys.modules"
    asked = []
    for modules in ((), ("colorsys", "no_such_module"), ("colorsys",)):
        factory.preload(modules)
        learner = Learner(factory, exercise, pack_file(Path("answer.py"), text))
        asked.append(learner("colorsys"))
        learner.close()
    factory.close()
    assert asked == [False, True, True]
