"""After every test of this folder: no thread of ours, no descriptor that was not there before, nothing printed."""

import os
import socket
import threading
from collections.abc import Iterator

import pytest

OURS = ("asgi server", "background server", "datagram peer", "scripted peer", "tap", "udp link", "recorded socket")


def open_descriptors() -> set[str]:
    """What this process has open, by numbers that nothing else gets meanwhile (Linux), else by descriptor.

    Empty where the system does not tell (Windows).
    """
    if not os.path.isdir("/dev/fd"):
        return set()
    found = set()
    for name in os.listdir("/dev/fd"):
        try:
            target = os.readlink(f"/dev/fd/{name}")  # such as socket:[12345]
            if not target.endswith(" (deleted)"):  # pytest's own files for what is printed come and go
                found.add(target)
        except FileNotFoundError:
            pass  # the one with which the folder was read
        except OSError:
            found.add(name)
    return found


def our_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(OURS)]


@pytest.fixture(autouse=True)
def nothing_left_behind(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    assert our_threads() == []
    before = open_descriptors()
    yield
    assert our_threads() == []
    # Nothing new. Something may be gone: what an earlier test of this process left was collected meanwhile.
    assert not open_descriptors() - before
    assert capfd.readouterr() == ("", "")


@pytest.fixture(params=["IPv4", "IPv6"])
def family(request: pytest.FixtureRequest) -> socket.AddressFamily:
    """Both address families; IPv6 is skipped where this machine has no ::1."""
    if request.param == "IPv4":
        return socket.AF_INET
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    return socket.AF_INET6


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A socket that only the garbage collector closes, or an exception in a thread, is a failure here."""
    here = os.path.dirname(__file__)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.filterwarnings("error::ResourceWarning"))
            item.add_marker(pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning"))
            item.add_marker(pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning"))
