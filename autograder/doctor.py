"""What this machine can do, in plain words: for lesson 00, for ``python -m autograder doctor``, for bug reports."""

from __future__ import annotations

import platform
import shutil
import socket
import sys
from typing import NamedTuple

from autograder.classroom import sandbox


class Finding(NamedTuple):
    """One ability: its name, whether it is there, a sentence about it, whether the course needs it at all."""

    name: str
    ok: bool
    sentence: str
    needed: bool = False


_TOOLS = {
    "curl": ("curl", "lessons 11 and 12 compare your HTTP with it"),
    "C": ("cc", "lesson 16 compiles a client with it"),
    "C++": ("c++", "lesson 16 compiles a client with it"),
    "Java": ("javac", "lesson 16 compiles a client with it"),
    "JavaScript": ("node", "lesson 16 runs a client with it"),
    "C#": ("dotnet", "lesson 16 compiles a client with it"),
    "Ruby": ("ruby", "lesson 16 runs a client with it"),
}


def examine() -> list[Finding]:
    """Try what the course uses, one after another; takes about a second and touches loopback only."""
    return [_python(), _loopback(), _address_families("::1"), _sandbox(), _limits(), *map(_tool, _TOOLS)]


def _python() -> Finding:
    version = platform.python_version()
    ok = sys.version_info >= (3, 11)
    return Finding("Python", ok, f"{version}{'' if ok else ': the course needs 3.11 or newer'}", needed=True)


def _loopback() -> Finding:
    complaint = _conversation("127.0.0.1")
    return Finding("loopback, IPv4", not complaint, complaint or "127.0.0.1 answers", needed=True)


def _address_families(host: str) -> Finding:
    complaint = _conversation(host)
    sentence = f"{host} answers" if not complaint else f"{complaint}; requirements about IPv6 are skipped, points given"
    return Finding("loopback, IPv6", not complaint, sentence)


def _conversation(host: str) -> str:
    """Send a byte to ourselves over TCP; return what went wrong, or an empty string."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as listener:
            listener.settimeout(1.0)
            listener.bind((host, 0))
            listener.listen()
            with socket.create_connection(listener.getsockname()[:2], timeout=1.0) as client:
                server, _ = listener.accept()
                with server:
                    server.settimeout(1.0)
                    client.sendall(b"!")
                    return "" if server.recv(1) == b"!" else f"{host} gave another byte back"
    except OSError as error:
        return f"no conversation over {host} ({error})"


def _sandbox() -> Finding:
    reason = sandbox.why_not()
    if reason:
        return Finding("sandbox", False, f"{' '.join(reason.split())} Only grading a class needs it")
    return Finding("sandbox", True, "learners' code can be shut in when a class is graded")


def _limits() -> Finding:
    if sys.platform == "win32":
        return Finding("limits", False, "no setrlimit here: memory, files and output are watched, not limited")
    if sys.platform != "linux":
        return Finding("limits", True, "files and output are limited; memory is watched")
    return Finding("limits", True, "memory, files and output of checked code are limited")


def _tool(language: str) -> Finding:
    program, use = _TOOLS[language]
    found = shutil.which(program) is not None
    return Finding(language, found, f"{program} is here: {use}" if found else f"no {program}: skipped where {use}")
