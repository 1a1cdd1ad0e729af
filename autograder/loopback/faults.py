"""What a faulty link does to datagrams: drawn from a seed, counted exactly, without any socket."""

import random
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass
class Counters:
    """What happened to the datagrams of one direction.

    When nothing is under way, received + duplicated == delivered + lost.

    received: datagrams that reached the link.
    delivered: datagrams that left it, copies included.
    lost: datagrams that it dropped.
    duplicated: datagrams that it sent twice.
    reordered: datagrams that a later one overtook.
    corrupted: datagrams in which it flipped one bit.
    """

    received: int = 0
    delivered: int = 0
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    corrupted: int = 0


@dataclass(frozen=True)
class Statistics:
    """The counters of both directions."""

    to_target: Counters = field(default_factory=Counters)
    to_client: Counters = field(default_factory=Counters)


@dataclass(frozen=True)
class Faults:
    """Probabilities from 0 to 1, each for one datagram. ValueError, naming the value, for anything else."""

    loss: float
    duplicate: float
    reorder: float
    corrupt: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (isinstance(value, int | float) and 0 <= value <= 1):
                raise ValueError(
                    f"{name} is {value!r}, but a probability is a number from 0 (never) to 1 (always): "
                    f"for 2 datagrams in 100 pass {name}=0.02"
                )


class Fate(NamedTuple):
    """What is to happen to one datagram."""

    lost: bool
    duplicated: bool
    held_back: bool
    flipped_bit: int | None


class Dice:
    """Draws the fates of one direction's datagrams.

    Each datagram takes five numbers in a fixed order, whatever the probabilities are. So the third datagram's
    fate does not depend on what happened to the second, and raising the loss leaves the other faults where
    they were.
    """

    def __init__(self, seed: str, faults: Faults) -> None:
        self._random = random.Random(seed)
        self._faults = faults

    def fate(self, size: int) -> Fate:
        """The fate of the next datagram, of `size` bytes. An empty one has no bit to flip."""
        loss, corrupt, duplicate, reorder, where = (self._random.random() for _ in range(5))
        return Fate(
            lost=loss < self._faults.loss,
            duplicated=duplicate < self._faults.duplicate,
            held_back=reorder < self._faults.reorder,
            flipped_bit=int(where * size * 8) if size and corrupt < self._faults.corrupt else None,
        )


def flipped(data: bytes, bit: int) -> bytes:
    """`data` with one bit flipped. Bit 0 is the most significant bit of the first byte, as RFCs draw it."""
    changed = bytearray(data)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)
