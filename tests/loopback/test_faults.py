import random

import pytest

from autograder.loopback.faults import Dice, Faults, flipped

NONE = Faults(0, 0, 0, 0)


def test_the_same_seed_gives_the_same_fates() -> None:
    faults = Faults(0.2, 0.2, 0.2, 0.2)
    first, second, other = (Dice(seed, faults) for seed in ("7", "7", "8"))
    fates = [first.fate(100) for _ in range(200)]
    assert fates == [second.fate(100) for _ in range(200)]
    assert fates != [other.fate(100) for _ in range(200)]


def test_the_numbers_are_drawn_in_a_fixed_order_from_one_generator() -> None:
    """Written out here, because a recorded lesson depends on it."""
    dice = Dice("seed", Faults(0.3, 0.3, 0.3, 0.3))
    rng = random.Random("seed")
    for _ in range(100):
        loss, corrupt, duplicate, reorder, where = (rng.random() for _ in range(5))
        fate = dice.fate(10)
        assert fate.lost == (loss < 0.3)
        assert fate.flipped_bit == (int(where * 80) if corrupt < 0.3 else None)
        assert fate.duplicated == (duplicate < 0.3)
        assert fate.held_back == (reorder < 0.3)


def test_one_fault_does_not_move_another() -> None:
    """With more loss the same datagrams are duplicated as before."""
    few, many = Dice("1", Faults(0.1, 0.5, 0, 0)), Dice("1", Faults(0.9, 0.5, 0, 0))
    few_fates, many_fates = ([dice.fate(5) for _ in range(100)] for dice in (few, many))
    assert [fate.duplicated for fate in few_fates] == [fate.duplicated for fate in many_fates]
    assert {n for n, fate in enumerate(few_fates) if fate.lost} < {n for n, fate in enumerate(many_fates) if fate.lost}


def test_never_and_always() -> None:
    never, always = Dice("x", NONE), Dice("x", Faults(1, 1, 1, 1))
    for _ in range(100):
        assert never.fate(3) == (False, False, False, None)
        fate = always.fate(3)
        assert fate[:3] == (True, True, True)
        assert fate.flipped_bit is not None and 0 <= fate.flipped_bit < 24


def test_an_empty_datagram_has_no_bit_to_flip() -> None:
    assert Dice("x", Faults(0, 0, 0, 1)).fate(0).flipped_bit is None


def test_exactly_one_bit() -> None:
    assert flipped(b"\x00\x00", 0) == b"\x80\x00"
    assert flipped(b"\x00\x00", 15) == b"\x00\x01"
    data = random.Random(1).randbytes(20)
    for bit in range(160):
        changed = int.from_bytes(data) ^ int.from_bytes(flipped(data, bit))
        assert changed == 1 << (159 - bit)


@pytest.mark.parametrize("value", [2, -0.1, 1.0001, float("nan"), float("inf"), "0.5", None])
@pytest.mark.parametrize("name", ["loss", "duplicate", "reorder", "corrupt"])
def test_a_probability_outside_0_to_1(name: str, value: object) -> None:
    arguments = {"loss": 0.0, "duplicate": 0.0, "reorder": 0.0, "corrupt": 0.0, name: value}
    with pytest.raises(ValueError) as caught:
        Faults(**arguments)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"{name} is {value!r}, but")
    assert f"pass {name}=0.02" in str(caught.value)
