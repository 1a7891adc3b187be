"""Where chance comes from: generators named after their purpose, and keyed hashes.

Two kinds are used. What happens on a day comes from a generator of that day, so that a
day is the same whatever was simulated before it. What a customer or a merchant is, or does
by habit (a trip, a new telephone), is a hash of its number and the question asked: a
function of seed and day that needs no state.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]
    Floats = NDArray[np.float64]

_ALPHABET = "bcdfghjklmnpqrst"
_SYLLABLES = pl.Series(
    [a + b + c + d for a in _ALPHABET for b in _ALPHABET for c in _ALPHABET for d in _ALPHABET]
)
_BIAS = 1 << 20  # generators take no negative numbers, and days before the first are simulated


def generator(seed: int, name: str, number: int) -> np.random.Generator:
    """Return the generator of one purpose (`name`) and one day or batch (`number`)."""
    return np.random.default_rng([seed, zlib.crc32(name.encode()), number + _BIAS])


def mix(keys: Keys) -> Keys:
    """Return a bijective scrambling of 64-bit keys (the finaliser of SplitMix64)."""
    z = keys + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def keyed(seed: int, name: str, *parts: NDArray[Any] | int) -> Keys:
    """Return a hash of each row of `parts` for one seed and one question (`name`)."""
    start = np.array([(seed * 0x9E37 + zlib.crc32(name.encode())) & 0xFFFFFFFFFFFFFFFF], np.uint64)
    key = mix(start)
    for part in parts:
        value = np.atleast_1d(np.asarray(part))
        if value.dtype != np.uint64:
            value = value.astype(np.int64).view(np.uint64)
        key = mix(key ^ value)
    return key


def uniform(keys: Keys) -> Floats:
    """Return keys as numbers in [0, 1)."""
    return (keys >> np.uint64(11)).astype(np.float64) * 2.0**-53


def letters(keys: Keys, prefix: str) -> pl.Series:
    """Return each key as an identifier: the prefix and sixteen consonants.

    Identifiers have no digits, so that none can be taken for a card number, all have
    the same length, and their order says nothing about time or kind.
    """
    quarters = np.ascontiguousarray(keys).view(np.uint16).reshape(-1, 4)
    columns = [_SYLLABLES.gather(quarters[:, i].astype(np.uint32)) for i in range(4)]
    frame = pl.DataFrame({str(i): column for i, column in enumerate(columns)})
    return frame.select(id=pl.concat_str(pl.lit(prefix), "0", "1", "2", "3"))["id"]


def pick(weights: NDArray[Any], u: Floats) -> NDArray[np.int64]:
    """Return an index for each `u` in [0, 1), chosen in proportion to `weights`."""
    edges = np.cumsum(weights, dtype=np.float64)
    found = np.searchsorted(edges, u * edges[-1], side="right")
    chosen: NDArray[np.int64] = np.minimum(found, len(edges) - 1).astype(np.int64)
    return chosen
