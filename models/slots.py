"""An open-addressing index from 64-bit keys to slots, for use inside kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from models.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Slots(NamedTuple):
    """Linear probing over a power-of-two table; slot -1 marks an empty place."""

    key: NDArray[np.uint64]
    slot: NDArray[np.int32]


def new_slots(capacity: int) -> Slots:
    """Return an empty index for up to `capacity` keys, at most half full."""
    size = 1 << max(4, (2 * capacity - 1).bit_length())
    return Slots(np.zeros(size, np.uint64), np.full(size, -1, np.int32))


def indexed(keys: NDArray[np.uint64], capacity: int) -> Slots:
    """Return an index in which the i-th key has slot i, with room for `capacity`."""
    index = new_slots(capacity)
    _fill(index, keys)
    return index


def room(index: Slots) -> int:
    """Return how many keys the index holds before it must be rebuilt."""
    return len(index.key) // 2


@kernel
def find(index: Slots, key: np.uint64) -> int:
    """Return the slot of a key, -1 if it has none."""
    mask = np.uint64(len(index.key) - 1)
    place = (key ^ (key >> np.uint64(32))) & mask
    while index.slot[place] >= 0:
        if index.key[place] == key:
            return int(index.slot[place])
        place = (place + np.uint64(1)) & mask
    return -1


@kernel
def insert(index: Slots, key: np.uint64, slot: int) -> None:
    """Add a key that is not in the index."""
    mask = np.uint64(len(index.key) - 1)
    place = (key ^ (key >> np.uint64(32))) & mask
    while index.slot[place] >= 0:
        place = (place + np.uint64(1)) & mask
    index.key[place] = key
    index.slot[place] = np.int32(slot)


@kernel
def _fill(index: Slots, keys: NDArray[np.uint64]) -> None:
    for slot in range(len(keys)):
        insert(index, keys[slot], slot)
