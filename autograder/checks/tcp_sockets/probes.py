"""What several checks here need: strange addresses, sockets left open, the type of an answer."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random

import pytest

from autograder.checks.fixtures import Likely
from autograder.judge.failures import Failure, Silent
from autograder.judge.learner import Learner, Running
from autograder.loopback import ScriptedPeer, waits

MEBIBYTE = 1024 * 1024

PERIOD = 65_521
"""Bytes after which `large` repeats itself: a prime, so that pieces of no usual size fit in each other's places."""


def large(rng: Random, size: int) -> bytes:
    """Bytes that no program can know beforehand; megabytes made one by one would take longer than the exchange."""
    block = rng.randbytes(PERIOD)
    return (block * (size // PERIOD + 1))[:size]


def need_ipv6() -> None:
    """Skip the requirement where this machine has no IPv6 loopback."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6 loopback address ::1")


def need_bytes(answer: object, function: str) -> None:
    """Fail, in words about types, unless the answer is bytes."""
    if isinstance(answer, (bytes, bytearray)):
        return
    if answer is None:
        raise AssertionError(f"{function} must return bytes; it returned None: is a return missing?")
    shown = repr(answer) if len(repr(answer)) <= 60 else f"{repr(answer)[:57]}..."
    raise AssertionError(f"{function} must return bytes; it returned {_kind(answer)}: {shown}")


def stopped_early(got: object, whole: bytes) -> bool:
    """Is the answer a true beginning of the whole, neither empty nor complete?"""
    return isinstance(got, (bytes, bytearray)) and 0 < len(got) < len(whole) and whole.startswith(got)


@contextmanager
def awaiting_the_end(server: ScriptedPeer, request: bytes, likely: Likely) -> Iterator[None]:
    """Around a call whose server reads the request to its end: say so when that end never came."""
    try:
        yield
    except Silent:
        likely(
            server.received == request and not server.transcript.all_sent,
            "every byte of the request arrived, but never its end, so the server still waits for more and "
            "you wait for the server: call sock.shutdown(socket.SHUT_WR) after the last byte",
        )
        raise


@contextmanager
def still_serving(server: Running, likely: Likely) -> Iterator[None]:
    """Around a conversation with a later client: say so when the server has returned meanwhile."""
    try:
        yield
    except (OSError, EOFError):
        try:
            server.ended(0.1)
        except Failure:
            pass  # it goes on, or it raised, and then that exception is the message
        else:
            likely(True, "serve_echo has returned, so nobody is there for the next client")
        raise


def left_open(learner: Learner, before: int) -> int:
    """How many more sockets are open than before; waits a moment for code that closes in the background."""
    until = time.monotonic() + waits.seconds(1.0)
    while (left := learner.open_sockets() - before) > 0 and time.monotonic() < until:
        time.sleep(0.01)
    return max(left, 0)


def refuses(host: str, port: int) -> bool:
    """Is nobody listening on this address?"""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(waits.seconds(1.0))
        try:
            probe.connect((host, port))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


@contextmanager
def unanswered_address() -> Iterator[tuple[str, int]]:
    """An address where a connect gets no answer: a listener whose queue is full and who never accepts.

    Linux drops a SYN that finds the queue full, so the client waits and repeats it. Other systems refuse, and
    there the requirement is skipped.
    """
    with ExitStack() as cleanup:
        listener = cleanup.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            filler = cleanup.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            filler.settimeout(waits.seconds(0.2))
            try:
                filler.connect(listener.getsockname())
            except TimeoutError:
                yield listener.getsockname()
                return
            except OSError:
                break
        pytest.skip("on this machine a full queue refuses clients, so no connect stays without an answer")


def _kind(answer: object) -> str:
    name = type(answer).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
