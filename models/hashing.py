"""Stable 64-bit keys for text, and Kafka's own partitioner, both over whole columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.joined import joined
from models.kernels import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NOBODY = np.uint64(0)
"""The key of a missing value. No text has it."""


def keys(values: Sequence[str | None] | NDArray[Any]) -> NDArray[np.uint64]:
    """Return a 64-bit key for each text, 0 where it is None.

    Stable over processes, machines and versions. Two of ten million ids share a key with
    probability 3e-6.
    """
    texts = joined(values)
    return _hash(texts.data, texts.ends)


def kafka_partition(values: Sequence[str] | NDArray[Any], partitions: int) -> NDArray[np.int32]:
    """Return the partition on which Kafka's default partitioner places each key.

    Murmur2 with Kafka's seed, sign bit dropped, modulo the number of partitions.
    """
    texts = joined(values)
    return _murmur2(texts.data, texts.ends, partitions)


def mix(key: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Fold another column into a key column (order matters)."""
    return _mix_columns(key, other)


@kernel
def _finalise(h: np.uint64) -> np.uint64:
    # The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit moves every output bit.
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


@kernel
def _hash(data: NDArray[np.uint8], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hash each text as 8-byte words, the last padded with zeros."""
    out = np.zeros(len(ends), np.uint64)
    start = 0
    for row in range(len(ends)):
        end = ends[row]
        h = np.uint64(0x9E3779B97F4A7C15)
        for word in range(start, end, 8):
            value = np.uint64(0)
            for byte in range(min(8, end - word)):
                value |= np.uint64(data[word + byte]) << np.uint64(8 * byte)
            h = _finalise(h ^ value) + np.uint64(0x9E3779B97F4A7C15)
        if end > start:
            out[row] = max(h, np.uint64(1))
        start = end
    return out


@kernel
def _mix_columns(key: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint64]:
    out = np.empty_like(key)
    for row in range(len(key)):
        out[row] = _finalise(key[row] * np.uint64(0x9E3779B97F4A7C15) ^ other[row])
    return out


@kernel
def _murmur2(
    data: NDArray[np.uint8], ends: NDArray[np.int64], partitions: int
) -> NDArray[np.int32]:
    m = np.uint32(0x5BD1E995)
    out = np.empty(len(ends), np.int32)
    start = np.int64(0)
    for row in range(len(ends)):
        size = ends[row] - start
        h = np.uint32(np.uint32(0x9747B28C) ^ np.uint32(size))
        rest = start + 4 * (size // 4)
        for word in range(start, rest, 4):
            k = np.uint32(0)
            for byte in range(4):
                k |= np.uint32(np.uint32(data[word + byte]) << np.uint32(8 * byte))
            k = np.uint32(k * m)
            k = np.uint32(k ^ (k >> np.uint32(24)))
            k = np.uint32(k * m)
            h = np.uint32(np.uint32(h * m) ^ k)
        if rest < ends[row]:
            for byte in range(ends[row] - rest):
                h = np.uint32(h ^ np.uint32(np.uint32(data[rest + byte]) << np.uint32(8 * byte)))
            h = np.uint32(h * m)
        h = np.uint32(h ^ (h >> np.uint32(13)))
        h = np.uint32(h * m)
        h = np.uint32(h ^ (h >> np.uint32(15)))
        out[row] = np.int32(np.int64(h & np.uint32(0x7FFFFFFF)) % partitions)
        start = ends[row]
    return out
