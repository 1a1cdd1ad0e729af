"""Answers that were recorded with other seeds earn nothing: what a requirement asks depends on its seed.

A learner may run a check as often as he likes, write down every input with its answer, and hand in the table. The
attack is carried out here for every exercise that is a function of plain data: the solution is recorded with some
seeds, and the table is judged with another one. To an input that it does not know, it raises an error, or gives one of
the answers that came most often. In the other exercises a peer on a socket says what is to be answered, and its ports
differ each time.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest
from scapy.layers.l2 import Ether

from autograder.checks.osi_model import frames, make_frames, variants
from autograder.judge import catalogue
from autograder.judge.client import Judge
from tests import bank

RECORDED, JUDGED = (1, 2), 3
"""The seeds of the recordings, and the one with which the table is judged."""

PEERS = {"sock", "listener", "host", "group", "url", "base_url", "wsdl_url"}
"""Parameters of functions that talk to somebody."""

FUNCTIONS = [
    name
    for name in catalogue.names()
    if (exercise := catalogue.load(name)).kind == "function"
    and exercise.parameters
    and not PEERS & set(exercise.parameters)
]
"""The exercises whose answer is a function of plain data."""

FIXED = {
    # A table is what is asked for: 30 names and their layers, and ValueError for any other name.
    "layer_of": {"test_devices_and_units", "test_carriers", "test_programs", "test_unknown"},
    # The example of RFC 1071 is worth a point for itself: a learner does it on paper first.
    "internet_checksum": {"test_rfc_example"},
}
"""Requirements that a table earns, and why that is right."""

CHANGING = {"parse_reply": {"test_doctype"}}
"""Requirements whose inputs differ even when the seed is the same: a port of the system is in them."""

RECORDER = """

import functools, hashlib, pickle

def _recorded(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        outcome = ("value", None)
        try:
            outcome = ("value", function(*arguments))
            return outcome[1]
        except Exception as error:
            outcome = (type(error).__name__, error.args)
            raise
        finally:
            with open({path!r}, "ab") as file:
                pickle.dump((hashlib.sha256(repr(arguments).encode()).digest(), outcome), file)
    return wrapper

{name} = _recorded({name})
"""

TABLE = """

import builtins, functools, hashlib, pickle

with open({path!r}, "rb") as file:
    _table = pickle.load(file)

def _looked_up(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        kind, content = _table.get(hashlib.sha256(repr(arguments).encode()).digest()) or _table["otherwise"]
        if kind == "value":
            return content
        raise (globals().get(kind) or getattr(builtins, kind))(*content)
    return wrapper

{name} = _looked_up({name})
"""

Outcome = tuple[str, Any]
"""``("value", answer)``, or the name of an exception and its arguments."""


@dataclass
class Attack:
    """One exercise under attack; its files are in a folder of the test's own."""

    judge: Judge
    exercise: str
    folder: Path

    def record(self, seed: int) -> list[tuple[bytes, Outcome]]:
        """Every call of a check of the solution: a hash of the arguments, and what came of it."""
        path = self.folder / f"{seed}.pickle"
        program = bank.solutions()[self.exercise] + RECORDER.format(path=str(path), name=self.exercise)
        report = bank.judge_text(self.judge, self.exercise, self.folder / "recorder.py", program, seed)
        assert report.full_marks, bank.check_text(report)
        entries = []
        with path.open("rb") as file:
            while file.peek(1):
                entries.append(pickle.load(file))
        return entries

    def earned(self, table: dict[bytes, Outcome], otherwise: Outcome, seed: int) -> set[str]:
        """The requirements that hold for a table; it answers `otherwise` to what it does not know."""
        path = self.folder / "table.pickle"
        path.write_bytes(pickle.dumps({**table, "otherwise": otherwise}))
        program = bank.stubs()[self.exercise] + TABLE.format(path=str(path), name=self.exercise)
        report = bank.judge_text(self.judge, self.exercise, self.folder / "table.py", program, seed)
        assert not report.refused, report.refused
        return {item.name for item in report.requirements if item.holds}


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """One judge for all."""
    judge = Judge()
    yield judge
    judge.close()


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_answers_recorded_with_other_seeds_earn_nothing(judge: Judge, exercise: str, tmp_path: Path) -> None:
    attack = Attack(judge, exercise, tmp_path)
    entries = [entry for seed in RECORDED for entry in attack.record(seed)]
    table = dict(entries)
    unknown = ("LookupError", ("not recorded",))

    # With a seed of the recording the table is as good as the solution: the attack works.
    requirements = {item.name for item in catalogue.load(exercise).requirements}
    assert attack.earned(table, unknown, RECORDED[0]) == requirements - CHANGING.get(exercise, set())

    found = {}
    for otherwise in [unknown, *likely_outcomes(entries)]:
        found[repr(otherwise)[:100]] = attack.earned(table, otherwise, JUDGED) - FIXED.get(exercise, set())
    assert not any(found.values()), f"by what the table answers to inputs that it does not know: {found}"


@pytest.mark.parametrize("exercise", FIXED)
def test_what_a_table_may_earn_it_does_earn(judge: Judge, exercise: str, tmp_path: Path) -> None:
    """The list of exceptions has none too many."""
    attack = Attack(judge, exercise, tmp_path)
    table = dict(attack.record(RECORDED[0]))
    assert FIXED[exercise] <= attack.earned(table, ("ValueError", ("no such name",)), JUDGED)


def test_there_are_functions_to_attack() -> None:
    assert {"peel", "parse_tcp", "pack_reading", "parse_head", "parse_reply", "decode_frame"} <= set(FUNCTIONS)


def likely_outcomes(entries: list[tuple[bytes, Outcome]]) -> list[Outcome]:
    """The answers that came most often; exceptions count as one when only their words differ."""
    examples: dict[str, Outcome] = {}
    counts: Counter[str] = Counter()
    for _, (kind, content) in entries:
        numbers = [part for part in content if isinstance(part, int)] if kind != "value" else content
        like = repr((kind, numbers))
        examples.setdefault(like, (kind, content))
        counts[like] += 1
    return [examples[like] for like, _ in counts.most_common(2)]


# The variants of the frames, read by scapy.

PEEL = [item for theme, items in frames.PEEL.items() if theme != "recorded" for item in items]


@pytest.mark.parametrize("seed", range(10))
def test_frames_with_other_values_are_what_scapy_reads_and_writes(seed: int) -> None:
    rng = Random(seed)
    for sample in PEEL:
        frame, names = variants.peel_sample(sample, rng)
        assert make_frames.named(frame) == (frame, names)
        read = Ether(frame)
        for layer in (IP, TCP, UDP, ICMP):
            if layer in read:
                del read[layer].chksum
                if layer in (IP, UDP):
                    del read[layer].len
        if ICMPv6EchoRequest in read:
            del read[ICMPv6EchoRequest].cksum
        assert bytes(read) == frame, "a checksum or a length is not what scapy computes"


@pytest.mark.parametrize("seed", range(10))
def test_packets_and_segments_with_other_values_are_what_scapy_reads(seed: int) -> None:
    rng = Random(seed)
    for packet, fields in (variants.ipv4_sample(item, rng) for theme in frames.IPV4.values() for item in theme):
        assert make_frames.ipv4_fields(packet) == fields
        read = IP(packet)
        del read.chksum
        assert bytes(read) == packet
    for segment, fields in (variants.tcp_sample(item, rng) for theme in frames.TCP.values() for item in theme):
        assert make_frames.tcp_fields(segment) == fields
        whole = IP(bytes(IP(src="192.0.2.1", dst="192.0.2.2", proto=6) / segment))
        del whole[TCP].chksum
        assert bytes(whole[TCP]) == segment


def test_no_two_seeds_give_the_same_bytes() -> None:
    seen: set[bytes] = set()
    for seed in range(50):
        rng = Random(seed)
        made = [variants.peel_sample(item, rng)[0] for item in PEEL]
        made += [variants.ipv4_sample(item, rng)[0] for theme in frames.IPV4.values() for item in theme]
        made += [variants.tcp_sample(item, rng)[0] for theme in frames.TCP.values() for item in theme]
        assert not seen & set(made)
        seen |= set(made)
