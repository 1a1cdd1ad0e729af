"""The lossy link: the picture tells what really crossed a UdpLink, and the same numbers give the same picture."""

from __future__ import annotations

import threading
import xml.etree.ElementTree as ET

import pytest

from explorers.lossy_link import Setting, lossy_link, overtaken, picture, run, second_copies, verdicts, words

NAMES = {"s": "http://www.w3.org/2000/svg"}
PERFECT = Setting(5, loss=0, duplicate=0, reorder=0)


def test_a_perfect_link_changes_nothing() -> None:
    done = run(PERFECT)
    assert done.at_server == (1, 2, 3, 4, 5)
    assert [number for number, _ in done.at_client] == [1, 2, 3, 4, 5]
    assert verdicts(done) == ["once"] * 5


def test_a_link_that_loses_all() -> None:
    done = run(Setting(4, loss=1))
    assert (done.at_server, done.at_client, done.first) == ((), (), 0.0)
    assert verdicts(done) == ["never"] * 4
    assert "came to the server:   none" in words(done)


def test_a_link_that_doubles_all_each_way() -> None:
    assert verdicts(run(Setting(2, loss=0, duplicate=1, reorder=0))) == ["4 times"] * 2


@pytest.mark.parametrize("seed", [2, 7, 10])
def test_what_is_told_agrees_with_the_links_own_counters(seed: int) -> None:
    done = run(Setting(seed=seed))
    assert done.out.received == done.setting.count
    assert len(done.at_server) == done.out.delivered == done.back.received
    assert len(done.at_client) == done.back.delivered
    assert all(done.at_server[place] == number for number, place in done.at_client)
    assert sum(second_copies(done.at_server)) == done.out.duplicated
    assert verdicts(done).count("never") == len(set(range(1, 13)) - {number for number, _ in done.at_client})


def test_the_same_seed_gives_the_same_picture_and_another_one_another() -> None:
    setting = Setting(loss=0.3, duplicate=0.4, reorder=0.6, seed=5)
    assert len({picture(run(setting)) for _ in range(5)}) == 1
    assert run(Setting(seed=5)).at_server != run(Setting(seed=6)).at_server


def test_the_delay_is_real() -> None:
    done = run(Setting(3, loss=0, duplicate=0, reorder=0, delay=0.05))
    assert 0.05 <= done.first <= done.last


def test_overtaken_and_copies_are_told_by_the_numbers() -> None:
    assert overtaken([2, 1, 1, 3]) == [False, True, True, False]
    assert second_copies([2, 1, 1, 3]) == [False, False, True, False]


def test_the_picture_has_a_title_the_words_and_a_box_for_each_datagram() -> None:
    explorer = lossy_link()
    root = ET.fromstring(explorer.picture())
    assert root.get("role") == "img"
    assert root.findtext("s:title", namespaces=NAMES) == explorer.done.setting.told()
    assert root.findtext("s:desc", namespaces=NAMES) == explorer.words()
    boxes = 12 + explorer.done.out.delivered + explorer.done.back.delivered
    assert len(root.findall("s:rect", NAMES)) == 1 + boxes
    lost = [text for text in root.findall("s:text", NAMES) if text.text == "✗ lost"]
    assert len(lost) == explorer.done.out.lost + explorer.done.back.lost


def test_a_change_sends_anew_and_a_bad_one_says_why_and_keeps_the_picture() -> None:
    explorer = lossy_link(seed=1)
    before = explorer.svg
    explorer.seed = 2
    assert explorer.svg != before
    assert explorer.measured.startswith("Measured: the first came to the server after")
    kept = explorer.svg
    explorer.loss = 1.5
    assert explorer.problem.startswith("loss is 1.5, but a probability is a number from 0 (never) to 1 (always)")
    assert explorer.svg == kept
    explorer.loss = 0.5
    assert not explorer.problem


def test_nothing_stays_open() -> None:
    before = threading.active_count()
    run(PERFECT)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"count": 17}, "count=17: the picture shows 1 to 16 datagrams"),
        ({"delay": 5}, "delay=5: here it is 0 to 0.2 seconds"),
        ({"duplicate": -1}, "duplicate is -1, but a probability"),
    ],
)
def test_bad_input_names_the_value(options: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        lossy_link(**options)  # type: ignore[arg-type]
