"""The comparison of lessons forgets what differs from run to run, and nothing else."""

import re
from pathlib import Path

import pytest
from nbval.plugin import get_sanitize_patterns

FILE = Path(__file__).resolve().parents[1] / "course" / "nbval_sanitize.cfg"


def sanitized(text: str) -> str:
    """The text as nbval compares it."""
    for regex, replacement in get_sanitize_patterns(FILE.read_text(encoding="utf-8")):
        text = re.sub(regex, replacement, text)
    return text


@pytest.mark.parametrize(
    ("one_run", "another"),
    [
        ("('127.0.0.1', 40422)", "('127.0.0.1', 51001)"),
        ("('::1', 40422, 0, 0)", "('::1', 51001, 0, 0)"),
        ("connected to 127.0.0.1:40422.", "connected to 127.0.0.1:51001."),
        ("http://localhost:40422/feed", "http://localhost:51001/feed"),
        ("ws://[::1]:40422/feed", "ws://[::1]:51001/feed"),
        ("listening on port 40422", "listening on port 51001"),
        ("<function serve at 0x7f12ab34cd56>", "<function serve at 0x7f00ab34cd56>"),
        ("<socket fd=57, laddr=('127.0.0.1', 40422)>", "<socket fd=9, laddr=('127.0.0.1', 51001)>"),
        ("process with pid 4711", "process with pid 12"),
    ],
)
def test_runs_that_mean_the_same_compare_equal(one_run: str, another: str) -> None:
    assert sanitized(one_run) == sanitized(another)


@pytest.mark.parametrize(
    "text",
    [
        "port 80, port 443 and port 8080",
        "('192.0.2.1', 40422)",
        "checksum 0x1c46, sequence number 0x0a0b0c0d",
        "received 65536 bytes",
        "127.0.0.1:80",
    ],
)
def test_what_a_lesson_says_is_compared(text: str) -> None:
    assert sanitized(text) == text
