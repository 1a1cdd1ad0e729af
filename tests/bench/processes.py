"""Servers in processes of their own, so that a server and the client that measures it do not share one interpreter."""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection


@contextmanager
def server(serve_it: Callable[[socket.socket], None]) -> Iterator[tuple[str, int]]:
    """Run `serve_it(listener)`, a function of a module, in a process; give its address, and end it when left."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(serve_it, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _run(serve_it: Callable[[socket.socket], None], told: Connection) -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    told.send(listener.getsockname())
    serve_it(listener)
